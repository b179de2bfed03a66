package scalartext

import (
	"bytes"
	"encoding/json"

	"sigs.k8s.io/yaml"
)

// rewrite writes numbers in parameters as text and returns the new body as JSON. It is not changed when there is nothing
// to write anew, or when the body is not well-formed, which the handler then says in its own words.
func rewrite(body []byte) (rewritten []byte, changed bool) {
	// Strictly, so that a key given twice stays visible to the handler's own check.
	data, err := yaml.YAMLToJSONStrict(body)
	if err != nil {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil || !visit(root) {
		return nil, false
	}
	rewritten, err = json.Marshal(root)
	return rewritten, err == nil
}

// freeForm are fields whose content is the user's own JSON: nothing in it is a parameter of ours.
var freeForm = map[string]bool{"withItems": true, "plugin": true}

// visit looks for lists of parameters below a value and tells whether it changed any.
func visit(value any) (changed bool) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			changed = visit(element) || changed
		}
	case map[string]any:
		for key, member := range value {
			if freeForm[key] {
				continue
			}
			if list, ok := member.([]any); ok && key == "parameters" {
				for _, parameter := range list {
					changed = visitParameter(parameter) || changed
				}
				continue
			}
			changed = visit(member) || changed
		}
	}
	return changed
}

func visitParameter(value any) (changed bool) {
	parameter, ok := value.(map[string]any)
	if !ok {
		return false
	}
	for _, field := range []string{"value", "default", "description"} {
		changed = numberToText(parameter, field) || changed
	}
	if from, ok := parameter["valueFrom"].(map[string]any); ok {
		changed = numberToText(from, "default") || changed
	}
	if enum, ok := parameter["enum"].([]any); ok {
		for i := range enum {
			if number, ok := enum[i].(json.Number); ok {
				enum[i], changed = number.String(), true
			}
		}
	}
	return changed
}

func numberToText(object map[string]any, field string) bool {
	number, ok := object[field].(json.Number)
	if ok {
		object[field] = number.String()
	}
	return ok
}
