package engine

import (
	"encoding/json"
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

// decide finds out whether a step runs and for how many values; the answer is the step, with the first of them put in.
func (f *forecast) decide(n *v1alpha1.PlanNode, act *activity, scope expr.Scope) (*v1alpha1.WorkflowStep, error) {
	var values expr.Scope
	if act.loop != nil {
		scope = expr.Scopes{itemLate{}, scope}
		first, err := f.loop(n, act, scope)
		if err != nil || n.Outcome == v1alpha1.PlanSkipped {
			return act.step, err
		}
		values = first
	}
	if act.when != nil {
		if err := f.condition(n, act, scope, values); err != nil || n.Outcome == v1alpha1.PlanSkipped {
			return act.step, err
		}
	}
	text, err := f.render(act.body, scope, values)
	if err != nil {
		return act.step, err
	}
	step := &v1alpha1.WorkflowStep{}
	if err := json.Unmarshal([]byte(text), step); err != nil {
		return act.step, fmt.Errorf("step %s: %w", act.step.Name, err)
	}
	step.Name, step.Inline = act.step.Name, act.step.Inline
	return step, nil
}

func (f *forecast) loop(n *v1alpha1.PlanNode, act *activity, scope expr.Scope) (expr.Scope, error) {
	text, err := act.loop.Render(scope, expr.Lenient)
	if err != nil {
		return nil, err
	}
	if f.open(text) {
		n.Outcome, n.Reason = v1alpha1.PlanUndecided, "loop over "+loopSource(act.step)
		return nil, nil
	}
	var loop v1alpha1.WorkflowStep
	if err := json.Unmarshal([]byte(text), &loop); err != nil {
		return nil, fmt.Errorf("loop of %s: %w", act.step.Name, err)
	}
	items, _, err := graph.Items(&loop)
	if err != nil {
		return nil, err
	}
	count := int64(len(items))
	n.Items = &count
	if count == 0 {
		n.Outcome, n.Reason = v1alpha1.PlanSkipped, "Skipped, empty params"
		return nil, nil
	}
	return items[0].Variables(), nil
}

func loopSource(step *v1alpha1.WorkflowStep) string {
	if step.WithParam != "" {
		return step.WithParam
	}
	if step.WithSequence != nil {
		return "a sequence that is counted at run time"
	}
	return "items with values of the run"
}

func (f *forecast) condition(n *v1alpha1.PlanNode, act *activity, scope, values expr.Scope) error {
	text, err := f.render(act.when, scope, nil)
	if err != nil {
		return err
	}
	if f.open(text) { // for each value by itself, or known at run time only
		n.Outcome, n.Reason = v1alpha1.PlanUndecided, "when "+act.step.When
		if values == nil || n.Items == nil || *n.Items > 1 {
			return nil
		}
		if text, err = f.render(act.when, scope, values); err != nil || f.open(text) {
			return err
		}
		n.Outcome, n.Reason = v1alpha1.PlanRuns, ""
	}
	var condition string
	if err := json.Unmarshal([]byte(text), &condition); err != nil {
		return err
	}
	skip, err := decide(condition)
	if skip != "" {
		n.Outcome, n.Reason = v1alpha1.PlanSkipped, skip
	}
	return err
}

// render puts in what is known, then the value of the loop if there is one.
func (f *forecast) render(t *expr.Template, scope, values expr.Scope) (string, error) {
	text, err := t.Render(scope, expr.Lenient)
	if err != nil || values == nil {
		return text, err
	}
	return f.run.cache.RenderString(text, values, expr.Lenient)
}

// open tells whether a text still depends on something.
func (f *forecast) open(text string) bool { return f.run.cache.Parse(text).HasTags() }
