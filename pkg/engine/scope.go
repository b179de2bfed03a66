package engine

import (
	"strings"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// nodeScope is what the template of a node can refer to: its inputs, its own name, and the workflow's variables.
func (r *Run) nodeScope(e *entry, t *template) expr.Scope {
	return r.callScope(e.call, t, e.st.Inputs)
}

// callScope is the same before the node exists.
func (r *Run) callScope(c *call, t *template, inputs *v1alpha1.Inputs) expr.Scope {
	own := &ownScope{run: r, call: c, template: t, inputs: inputs}
	if c.extra != nil {
		return expr.Scopes{c.extra, own, r.globals}
	}
	return expr.Scopes{own, r.globals}
}

// ownScope gives `inputs.`, `outputs.*.path`, `node.name`, `pod.name`, `steps.name` and `tasks.name` (VAR-13 to VAR-17).
type ownScope struct {
	run      *Run
	call     *call
	template *template
	inputs   *v1alpha1.Inputs
	// inPath: what is looked up stands in a declared path, which cannot refer to declared paths itself.
	inPath bool
}

// Get implements expr.Scope.
func (s *ownScope) Get(name string) expr.Value {
	switch name {
	case "node.name":
		return expr.Text(s.call.name)
	case "pod.name":
		return expr.Text(s.run.podName(s.call, s.template))
	case "steps.name", "tasks.name":
		if s.call.caller != "" {
			return expr.Text(s.call.caller)
		}
		return expr.Value{State: expr.Late}
	case "item", "retries":
		return expr.Value{State: expr.Late}
	case "inputs.parameters":
		if s.inputs == nil {
			return expr.Text("[]")
		}
		return expr.Text(jsonText(s.inputs.Parameters))
	}
	root, rest, _ := strings.Cut(name, ".")
	switch root {
	case "inputs":
		return s.input(rest)
	case "outputs":
		return s.path(rest)
	case "lastRetry", "item":
		return expr.Value{State: expr.Late}
	}
	return expr.Value{}
}

func (s *ownScope) input(rest string) expr.Value {
	if s.inputs == nil {
		return expr.Value{}
	}
	kind, name, _ := strings.Cut(rest, ".")
	switch kind {
	case "parameters":
		if p := s.inputs.GetParameterByName(name); p != nil && p.Value != nil {
			return expr.Text(string(*p.Value))
		}
	case "artifacts":
		if trimmed, ok := strings.CutSuffix(name, ".path"); ok {
			if a := s.template.spec.Inputs.Artifacts.GetArtifactByName(trimmed); a != nil {
				return s.declared(a.Path)
			}
		}
		return expr.Value{State: expr.Late}
	}
	return expr.Value{}
}

// declared is a path as it will be: declared paths may have tags themselves (VAR-14, VAR-15).
func (s *ownScope) declared(path string) expr.Value {
	if s.inPath {
		return expr.Value{State: expr.Late}
	}
	own := *s
	own.inPath = true
	scope := expr.Scopes{&own, s.run.globals}
	if s.call.extra != nil {
		scope = expr.Scopes{s.call.extra, &own, s.run.globals}
	}
	text, err := s.run.cache.RenderString(path, scope, expr.Lenient)
	if err != nil {
		return expr.Text(path)
	}
	return expr.Text(text)
}

// path gives the declared path of an output.
func (s *ownScope) path(rest string) expr.Value {
	kind, name, _ := strings.Cut(rest, ".")
	name, ok := strings.CutSuffix(name, ".path")
	if !ok {
		return expr.Value{State: expr.Late}
	}
	outputs := &s.template.spec.Outputs
	switch kind {
	case "artifacts":
		if a := outputs.Artifacts.GetArtifactByName(name); a != nil {
			return s.declared(a.Path)
		}
	case "parameters":
		if p := outputs.GetParameterByName(name); p != nil && p.ValueFrom != nil {
			return s.declared(p.ValueFrom.Path)
		}
	}
	return expr.Value{State: expr.Late}
}

// Below implements expr.Scope.
func (s *ownScope) Below(prefix string) []string {
	if s.inputs == nil || !strings.HasPrefix("inputs.parameters", prefix) {
		return nil
	}
	var names []string
	for i := range s.inputs.Parameters {
		names = append(names, "inputs.parameters."+s.inputs.Parameters[i].Name)
	}
	return names
}

// podName gives the name of the pod of a call.
func (r *Run) podName(c *call, t *template) string {
	name := c.ref.template
	if c.ref.ref != nil {
		name = c.ref.ref.Template
	}
	if name == "" {
		name = t.spec.Name
	}
	return node.PodName(r.podNames, r.name, c.name, name)
}

// itemLate keeps the tags of a loop's value for the pass over its items (VAR-30).
type itemLate struct{}

// Get implements expr.Scope.
func (itemLate) Get(name string) expr.Value {
	if name == "item" || strings.HasPrefix(name, "item.") {
		return expr.Value{State: expr.Late}
	}
	return expr.Value{}
}

// Below implements expr.Scope.
func (itemLate) Below(string) []string { return nil }

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }
