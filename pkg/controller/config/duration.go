package config

import (
	"encoding/json"
	"time"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Duration is written as a number of seconds, or as text such as 1m30s.
type Duration struct{ time.Duration }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(data []byte) error {
	text := string(data)
	if data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	parsed, err := wfv1.ParseDuration(text)
	d.Duration = parsed
	return err
}

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }
