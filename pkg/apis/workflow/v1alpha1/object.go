package v1alpha1

import (
	"encoding/json"
)

// Object is JSON that is kept as it is.
type Object struct {
	// The JSON, normalised.
	Value json.RawMessage `json:"-"`
}

// UnmarshalJSON takes any JSON value; null makes the object empty.
func (o *Object) UnmarshalJSON(data []byte) error {
	if typeOfJSON(data) == jsonNull {
		o.Value = nil
		return nil
	}
	value, err := normalizeJSON(data)
	if err != nil {
		return err
	}
	o.Value = value
	return nil
}

// MarshalJSON writes the JSON; that of an empty object is null.
func (o Object) MarshalJSON() ([]byte, error) {
	if len(o.Value) == 0 {
		return []byte("null"), nil
	}
	return o.Value, nil
}

// OpenAPISchemaType is the type in the published schema.
func (Object) OpenAPISchemaType() []string { return []string{"object"} }

// OpenAPISchemaFormat is empty: an object has no format.
func (Object) OpenAPISchemaFormat() string { return "" }
