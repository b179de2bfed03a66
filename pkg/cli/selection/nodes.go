package selection

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/fields"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// nodeFields are the fields of nodes that can be selected by; parameters come on top.
var nodeFields = []string{"displayName", "id", "name", "phase", "templateName", "templateRef.name", "templateRef.template", "type"}

const parameterPrefix, parameterSuffix = "inputs.parameters.", ".value"

// Nodes returns a function that picks nodes by a field selector (OPS-18); nil, which means all, for an empty one.
func Nodes(selector string) (func(*v1alpha1.NodeStatus) bool, error) {
	if selector == "" {
		return nil, nil
	}
	parsed, err := fields.ParseSelector(selector)
	if err != nil {
		return nil, fmt.Errorf("--node-field-selector: %q: %w", selector, err)
	}
	for _, requirement := range parsed.Requirements() {
		field := requirement.Field
		if !slices.Contains(nodeFields, field) && (!strings.HasPrefix(field, parameterPrefix) || !strings.HasSuffix(field, parameterSuffix)) {
			return nil, fmt.Errorf("--node-field-selector: %q: steps cannot be selected by %q; use one of %s, %sNAME%s",
				selector, field, strings.Join(nodeFields, ", "), parameterPrefix, parameterSuffix)
		}
	}
	return func(n *v1alpha1.NodeStatus) bool { return parsed.Matches(nodeSet{n}) }, nil
}

// nodeSet looks fields of a node up.
type nodeSet struct{ node *v1alpha1.NodeStatus }

var _ fields.Fields = nodeSet{}

// Has implements fields.Fields.
func (s nodeSet) Has(field string) bool {
	_, has := s.get(field)
	return has
}

// Get implements fields.Fields.
func (s nodeSet) Get(field string) string {
	value, _ := s.get(field)
	return value
}

func (s nodeSet) get(field string) (string, bool) {
	n := s.node
	switch field {
	case "displayName":
		return n.DisplayName, true
	case "id":
		return n.ID, true
	case "name":
		return n.Name, true
	case "phase":
		return string(n.Phase), true
	case "templateName":
		return n.TemplateName, true
	case "type":
		return string(n.Type), true
	case "templateRef.name", "templateRef.template":
		if n.TemplateRef == nil {
			return "", false
		}
		if field == "templateRef.name" {
			return n.TemplateRef.Name, true
		}
		return n.TemplateRef.Template, true
	}
	if n.Inputs == nil {
		return "", false
	}
	name := strings.TrimSuffix(strings.TrimPrefix(field, parameterPrefix), parameterSuffix)
	for i := range n.Inputs.Parameters {
		if p := &n.Inputs.Parameters[i]; p.Name == name && p.Value != nil {
			return string(*p.Value), true
		}
	}
	return "", false
}

// Phases returns a function that picks nodes in any of these phases, given without regard to case; nil for none.
func Phases(names []string) (func(*v1alpha1.NodeStatus) bool, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known := []v1alpha1.NodePhase{
		v1alpha1.NodePending, v1alpha1.NodeRunning, v1alpha1.NodeSucceeded, v1alpha1.NodeSkipped,
		v1alpha1.NodeFailed, v1alpha1.NodeError, v1alpha1.NodeOmitted,
	}
	wanted := map[v1alpha1.NodePhase]bool{}
	for _, name := range names {
		at := slices.IndexFunc(known, func(phase v1alpha1.NodePhase) bool { return strings.EqualFold(string(phase), name) })
		if at < 0 {
			return nil, fmt.Errorf("--status: %q is no status of a step: use one of %v", name, known)
		}
		wanted[known[at]] = true
	}
	return func(n *v1alpha1.NodeStatus) bool { return wanted[n.Phase] }, nil
}

// Both returns a function that picks nodes which are in any of these phases and which the field selector picks; nil for all.
func Both(phases []string, selector string) (func(*v1alpha1.NodeStatus) bool, error) {
	byPhase, err := Phases(phases)
	if err != nil {
		return nil, err
	}
	byField, err := Nodes(selector)
	if err != nil || byField == nil {
		return byPhase, err
	}
	if byPhase == nil {
		return byField, nil
	}
	return func(n *v1alpha1.NodeStatus) bool { return byPhase(n) && byField(n) }, nil
}
