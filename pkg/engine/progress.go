package engine

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// leafOwnProgress reports whether a node has progress of its own rather than that of what stands below it (NOD-08).
func leafOwnProgress(e *entry) bool {
	switch e.st.Type {
	case v1alpha1.NodeTypePod, v1alpha1.NodeTypeContainer, v1alpha1.NodeTypeHTTP, v1alpha1.NodeTypePlugin,
		v1alpha1.NodeTypeSuspend:
		return true
	}
	return false
}

// ownProgress is the progress that a node brings along: a leaf's, or that of a composite which has ended.
func ownProgress(e *entry) counts {
	leaf := leafOwnProgress(e)
	if !leaf && !e.over() {
		return counts{}
	}
	p := counts{n: e.st.Progress.N(), m: e.st.Progress.M()}
	if leaf && p.m == 0 {
		p.m = 1
	}
	if leaf && e.st.Phase == v1alpha1.NodeSucceeded {
		p.n = p.m
	}
	return p
}

// updateProgress passes the progress of a leaf up after it changed.
func (r *Run) updateProgress(e *entry) {
	if !leafOwnProgress(e) {
		return
	}
	p := ownProgress(e)
	delta := counts{n: p.n - e.progress.n, m: p.m - e.progress.m}
	if delta == (counts{}) {
		return
	}
	e.progress = p
	r.progress.n, r.progress.m = r.progress.n+delta.n, r.progress.m+delta.m
	r.addProgress(e.up, delta)
}

// addProgress adds to a node and all that it stands in. Only the counters change; they are stored when the node is.
func (r *Run) addProgress(e *entry, delta counts) {
	for ; e != nil; e = e.up {
		e.progress.n, e.progress.m = e.progress.n+delta.n, e.progress.m+delta.m
	}
}

func (r *Run) addResources(e *entry, amount v1alpha1.ResourcesDuration) {
	if len(amount) == 0 {
		return
	}
	for ; e != nil; e = e.up {
		e.resources = e.resources.Add(amount)
	}
}

const (
	eventNormal  = "Normal"
	eventWarning = "Warning"
)

func (r *Run) emit(kind, reason, message string) {
	r.out.Events = append(r.out.Events, WorkflowEvent{Type: kind, Reason: reason, Message: message})
}

// nodeEvent tells of the phase that a node has entered, if that is wanted (CTL-10).
func (r *Run) nodeEvent(e *entry) {
	if !r.opts.NodeEvents {
		return
	}
	kind := eventNormal
	switch e.st.Phase {
	case v1alpha1.NodeRunning, v1alpha1.NodeSucceeded:
	case v1alpha1.NodeFailed, v1alpha1.NodeError:
		kind = eventWarning
	default:
		return
	}
	message := fmt.Sprintf("%s node %s", e.st.Phase, e.st.Name)
	if e.st.Message != "" {
		message += ": " + e.st.Message
	}
	r.out.Events = append(r.out.Events, WorkflowEvent{
		Type: kind, Reason: "WorkflowNode" + string(e.st.Phase), Message: message, NodeID: e.st.ID,
	})
}
