package lint

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/engine/expr"
)

// object tells whether a name stands for a group of names, so that an expression can read it as a whole.
func (s *scope) object(name string) bool {
	words := strings.Split(name, ".")
	if s.bare || s.workflowOnly && words[0] != "workflow" {
		return s.extraObject(words)
	}
	switch words[0] {
	case "workflow":
		switch name {
		case "workflow", "workflow.parameters", "workflow.labels", "workflow.annotations", "workflow.outputs",
			"workflow.outputs.parameters", "workflow.outputs.artifacts", "workflow.creationTimestamp":
			return true
		}
		return false
	case "inputs":
		return s.unit != nil && (len(words) == 1 || len(words) == 2 && (words[1] == "parameters" || words[1] == "artifacts") ||
			words[1] == "artifacts" && len(words) == 3 && s.get(name).known)
	case "outputs":
		return s.unit != nil && (len(words) == 1 || len(words) == 2 && (words[1] == "parameters" || words[1] == "artifacts"))
	case "item":
		return s.item != nil && (s.item.any || s.item.maps) && len(words) == 1
	case "lastRetry":
		return s.unit != nil && len(words) == 1 && s.retries()
	case "pod", "node", "resourcesDuration":
		return s.unit != nil && len(words) == 1
	case "steps", "tasks":
		return s.memberObject(words)
	}
	return s.extraObject(words)
}

// readable tells whether an expression can read a group of names as a whole. Of some only the members can be read, and of
// others there is nothing as long as they have no members.
func (s *scope) readable(name string) bool {
	words := strings.Split(name, ".")
	switch {
	case s.bare:
		return true
	case s.before && strings.HasPrefix(name, "workflow.outputs"):
		return false
	case name == "inputs" || name == "inputs.parameters":
		return len(s.unit.template.Inputs.Parameters) > 0 || s.p.spec.TemplateDefaults != nil
	case words[0] == "pod" || words[0] == "node" || words[0] == "outputs" || name == "inputs.artifacts":
		return false
	case words[0] != "steps" && words[0] != "tasks":
		return true
	case len(words) == 1 || len(words) == 4 && words[3] == "artifacts":
		return false
	case len(words) > 4 || s.unit == nil || s.unit.members == nil || s.unit.members.root != words[0]:
		return true
	}
	other := s.unit.members.byName[words[1]]
	switch {
	case other == nil:
		return true
	case other.loop != noLoop: // its outputs are lists, each under its name
		return len(words) == 4
	case len(words) == 2 || other.call.callee == nil || s.p.spec.TemplateDefaults != nil:
		return true
	}
	template := other.call.callee.template
	return len(template.Outputs.Parameters) > 0 || len(words) == 3 && givesResult(template)
}

// surelyObject tells groups that an expression does not see as a text in any case, as it does the items of a loop and lists of
// parameters that are empty or those of a loop.
func (s *scope) surelyObject(name string) bool {
	words := strings.Split(name, ".")
	switch words[0] {
	case "workflow", "lastRetry":
		return true
	case "inputs":
		return s.readable(name)
	case "steps", "tasks":
		if s.unit == nil || s.unit.members == nil || len(words) < 2 {
			return false
		}
		other := s.unit.members.byName[words[1]]
		return other != nil && other.loop == noLoop && len(words) <= 4
	}
	return s.extraObject(words)
}

func (s *scope) extraObject(words []string) bool {
	at := any(s.extra)
	for _, word := range words {
		object, ok := at.(expr.Types)
		if !ok {
			return false
		}
		at = object[word]
	}
	_, ok := at.(expr.Types)
	return ok
}

// memberObject: steps, steps.x, steps.x.outputs, steps.x.outputs.parameters, steps.x.outputs.artifacts and one artifact.
func (s *scope) memberObject(words []string) bool {
	if s.unit == nil || s.unit.members == nil || words[0] != s.unit.members.root {
		return s.outer != nil && s.outer.memberObject(words)
	}
	switch {
	case len(words) == 1:
		return true
	case !s.member(words[0], words[1]+".id").known:
		return false
	case len(words) == 2:
		return true
	case words[2] != "outputs":
		return false
	case len(words) <= 4:
		return len(words) == 3 || words[3] == "parameters" || words[3] == "artifacts"
	}
	return words[3] == "artifacts" && len(words) == 5 && s.member(words[0], strings.Join(words[1:], ".")).known
}

// nearby lists names that can be meant by one that is not known.
func (s *scope) nearby() []string {
	var names []string
	if !s.bare {
		names = s.p.globalNames()
	}
	if s.unit != nil && !s.bare {
		for _, name := range parameterNames(s.unit.template.Inputs.Parameters) {
			names = append(names, "inputs.parameters."+name)
		}
		if m := s.unit.members; m != nil && len(m.names) <= 500 {
			for _, name := range m.names {
				names = append(names, m.root+"."+name)
			}
		}
	}
	for name := range s.extra {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
