package engine

import (
	"encoding/json"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// aggregate keeps what the outputs of a loop come to, so that each reader does not walk over all its nodes.
type aggregate struct {
	result     string
	parameters string
	each       map[string]string
}

// aggregated gives the outputs of a loop as JSON lists (LOOP-06). Only Succeeded members count.
func (c *composite) aggregated(sibling string, m member, field string) expr.Value {
	a, ok := c.cache[sibling]
	if !ok {
		a = aggregateOf(m.loop)
		if c.cache == nil {
			c.cache = map[string]aggregate{}
		}
		c.cache[sibling] = a
	}
	switch field {
	case "outputs.result":
		return expr.Text(a.result)
	case "outputs.parameters":
		return expr.Text(a.parameters)
	case "status":
		if m.e != nil {
			return expr.Text(string(m.e.st.Phase))
		}
	}
	if name, ok := strings.CutPrefix(field, "outputs.parameters."); ok {
		if text, ok := a.each[name]; ok {
			return expr.Text(text)
		}
		return expr.Value{State: expr.Absent}
	}
	if m.e != nil {
		return c.field(m, field)
	}
	return expr.Value{}
}

func aggregateOf(members []*entry) aggregate {
	results := []json.RawMessage{}
	parameters := []map[string]string{}
	values := map[string][]string{}
	for _, e := range members {
		if e.st.Phase != v1alpha1.NodeSucceeded || e.st.Outputs == nil {
			continue
		}
		if e.st.Outputs.Result != nil {
			results = append(results, rawOrString(*e.st.Outputs.Result))
		}
		if len(e.st.Outputs.Parameters) == 0 {
			continue
		}
		object := map[string]string{}
		for _, p := range e.st.Outputs.Parameters {
			if p.Value != nil {
				object[p.Name] = string(*p.Value)
				values[p.Name] = append(values[p.Name], string(*p.Value))
			}
		}
		parameters = append(parameters, object)
	}
	a := aggregate{result: jsonText(results), parameters: jsonText(parameters), each: map[string]string{}}
	for name, list := range values {
		a.each[name] = listText(list)
	}
	return a
}

// listText embeds values as JSON only if every one is an object or a list (TRAP 17).
func listText(values []string) string {
	structured := !slices.ContainsFunc(values, func(v string) bool {
		trimmed := strings.TrimSpace(v)
		return trimmed == "" || !strings.ContainsRune("{[", rune(trimmed[0])) || !json.Valid([]byte(trimmed))
	})
	if !structured {
		return jsonText(values)
	}
	raw := make([]json.RawMessage, len(values))
	for i := range values {
		raw[i] = json.RawMessage(values[i])
	}
	return jsonText(raw)
}

func rawOrString(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return json.RawMessage(jsonText(text))
}

// byItem sorts the members of a loop by index.
func byItem(members []*entry, base string) []*entry {
	sorted := slices.Clone(members)
	slices.SortStableFunc(sorted, func(a, b *entry) int { return itemIndex(a.st.Name, base) - itemIndex(b.st.Name, base) })
	return sorted
}
