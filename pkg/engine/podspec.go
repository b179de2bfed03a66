package engine

import (
	"encoding/json"
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// podSpec keeps the workflow's own fields for its pods, without templates, and the last form with values put in.
type podSpec struct {
	plain *v1alpha1.WorkflowSpec
	text  *expr.Template
	last  string
	done  *v1alpha1.WorkflowSpec
}

// podSpecFor gives the workflow's own fields for a pod (VAR-26): volumes, podSpecPatch, podMetadata and others may hold tags.
func (r *Run) podSpecFor(scope expr.Scope) (*v1alpha1.WorkflowSpec, error) {
	p := &r.podSpec
	if p.plain == nil {
		shell := *r.spec
		shell.Templates, shell.Arguments, shell.Hooks, shell.WorkflowMetadata, shell.Metrics = nil, v1alpha1.Arguments{}, nil, nil, nil
		shell.TemplateDefaults, shell.RetryStrategy = nil, nil
		text, err := r.cache.ParseObject(&shell)
		if err != nil {
			return nil, err
		}
		p.plain, p.text = &shell, text
	}
	if !p.text.HasTags() {
		return p.plain, nil
	}
	text, err := p.text.Render(scope, expr.Lenient)
	if err != nil {
		return nil, err
	}
	if name, absent := expr.FindAbsent(text); absent {
		return nil, absentError(name)
	}
	if text == p.last && p.done != nil {
		return p.done, nil
	}
	done := &v1alpha1.WorkflowSpec{}
	if err := json.Unmarshal([]byte(text), done); err != nil {
		return nil, fmt.Errorf("spec of the workflow with its values put in: %w", err)
	}
	p.last, p.done = text, done
	return done, nil
}
