package v1alpha1

import (
	"bytes"
	"encoding/json"
)

// jsonType is the kind of a JSON value, worded for messages.
type jsonType string

const (
	jsonNull    jsonType = "null"
	jsonString  jsonType = "a string"
	jsonNumber  jsonType = "a number"
	jsonBool    jsonType = "a boolean"
	jsonList    jsonType = "a list"
	jsonObject  jsonType = "an object"
	jsonUnknown jsonType = "something that is not JSON"
)

// typeOfJSON tells the kind of a JSON value by its first character.
func typeOfJSON(data []byte) jsonType {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return jsonNull
	}
	switch c := data[0]; {
	case c == '"':
		return jsonString
	case c == '{':
		return jsonObject
	case c == '[':
		return jsonList
	case c == 't' || c == 'f':
		return jsonBool
	case c == 'n':
		return jsonNull
	case c == '-' || c >= '0' && c <= '9':
		return jsonNumber
	}
	return jsonUnknown
}

// normalizeJSON gives equal values equal text, whichever way they came (typed, patched, from storage, which escapes `<`
// and sorts keys): no spaces, sorted keys, nothing escaped that need not be. Numbers keep their text.
func normalizeJSON(data []byte) (json.RawMessage, error) {
	data = bytes.TrimSpace(data)
	switch typeOfJSON(data) {
	case jsonNumber, jsonBool, jsonNull:
		return bytes.Clone(data), nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
