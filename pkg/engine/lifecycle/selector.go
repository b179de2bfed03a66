// Package lifecycle holds what users do to whole runs, as pure functions: resume, set, retry, resubmit. They take nodes in
// record form and give back what has to be stored.
package lifecycle

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/fields"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Selector picks nodes by their fields (OPS-18): displayName, id, name, templateName, phase, templateRef.name,
// templateRef.template, inputs.parameters.<p>.value.
type Selector struct{ selector fields.Selector }

// ParseSelector reads a node field selector such as `displayName=approve,phase!=Failed`. Empty text selects every node.
func ParseSelector(text string) (Selector, error) {
	selector, err := fields.ParseSelector(text)
	if err == nil { // people write a space after a comma
		selector, err = selector.Transform(func(field, value string) (string, string, error) { return strings.TrimSpace(field), value, nil })
	}
	if err != nil {
		return Selector{}, fmt.Errorf("nodeFieldSelector %q: %w", text, err)
	}
	for _, r := range selector.Requirements() {
		if !knownField(r.Field) {
			return Selector{}, fmt.Errorf("nodeFieldSelector %q: nodes have no field %q to select by", text, r.Field)
		}
	}
	return Selector{selector: selector}, nil
}

// Empty reports whether nothing is asked of a node.
func (s Selector) Empty() bool { return s.selector == nil || s.selector.Empty() }

// String is the text of the selector.
func (s Selector) String() string {
	if s.selector == nil {
		return ""
	}
	return s.selector.String()
}

// Matches reports whether a node has the fields asked for.
func (s Selector) Matches(n *v1alpha1.NodeStatus) bool {
	return s.Empty() || s.selector.Matches(nodeFields{n})
}

func knownField(name string) bool {
	switch name {
	case "displayName", "id", "name", "templateName", "phase", "templateRef.name", "templateRef.template":
		return true
	}
	return strings.HasPrefix(name, "inputs.parameters.") && strings.HasSuffix(name, ".value")
}

// nodeFields implements fields.Fields.
type nodeFields struct{ n *v1alpha1.NodeStatus }

// Has implements fields.Fields.
func (f nodeFields) Has(name string) bool { return knownField(name) }

// Get implements fields.Fields.
func (f nodeFields) Get(name string) string {
	switch name {
	case "displayName":
		return f.n.DisplayName
	case "id":
		return f.n.ID
	case "name":
		return f.n.Name
	case "templateName":
		return f.n.TemplateName
	case "phase":
		return string(f.n.Phase)
	}
	if ref := f.n.TemplateRef; ref != nil {
		switch name {
		case "templateRef.name":
			return ref.Name
		case "templateRef.template":
			return ref.Template
		}
	}
	if parameter, ok := strings.CutPrefix(name, "inputs.parameters."); ok && f.n.Inputs != nil {
		if p := f.n.Inputs.GetParameterByName(strings.TrimSuffix(parameter, ".value")); p != nil && p.Value != nil {
			return string(*p.Value)
		}
	}
	return ""
}
