package v1alpha1

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Plugin makes a template that an executor plugin runs: an object with one key, the name of the plugin, and as its value
// what the plugin is to do, which only the plugin understands.
type Plugin struct {
	// The whole object as it was written.
	Object `json:",inline"`
}

// UnmarshalJSON takes an object with exactly one key.
func (p *Plugin) UnmarshalJSON(data []byte) error {
	var raw Object
	if err := raw.UnmarshalJSON(data); err != nil {
		return err
	}
	if raw.Value == nil {
		p.Value = nil
		return nil
	}
	if _, err := pluginName(raw.Value); err != nil {
		return err
	}
	p.Object = raw
	return nil
}

// MarshalJSON gives the object as it was written.
func (p Plugin) MarshalJSON() ([]byte, error) {
	return p.Object.MarshalJSON()
}

// Name returns the name of the plugin: the only key.
func (p *Plugin) Name() (string, error) {
	return pluginName(p.Value)
}

// OpenAPISchemaType is the type of a plugin template in the published schema.
func (Plugin) OpenAPISchemaType() []string { return []string{"object"} }

// OpenAPISchemaFormat is empty: an object has no format.
func (Plugin) OpenAPISchemaFormat() string { return "" }

func pluginName(raw json.RawMessage) (string, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return "", fmt.Errorf("plugin: must be an object whose only key is the name of the plugin, not %s", typeOfJSON(raw))
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return "", fmt.Errorf("plugin: %w", err)
	}
	names := make([]string, 0, len(keys))
	for name := range keys {
		names = append(names, name)
	}
	if len(names) != 1 {
		slices.Sort(names)
		return "", fmt.Errorf("plugin: must have exactly one key, the name of the plugin; it has %d: %q", len(names), names)
	}
	return names[0], nil
}
