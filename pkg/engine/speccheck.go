package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/engine/expr"
)

// checkSpec finds, before anything runs, what cannot run: no entrypoint, workflow parameters that nobody gives, inputs of the
// entry template that nobody supplies. Admission has checked a workflow's own templates; those that it took from a
// WorkflowTemplate are only known now.
func (r *Run) checkSpec() error {
	if r.spec.Entrypoint == "" {
		return errors.New("spec.entrypoint is required")
	}
	if _, ok := r.local[r.spec.Entrypoint]; !ok {
		return fmt.Errorf("spec.entrypoint: template name '%s' undefined", r.spec.Entrypoint)
	}
	if r.spec.Synchronization != nil {
		return errors.New("spec.synchronization is not supported by this version")
	}
	if r.wf.Spec.WorkflowTemplateRef == nil || len(r.order) > 0 {
		return nil
	}
	seen := map[string]bool{r.spec.Entrypoint: true}
	for queue := []string{r.spec.Entrypoint}; len(queue) > 0; queue = queue[1:] {
		t, err := r.resolve(reference{template: queue[0]}, origin{})
		if err != nil {
			return fmt.Errorf("templates.%s %w", queue[0], err)
		}
		if queue[0] == r.spec.Entrypoint {
			_, err := r.resolveInputs(t, &call{args: r.arguments})
			var later *pending
			if err != nil && !errors.As(err, &later) {
				return fmt.Errorf("templates.%s %w", queue[0], err)
			}
		}
		if err := r.checkGlobals("templates."+queue[0], t.text); err != nil {
			return err
		}
		for _, a := range slices.Concat(slices.Concat(t.steps...), t.tasks) {
			where := "templates." + queue[0] + ".steps"
			if t.tasks != nil {
				where = "templates." + queue[0] + ".tasks." + a.step.Name
			}
			for _, text := range []*expr.Template{a.body, a.when, a.loop} {
				if err := r.checkGlobals(where, text); err != nil {
					return err
				}
			}
			name := a.step.Template
			if _, local := r.local[name]; local && !seen[name] {
				seen[name] = true
				queue = append(queue, name)
			}
		}
	}
	return nil
}

func (r *Run) checkGlobals(where string, text *expr.Template) error {
	if text == nil {
		return nil
	}
	for _, name := range text.Names() {
		if strings.HasPrefix(name, "workflow.parameters.") && r.globals.Get(name).State == expr.Unknown {
			return fmt.Errorf("%s failed to resolve {{%s}}", where, name)
		}
	}
	return nil
}
