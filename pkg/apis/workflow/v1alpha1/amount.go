package v1alpha1

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Amount is a number that keeps the text in which it was written.
type Amount struct {
	// The number.
	Value json.Number `json:"-"`
}

// Float64 returns the nearest number that fits.
func (a Amount) Float64() (float64, error) {
	return a.Value.Float64()
}

// UnmarshalJSON takes a number, or a string that holds one.
func (a *Amount) UnmarshalJSON(data []byte) error {
	if typeOfJSON(data) == jsonNull {
		return nil
	}
	text := string(data)
	if typeOfJSON(data) == jsonString {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	if typeOfJSON([]byte(text)) != jsonNumber {
		return fmt.Errorf("must be a number, not %s", data)
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return fmt.Errorf("must be a number, not %s", data)
	}
	a.Value = json.Number(text)
	return nil
}

// MarshalJSON writes the number; that of an empty amount is 0.
func (a Amount) MarshalJSON() ([]byte, error) {
	return json.Marshal(a.Value)
}

// OpenAPISchemaType is the type in the published schema.
func (Amount) OpenAPISchemaType() []string { return []string{"number"} }

// OpenAPISchemaFormat is empty: any number will do.
func (Amount) OpenAPISchemaFormat() string { return "" }
