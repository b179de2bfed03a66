package engine

import (
	"maps"
	"regexp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// conclude ends the workflow when nothing is left to do.
func (r *Run) conclude() {
	if r.root == nil {
		if r.stopping(false) {
			r.finish(v1alpha1.WorkflowFailed, r.stopMessage())
		}
		return
	}
	if !r.root.done || (r.hooks != nil && !r.hooks.settled()) {
		return
	}
	wantsExit := r.exitHook() != nil && r.shutdown() != v1alpha1.ShutdownStrategyTerminate
	if r.exit == nil && wantsExit || r.exit != nil && !r.exit.done {
		return
	}
	root := r.root.e
	if root.st.IsDaemoned() && active(root) {
		r.endDaemon(root)
	}
	if r.unfulfilled > 0 && !r.closeStrays() {
		return
	}
	phase, message := conclusion(&root.st)
	if r.shutdown().Enabled() && root.st.FailedOrError() {
		message = r.stopMessage()
	} else if r.root.e.broken() {
		phase, message = v1alpha1.WorkflowError, "error in entry template execution: "+root.st.Message
	}
	if r.exit != nil {
		exit := r.exit.e
		switch {
		case exit.broken():
			phase, message = v1alpha1.WorkflowError, "error in exit template execution : "+exit.st.Message
		case phase == v1alpha1.WorkflowSucceeded && exit.st.FailedOrError():
			phase, message = conclusion(&exit.st)
		}
	}
	if r.overgrown != "" {
		phase, message = v1alpha1.WorkflowError, r.overgrown
	}
	r.finish(phase, message)
}

func conclusion(st *v1alpha1.NodeStatus) (v1alpha1.WorkflowPhase, string) {
	switch st.Phase {
	case v1alpha1.NodeFailed:
		return v1alpha1.WorkflowFailed, st.Message
	case v1alpha1.NodeError:
		return v1alpha1.WorkflowError, st.Message
	}
	return v1alpha1.WorkflowSucceeded, ""
}

// closeStrays ends nodes that nobody waits for. They come from a decision of which only some pages were stored: their
// composite has ended already. false: a pod of theirs still runs.
func (r *Run) closeStrays() bool {
	for i := len(r.order) - 1; i >= 0; i-- {
		e := r.order[i]
		if e.st.Fulfilled() {
			continue
		}
		switch {
		case e.st.Type == v1alpha1.NodeTypePod && e.st.Completed():
			r.writeOff(e)
		case e.st.Type == v1alpha1.NodeTypePod && active(e) && e.call == nil:
			r.halt(e, v1alpha1.NodeError, "the step was over before its pod")
		case e.st.Type == v1alpha1.NodeTypePod:
			return false
		default:
			phase, message := v1alpha1.NodeError, ""
			if b := e.boundary; b != nil && b.over() {
				phase = b.st.Phase
				if e.st.Type == v1alpha1.NodeTypeStepGroup {
					message = b.st.Message // a Steps has phase and message from its last group
				}
			}
			e.frame = nil
			r.setPhase(e, phase, message)
		}
	}
	return r.unfulfilled == 0
}

// finish ends the workflow.
func (r *Run) finish(phase v1alpha1.WorkflowPhase, message string) {
	r.over = true
	st := &r.status
	st.Phase, st.Message = phase, message
	if st.StartedAt.IsZero() {
		st.StartedAt = r.now
	}
	st.FinishedAt = r.now
	r.measureWorkflow(false)
	st.Conditions.UpsertCondition(v1alpha1.Condition{Type: v1alpha1.ConditionTypeCompleted, Status: metav1.ConditionTrue})
	r.statusChanged = true
	r.setLabel(v1alpha1.LabelKeyPhase, string(phase))
	r.setLabel(v1alpha1.LabelKeyCompleted, "true")
	switch {
	case phase == v1alpha1.WorkflowSucceeded:
		r.emit(eventNormal, "WorkflowSucceeded", "Workflow completed")
	case r.pastDeadline:
		r.emit(eventWarning, "WorkflowTimedOut", message)
	default:
		r.emit(eventWarning, "WorkflowFailed", message)
	}
}

// rollUp brings the header up to the counts.
func (r *Run) rollUp() {
	st := &r.status
	if r.closed || (!r.booted && len(r.order) == 0 && !r.over) {
		return
	}
	if p := r.progress.text(); st.Progress != p {
		st.Progress, r.statusChanged = p, true
	}
	running := metav1.ConditionFalse
	if r.runningPods > 0 {
		running = metav1.ConditionTrue
	}
	at := slices.IndexFunc(st.Conditions, func(c v1alpha1.Condition) bool { return c.Type == v1alpha1.ConditionTypePodRunning })
	if (at < 0 && r.podSeen) || (at >= 0 && st.Conditions[at].Status != running) {
		st.Conditions = slices.Clone(st.Conditions)
		st.Conditions.UpsertCondition(v1alpha1.Condition{Type: v1alpha1.ConditionTypePodRunning, Status: running})
		r.statusChanged = true
	}
	if len(r.resources) > 0 && !maps.Equal(r.resources, st.ResourcesDuration) {
		st.ResourcesDuration, r.statusChanged = maps.Clone(r.resources), true
	}
}

// requestPods describes the pods of new intents; true: some could not be, and their nodes have ended.
func (r *Run) requestPods() (failed bool) {
	for _, e := range r.intents {
		if e.st.Phase != v1alpha1.NodePending || e.st.PodUID != "" || e.call == nil {
			continue
		}
		p, err := r.podRequest(e)
		if err != nil {
			r.setPhase(e, v1alpha1.NodeError, e.call.refusal(err))
			failed = true
			continue
		}
		r.out.Create = append(r.out.Create, p)
	}
	r.intents = nil
	return failed
}

// decision collects what has changed.
func (r *Run) decision() Decision {
	for r.requestPods() && !r.over { // a pod that cannot be described ends its node, which may lead to others
		r.settle()
		r.conclude()
	}
	r.rollUp()
	slices.SortFunc(r.dirty, func(a, b *entry) int { return int(a.st.Ordinal - b.st.Ordinal) })
	if len(r.dirty) > 0 {
		r.out.Nodes = make([]v1alpha1.NodeStatus, len(r.dirty))
	}
	for i, e := range r.dirty {
		e.dirty = false
		if e.progress.m > 0 {
			e.st.Progress = e.progress.text()
		}
		if len(e.resources) > 0 && !leafOwnProgress(e) {
			e.st.ResourcesDuration = e.resources
		}
		e.st.DeepCopyInto(&r.out.Nodes[i])
	}
	if r.statusChanged {
		r.out.Status = r.status.DeepCopy()
		r.statusChanged = false
	}
	if len(r.labels) > 0 {
		r.out.Labels, r.labels = r.labels, map[string]string{}
	}
	if len(r.annotations) > 0 {
		r.out.Annotations, r.annotations = r.annotations, map[string]string{}
	}
	r.out.Done = r.over
	if !r.over {
		r.out.Wake = r.wake()
	}
	return r.out
}

// builtinTransient are messages of errors that pass by themselves (CTL-11).
var builtinTransient = regexp.MustCompile(`(?i)exceeded quota|too many requests|connection re(set|fused)|TLS handshake timeout|i/o timeout|etcdserver: leader changed|timed out|transport connection broken|the object has been modified`)

// transient reports whether a failure with this message may pass by itself.
func (r *Run) transient(message string) bool {
	return builtinTransient.MatchString(message) || (r.transients != nil && r.transients.MatchString(message))
}
