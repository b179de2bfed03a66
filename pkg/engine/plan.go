package engine

import (
	"encoding/json"
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

// plan is a step or task about to run: what it is in its composite's scope, and the values of its loop.
type plan struct {
	act    *activity
	step   v1alpha1.WorkflowStep // with everything but the loop's value put in
	when   *expr.Template        // condition that still depends on the loop's value, or nil
	body   *expr.Template        // body that still depends on the loop's value, or nil
	inline *expr.Template
	items  []graph.Item
	loops  bool
	skip   string // why nothing runs; empty: something does
	broken error  // condition that cannot be judged: the step itself is in error
}

// conditionError is a condition that is no condition once its values are put in (FLOW-04, V-267).
type conditionError struct{ error }

// Unwrap implements errors.Unwrap.
func (e *conditionError) Unwrap() error { return e.error }

// plan puts values into a step or task. The condition comes first: a false one hides whatever else cannot be resolved (FLOW-04).
func (r *Run) plan(act *activity, scope expr.Scope, artifacts artifactFinder) (*plan, error) {
	p := &plan{act: act, loops: act.loop != nil}
	if p.loops {
		scope = expr.Scopes{itemLate{}, scope}
	}
	var condition string
	if act.when != nil {
		text, err := act.when.Render(scope, expr.Strict)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &condition); err != nil {
			return nil, err
		}
		if p.when = r.cache.Parse(text); !p.loops || !p.when.HasTags() {
			p.when = nil
			if skip, err := decide(condition); err != nil || (skip != "" && !p.loops) {
				p.skip = skip
				return p, err
			} else if skip != "" {
				p.skip = skip
			}
		}
	}
	if err := r.expand(p, scope); err != nil {
		if p.skip != "" { // the condition is false for every value (LOOP-02)
			p.loops = false
			return p, nil
		}
		return nil, err
	}
	if p.loops && len(p.items) == 0 {
		p.loops, p.skip = false, "Skipped, empty params"
		return p, nil
	}
	if p.skip != "" {
		return p, nil
	}
	return p, r.planBody(p, scope, artifacts)
}

// decide evaluates a condition; skip is the message of a step that it rules out.
func decide(condition string) (skip string, err error) {
	if name, absent := expr.FindAbsent(condition); absent {
		return "", absentError(name)
	}
	switch ok, err := expr.When(condition); {
	case err != nil:
		return "", &conditionError{err}
	case ok:
		return "", nil
	}
	return fmt.Sprintf("when '%s' evaluated false", condition), nil
}

func (r *Run) expand(p *plan, scope expr.Scope) error {
	if !p.loops {
		return nil
	}
	text, err := p.act.loop.Render(scope, expr.Strict)
	if err != nil {
		return err
	}
	var loop v1alpha1.WorkflowStep
	if err := json.Unmarshal([]byte(text), &loop); err != nil {
		return fmt.Errorf("loop of %s: %w", p.act.step.Name, err)
	}
	if name, absent := expr.FindAbsent(loop.WithParam); absent {
		return absentError(name)
	}
	p.items, _, err = graph.Items(&loop)
	return err
}

func (r *Run) planBody(p *plan, scope expr.Scope, artifacts artifactFinder) error {
	text, err := p.act.body.Render(scope, expr.Strict)
	if err != nil {
		return err
	}
	if p.loops {
		if body := r.cache.Parse(text); body.HasTags() {
			p.body = body
		}
	}
	if err := p.setStep(text); err != nil {
		return err
	}
	if p.act.inline != nil {
		inline, err := p.act.inline.Render(scope, expr.Lenient)
		if err != nil {
			return err
		}
		if p.loops {
			p.inline = r.cache.Parse(inline)
		}
		p.step.Inline = &v1alpha1.Template{}
		if err := json.Unmarshal([]byte(inline), p.step.Inline); err != nil {
			return fmt.Errorf("inline template of %s: %w", p.act.step.Name, err)
		}
	}
	if p.body != nil {
		return nil // done for each value
	}
	return r.passArtifacts(&p.step.Arguments, scope, artifacts)
}

// setStep decodes a rendered body.
func (p *plan) setStep(text string) error {
	if p.body == nil && text == p.act.body.String() {
		p.step = *p.act.step // nothing was put in
		return nil
	}
	step := v1alpha1.WorkflowStep{}
	if err := json.Unmarshal([]byte(text), &step); err != nil {
		return fmt.Errorf("step %s: %w", p.act.step.Name, err)
	}
	step.Name = p.act.step.Name
	p.step = step
	if p.body != nil {
		return nil // checked for each value
	}
	return settleAbsent(&p.step.Arguments)
}

// settleAbsent treats an argument that is nothing but a reference to an absent output as not supplied; one that only contains
// such a reference is an error (PRM-20).
func settleAbsent(args *v1alpha1.Arguments) error {
	kept := args.Parameters[:0:0]
	for _, p := range args.Parameters {
		if p.Value != nil {
			if _, alone := expr.AbsentText(string(*p.Value)); alone {
				continue
			}
			if name, absent := expr.FindAbsent(string(*p.Value)); absent {
				return absentError(name)
			}
		}
		kept = append(kept, p)
	}
	args.Parameters = kept
	return nil
}

func absentError(name string) error {
	return fmt.Errorf("failed to resolve {{%s}}: what should give it was skipped or has left it out, and there is no default", name)
}

// item gives the i-th value of the loop as variables, to the hooks of its step; nil if there is no loop, or are no hooks.
func (p *plan) item(i int) expr.Scope {
	if !p.loops || len(p.act.step.Hooks) == 0 && p.act.step.OnExit == "" {
		return nil
	}
	return p.items[i].Variables()
}

// at gives the step for the i-th value of a loop; skip is the message if its condition rules it out.
func (r *Run) at(p *plan, i int, scope expr.Scope, artifacts artifactFinder) (step *v1alpha1.WorkflowStep, skip string, err error) {
	if p.skip != "" {
		return p.act.step, p.skip, nil
	}
	if p.when == nil && p.body == nil && p.inline == nil {
		return &p.step, "", nil
	}
	vars := p.items[i].Variables()
	if p.when != nil {
		text, err := p.when.Render(vars, expr.Lenient)
		if err != nil {
			return nil, "", err
		}
		var condition string
		if err := json.Unmarshal([]byte(text), &condition); err != nil {
			return nil, "", err
		}
		if skip, err := decide(condition); err != nil || skip != "" {
			return &p.step, skip, err
		}
	}
	one := p.step
	if p.body != nil {
		text, err := p.body.Render(vars, expr.Lenient)
		if err != nil {
			return nil, "", err
		}
		one = v1alpha1.WorkflowStep{}
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			return nil, "", fmt.Errorf("step %s: %w", p.act.step.Name, err)
		}
		one.Name, one.Inline = p.act.step.Name, p.step.Inline
		if err := settleAbsent(&one.Arguments); err != nil {
			return nil, "", err
		}
		if err := r.passArtifacts(&one.Arguments, scope, artifacts); err != nil {
			return nil, "", err
		}
	}
	if p.inline != nil {
		text, err := p.inline.Render(vars, expr.Lenient)
		if err != nil {
			return nil, "", err
		}
		one.Inline = &v1alpha1.Template{}
		if err := json.Unmarshal([]byte(text), one.Inline); err != nil {
			return nil, "", fmt.Errorf("inline template of %s: %w", p.act.step.Name, err)
		}
	}
	return &one, "", nil
}
