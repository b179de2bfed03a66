package main

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// search walks the templates that a run may come to, each once.
type search struct {
	truth   *truth
	holders map[string]*v1alpha1.WorkflowSpec
	seen    map[string]bool
}

func (s *search) workflow(spec *v1alpha1.WorkflowSpec) string {
	if ref := spec.WorkflowTemplateRef; ref != nil {
		merged, ok := s.holders[holderKey(ref.Name, ref.ClusterScope)]
		if !ok {
			return ""
		}
		if merged = merged.DeepCopy(); spec.Entrypoint != "" {
			merged.Entrypoint = spec.Entrypoint
		}
		spec = merged
	}
	if spec.Synchronization != nil {
		return "synchronization"
	}
	starts := []string{spec.Entrypoint, spec.OnExit}
	for _, hook := range spec.Hooks {
		starts = append(starts, hook.Template)
	}
	for _, name := range starts {
		if found := s.named(spec, name); found != "" {
			return found
		}
	}
	return ""
}

func (s *search) named(spec *v1alpha1.WorkflowSpec, name string) string {
	for i := range spec.Templates {
		if spec.Templates[i].Name == name {
			return s.template(spec, &spec.Templates[i])
		}
	}
	return ""
}

// template looks at a template and then at what its steps and tasks run.
func (s *search) template(spec *v1alpha1.WorkflowSpec, t *v1alpha1.Template) string {
	key := fmt.Sprintf("%p/%s", spec, t.Name)
	if t.Name != "" && s.seen[key] {
		return ""
	}
	s.seen[key] = true
	if found := ofTemplateItself(t); found != "" && (s.truth == nil || t.IsComposite() || s.truth.ranAsPod(t.Name)) {
		return found
	}
	for _, call := range callsOf(t) {
		if found := s.call(spec, call); found != "" {
			return found
		}
	}
	return ""
}

// call is one use of a template.
type call struct {
	template string
	ref      *v1alpha1.TemplateRef
	inline   *v1alpha1.Template
}

func callsOf(t *v1alpha1.Template) []call {
	var calls []call
	after := func(hooks v1alpha1.LifecycleHooks, onExit string) {
		for _, h := range hooks {
			calls = append(calls, call{template: h.Template, ref: h.TemplateRef})
		}
		calls = append(calls, call{template: onExit})
	}
	for _, group := range t.Steps {
		for _, x := range group.Steps {
			calls = append(calls, call{x.Template, x.TemplateRef, x.Inline})
			after(x.Hooks, x.OnExit)
		}
	}
	if t.DAG != nil {
		for _, x := range t.DAG.Tasks {
			calls = append(calls, call{x.Template, x.TemplateRef, x.Inline})
			after(x.Hooks, x.OnExit)
		}
	}
	return calls
}

func (s *search) call(spec *v1alpha1.WorkflowSpec, c call) string {
	switch {
	case c.inline != nil:
		return s.template(spec, c.inline)
	case c.ref != nil:
		if holder, ok := s.holders[holderKey(c.ref.Name, c.ref.ClusterScope)]; ok {
			return s.named(holder, c.ref.Template)
		}
		return ""
	}
	return s.named(spec, c.template)
}
