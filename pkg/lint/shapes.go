package lint

import (
	"reflect"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// Of many variables it is known what their values look like, though not which: a time is never a truth value, and the results
// of a loop are always a list.
var (
	timeShape    = []string{"2026-01-02T03:04:05Z"}
	integerShape = []string{"1", "0"}
	listShape    = []string{`["a"]`, "[]", "[1]", "[true]", `[{"a":"b"}]`}
	objectsShape = []string{`[{"name":"a","value":"b"}]`}
	objectShape  = []string{`{"a":"b"}`}
	phaseShape   = []string{"Succeeded"}
)

// shape gives samples of what a tag can become; nil: anything.
func (s *scope) shape(tag expr.Tag) []string {
	switch {
	case tag.Program != nil:
		return s.resultShape(tag.Program)
	case tag.Name == "":
		return nil
	}
	root, rest, _ := strings.Cut(tag.Name, ".")
	switch root {
	case "workflow":
		return s.p.globalShape(rest)
	case "steps", "tasks":
		return s.memberShape(root, rest)
	case "inputs":
		if rest == "parameters" {
			return objectsShape
		}
	case "retries":
		return integerShape
	case "lastRetry":
		switch rest {
		case "exitCode", "duration":
			return integerShape
		case "status":
			return append([]string{""}, phaseShape...)
		}
	}
	return nil
}

func (p *program) globalShape(rest string) []string {
	switch rest {
	case "duration":
		return []string{"1.500000"}
	case "status":
		return phaseShape
	case "creationTimestamp", "creationTimestamp.RFC3339", "scheduledTime":
		return timeShape
	case "creationTimestamp.s", "creationTimestamp.Y", "creationTimestamp.y", "creationTimestamp.m", "creationTimestamp.d",
		"creationTimestamp.H", "creationTimestamp.M", "creationTimestamp.S":
		return integerShape
	case "uid":
		return []string{"8d3b7a52-1c4e-4f6a-9b0d-2e5f7a9c1b3d"}
	case "priority":
		if p.spec.Priority != nil {
			return []string{strconv.Itoa(int(*p.spec.Priority))}
		}
		return integerShape
	case "parameters", "parameters.json":
		return objectsShape
	case "labels", "labels.json", "annotations", "annotations.json":
		return objectShape
	}
	return nil
}

func (s *scope) memberShape(root, rest string) []string {
	name, field, _ := strings.Cut(rest, ".")
	switch field {
	case "id":
		return []string{"w-1234567890"}
	case "startedAt", "finishedAt":
		return timeShape
	case "status":
		return phaseShape
	case "ip":
		return []string{"10.0.0.1"}
	case "exitCode":
		return integerShape
	}
	at := s
	for at.unit != nil && at.unit.members == nil && at.outer != nil {
		at = at.outer
	}
	if at.unit == nil || at.unit.members == nil || at.unit.members.root != root {
		return nil
	}
	other := at.unit.members.byName[name]
	switch {
	case other == nil || !strings.HasPrefix(field, "outputs."):
		return nil
	case other.loop != noLoop:
		return listShape
	case other.call.callee != nil && other.call.callee.template.Suspend != nil:
		return answers(other.call.callee.template, strings.TrimPrefix(field, "outputs.parameters."))
	}
	return nil
}

// answers are what a person may say to a suspended step (SUS-03); nil: anything.
func answers(template *v1alpha1.Template, parameter string) []string {
	var texts []string
	for _, declared := range []*v1alpha1.Parameter{template.Outputs.GetParameterByName(parameter), template.Inputs.GetParameterByName(parameter)} {
		if declared == nil {
			continue
		}
		for _, text := range declared.Enum {
			if hasTag(string(text)) {
				return nil
			}
			texts = append(texts, string(text))
		}
	}
	return texts
}

// resultShape is what an expression can give, by the type of its result.
func (s *scope) resultShape(program *expr.Program) []string {
	types := expr.Types{}
	refs := program.References()
	for _, ref := range refs {
		s.reference(ref, types)
	}
	if len(refs) == 1 && strings.Join(refs[0].Path, ".") == strings.TrimSpace(program.Source()) {
		if shape := s.shape(expr.Tag{Name: strings.TrimSpace(program.Source())}); shape != nil && !s.object(strings.TrimSpace(program.Source())) {
			return shape
		}
	}
	switch program.ResultKind(types) {
	case reflect.Bool:
		return []string{"true", "false"}
	case reflect.Int, reflect.Int64:
		return integerShape
	case reflect.Float64:
		return []string{"1.5", "1"}
	case reflect.Map, reflect.Struct:
		return objectShape
	case reflect.Slice, reflect.Array:
		return listShape
	}
	return nil
}
