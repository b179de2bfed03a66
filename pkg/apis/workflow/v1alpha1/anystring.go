package v1alpha1

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// AnyString is a string that may be written in a manifest as a number or a boolean. Those keep their JSON text (`1e3` and
// whole numbers of any size stay as written) and are strings from then on.
type AnyString string

// AnyStringPtr returns a pointer to s.
func AnyStringPtr(s string) *AnyString {
	v := AnyString(s)
	return &v
}

// String returns the text.
func (s AnyString) String() string { return string(s) }

// UnmarshalJSON takes a string, a number, a boolean or null, which leaves the value as it is.
func (s *AnyString) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch kind := typeOfJSON(data); kind {
	case jsonNull:
		return nil
	case jsonString:
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*s = AnyString(text)
	case jsonNumber, jsonBool:
		*s = AnyString(data)
	default:
		return fmt.Errorf("must be a string, a number or a boolean, not %s; put quotes around it to pass it as text", kind)
	}
	return nil
}

// MarshalJSON writes a JSON string.
func (s AnyString) MarshalJSON() ([]byte, error) {
	return json.Marshal(string(s))
}
