package engine

import (
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// halt ends a node whose pod must not go on: one that has not started is deleted, one that runs is stopped.
func (r *Run) halt(e *entry, phase v1alpha1.NodePhase, message string) {
	r.stopPod(e, e.st.Phase == v1alpha1.NodePending)
	if e.st.TaskResultSynced != nil && !*e.st.TaskResultSynced {
		yes := true
		r.change(e, func(st *v1alpha1.NodeStatus) { st.TaskResultSynced = &yes })
	}
	r.setPhase(e, phase, message)
}

func (r *Run) stopPod(e *entry, unstarted bool) {
	if e.stopped {
		return
	}
	e.stopped = true
	if unstarted {
		r.out.Delete = append(r.out.Delete, r.podRef(e))
	} else {
		r.out.Stop = append(r.out.Stop, r.podRef(e))
	}
}

// haltLeaves ends what runs outside exit handlers when the workflow is shut down, its deadline has passed (EXE-06, TMO-01,
// TMO-06) or it has too many nodes, and has every frame look at what is left to do.
func (r *Run) haltLeaves() {
	for _, e := range r.order {
		if e.frame != nil {
			r.touch(e.frame)
		}
		onExit := e.call != nil && e.call.onExit
		if e.st.Fulfilled() || !r.stopping(onExit) {
			continue
		}
		switch e.st.Type {
		case v1alpha1.NodeTypePod:
			if active(e) {
				r.halt(e, v1alpha1.NodeFailed, r.podStopMessage())
			}
		case v1alpha1.NodeTypeSuspend, v1alpha1.NodeTypeHTTP, v1alpha1.NodeTypePlugin:
			r.setPhase(e, v1alpha1.NodeFailed, r.stopMessage())
		}
	}
	if r.top != nil {
		r.touch(r.top)
	}
}

// podStopMessage has two spaces, as clients expect it.
func (r *Run) podStopMessage() string {
	if s := r.shutdown(); s.Enabled() {
		return "workflow shutdown with strategy:  " + string(s)
	}
	return r.limitMessage()
}

// endDaemons ends the daemons of a composite that is over (DMN-02).
func (r *Run) endDaemons(boundary *entry) {
	for _, d := range boundary.daemons {
		r.endDaemon(d)
	}
	boundary.daemons = nil
}

func (r *Run) endDaemon(d *entry) {
	if !active(d) {
		return
	}
	d.frame = nil
	if d.st.Type == v1alpha1.NodeTypePod {
		r.stopPod(d, false)
	}
	r.change(d, func(st *v1alpha1.NodeStatus) { st.Daemoned = nil })
	r.setPhase(d, v1alpha1.NodeSucceeded, "")
}
