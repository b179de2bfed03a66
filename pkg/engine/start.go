package engine

import (
	"errors"
	"fmt"
	"regexp"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// start runs a call as a node, or takes up the node if it exists. false means that something must be looked up first; f is
// called again then.
func (r *Run) start(f frame, c *call) bool {
	t, err := r.resolve(c.ref, c.in)
	var later *pending
	if errors.As(err, &later) {
		r.await(later.request, f)
		return false
	}
	if e, ok := r.table[node.ID(r.name, c.name)]; ok {
		if err == nil && lacksInputs(e, t) {
			inputs, bad := r.resolveInputs(t, c)
			if errors.As(bad, &later) {
				r.await(later.request, f)
				return false
			}
			r.change(e, func(st *v1alpha1.NodeStatus) { st.Inputs = inputs })
			err = bad
		}
		r.adopt(e, c, t, err)
		r.measureStart(e, t)
		return true
	}
	if err != nil {
		r.refuse(c, err)
		return true
	}
	if c.depth > maxDepth && !r.opts.UnlimitedRecursion {
		r.refuse(c, fmt.Errorf("%s", depthMessage))
		return true
	}
	inputs, err := r.resolveInputs(t, c)
	if errors.As(err, &later) {
		r.await(later.request, f)
		return false
	}
	if err != nil {
		r.refuse(c, err)
		return true
	}
	r.run(c, t, inputs)
	if t.spec.Metrics != nil {
		r.measureStart(r.find(c.name), t)
	}
	return true
}

// lacksInputs tells whether a stored node is to get its inputs anew: a retry or a resubmission that changed parameters took
// those that it had.
func lacksInputs(e *entry, t *template) bool {
	return !e.st.Fulfilled() && e.st.PodUID == "" && e.st.Inputs == nil && !t.spec.Inputs.IsEmpty()
}

// run makes the node of a call and what goes on in it.
func (r *Run) run(c *call, t *template, inputs *v1alpha1.Inputs) {
	if err := unsupported(t.spec); err != nil {
		r.refuse(c, err)
		return
	}
	if t.retry != nil && c.attempt == nil {
		r.runRetry(c, t, inputs)
		return
	}
	switch t.spec.GetType() {
	case v1alpha1.TemplateTypeSteps:
		e := r.create(c, v1alpha1.NodeTypeSteps, v1alpha1.NodeRunning, "")
		r.describe(e, t, inputs)
		r.openSteps(e, t)
	case v1alpha1.TemplateTypeDAG:
		e := r.create(c, v1alpha1.NodeTypeDAG, v1alpha1.NodeRunning, "")
		r.describe(e, t, inputs)
		r.openDAG(e, t)
	case v1alpha1.TemplateTypeSuspend:
		r.runSuspend(c, t, inputs)
	case v1alpha1.TemplateTypeUnknown:
		r.refuse(c, untyped(t.spec))
	default:
		r.runPod(c, t, inputs)
	}
}

// refuse records a node that cannot be run.
func (r *Run) refuse(c *call, err error) *entry {
	return r.create(c, v1alpha1.NodeTypeSkipped, v1alpha1.NodeError, c.refusal(err))
}

// adopt takes up a node that was stored: after a restart, or after somebody else changed the workflow.
func (r *Run) adopt(e *entry, c *call, t *template, err error) {
	if !r.takeUp(e, c) {
		return
	}
	if e.st.IsDaemoned() && e.st.Phase == v1alpha1.NodeRunning && e.boundary != nil {
		e.boundary.daemons = append(e.boundary.daemons, e)
	}
	if e.st.Fulfilled() {
		if e.st.Type == v1alpha1.NodeTypeRetry && active(e) && t != nil {
			r.openRetry(e, t)
		}
		r.fulfilled = append(r.fulfilled, e)
		return
	}
	if err != nil {
		r.setPhase(e, v1alpha1.NodeError, c.refusal(err))
		return
	}
	switch e.st.Type {
	case v1alpha1.NodeTypeSteps:
		r.openSteps(e, t)
	case v1alpha1.NodeTypeDAG:
		r.openDAG(e, t)
	case v1alpha1.NodeTypeRetry:
		r.openRetry(e, t)
	case v1alpha1.NodeTypeSuspend:
		r.watchSuspend(e, t)
	case v1alpha1.NodeTypePod:
		r.resumePod(e)
	}
}

// takeUp connects a stored node with what it belongs to; false: it is connected already.
func (r *Run) takeUp(e *entry, c *call) bool {
	if e.call != nil {
		return false
	}
	r.count(e, -1)
	e.call, e.slot, e.up, e.boundary = c, c.slot, c.up, c.boundary
	r.count(e, 1)
	e.join(c.group)
	if c.slot != nil {
		c.slot.e = e
	}
	if e.progress = ownProgress(e); e.progress.m > 0 {
		r.addProgress(e.up, e.progress)
	}
	if e.st.Fulfilled() || leafOwnProgress(e) {
		e.resources = e.st.ResourcesDuration
		r.addResources(e.up, e.resources)
	}
	return true
}

// describe completes the node of a composite, a suspension or a retry: its inputs, and the display name that the template's
// annotation may give (NOD-12). One that is no display name ends the node in Error (V-265).
func (r *Run) describe(e *entry, t *template, inputs *v1alpha1.Inputs) {
	e.st.Inputs = inputs
	text, ok := t.spec.Annotations[v1alpha1.AnnotationKeyDisplayName]
	if !ok {
		return
	}
	name, err := r.cache.RenderString(text, r.nodeScope(e, t), expr.Lenient)
	if err == nil {
		err = setDisplayName(e, name)
	}
	if err != nil {
		r.setPhase(e, v1alpha1.NodeError, e.call.refusal(err))
	}
}

var displayName = regexp.MustCompile(`^[a-zA-Z0-9][-a-zA-Z0-9.]{0,61}[a-zA-Z0-9]$`)

func setDisplayName(e *entry, name string) error {
	if !displayName.MatchString(name) {
		return fmt.Errorf("annotation %s: %q is not a display name: 2 to 63 letters, digits, '-' or '.', the first and last no '-' or '.'",
			v1alpha1.AnnotationKeyDisplayName, name)
	}
	e.st.DisplayName = name
	return nil
}
