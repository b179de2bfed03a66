package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// runSuspend makes a node that waits to be resumed (SUS-01).
func (r *Run) runSuspend(c *call, t *template, inputs *v1alpha1.Inputs) {
	e := r.create(c, v1alpha1.NodeTypeSuspend, v1alpha1.NodeRunning, "")
	r.describe(e, t, inputs)
	r.watchSuspend(e, t)
	if e.leaf != nil && len(e.leaf.Outputs.Parameters) > 0 { // with values put in: a default may be made of inputs
		e.st.Outputs = &v1alpha1.Outputs{Parameters: e.leaf.Outputs.DeepCopy().Parameters}
	}
}

// watchSuspend sets the alarm of a suspension with a duration.
func (r *Run) watchSuspend(e *entry, t *template) {
	if e.st.Fulfilled() {
		return
	}
	rendered, err := r.renderLeaf(e.call, t, e.st.Inputs)
	if err != nil {
		r.setPhase(e, v1alpha1.NodeError, e.call.refusal(err))
		return
	}
	e.leaf = rendered
	if rendered.Suspend == nil || rendered.Suspend.Duration == "" {
		return
	}
	d, err := v1alpha1.ParseDuration(rendered.Suspend.Duration)
	if err != nil {
		r.setPhase(e, v1alpha1.NodeError, fmt.Sprintf("suspend.duration: %s", err))
		return
	}
	r.alarm(e.st.StartedAt.Add(d), e)
}

// resumeByTime ends a suspension whose duration has passed.
func (r *Run) resumeByTime(e *entry) {
	d, err := v1alpha1.ParseDuration(e.leaf.Suspend.Duration)
	if err != nil || r.now.Time.Before(e.st.StartedAt.Add(d)) {
		return
	}
	outputs, err := SuppliedOutputs(e.st.Outputs, e.st.Inputs)
	if err != nil {
		r.setPhase(e, v1alpha1.NodeError, err.Error())
		return
	}
	e.st.Outputs = outputs
	r.exportGlobals(outputs)
	r.setPhase(e, v1alpha1.NodeSucceeded, "")
}

// SuppliedOutputs gives the outputs of a suspension that ends: parameters that nobody has set take their default, else that of
// the input of the same name (SUS-02).
func SuppliedOutputs(outputs *v1alpha1.Outputs, inputs *v1alpha1.Inputs) (*v1alpha1.Outputs, error) {
	if outputs == nil {
		return nil, nil
	}
	done := outputs.DeepCopy()
	for i := range done.Parameters {
		p := &done.Parameters[i]
		if p.ValueFrom == nil || p.ValueFrom.Supplied == nil || p.Value != nil {
			continue
		}
		value := p.ValueFrom.Default
		if value == nil && inputs != nil {
			if in := inputs.GetParameterByName(p.Name); in != nil {
				value = in.Default
			}
		}
		if value == nil {
			return nil, fmt.Errorf("raw output parameter '%s' has not been set and does not have a default value", p.Name)
		}
		p.Value, p.ValueFrom = value, nil
	}
	return done, nil
}

// renderLeaf puts the values of a node into the template of a leaf; its inputs become what they were resolved to.
func (r *Run) renderLeaf(c *call, t *template, inputs *v1alpha1.Inputs) (*v1alpha1.Template, error) {
	text, err := t.text.Render(r.callScope(c, t, inputs), expr.Strict)
	if err != nil {
		return nil, err
	}
	rendered := &v1alpha1.Template{}
	if t.text.HasTags() {
		if err := json.Unmarshal([]byte(text), rendered); err != nil {
			return nil, fmt.Errorf("template %s with its values put in: %w", t.spec.Name, err)
		}
	} else {
		*rendered = *t.spec
	}
	rendered.RetryStrategy = nil
	if inputs != nil {
		rendered.Inputs = *inputs
	}
	return rendered, nil
}

// humanDuration spells a duration in its two largest units.
func humanDuration(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	text := ""
	parts := 0
	for _, u := range units {
		n := d / u.size
		if (n == 0 && parts == 0 && u.size != time.Second) || parts == 2 {
			continue
		}
		d -= n * u.size
		if parts > 0 {
			text += " "
		}
		text += fmt.Sprintf("%d %s", n, u.name)
		if n != 1 {
			text += "s"
		}
		parts++
	}
	return text
}
