package engine

import (
	"fmt"
)

// maxDepth is how deep templates may call each other (REF-05).
const maxDepth = 100

const depthMessage = "Maximum recursion depth exceeded. See https://argo-workflows.readthedocs.io/en/latest/scaling/#maximum-recursion-depth"

const failFastMessage = "template has failed or errored children and failFast enabled"

// admission tells whether something may be started now.
type admission int

const (
	admitted admission = iota
	blocked            // later: the frame was put into a queue
	refused            // never again: the run or the composite starts nothing more
)

// full reports whether the workflow starts nothing just now (FLOW-10, SUS-04).
func (r *Run) full() bool {
	if r.suspended() {
		return true
	}
	limit := r.spec.Parallelism
	return limit != nil && *limit > 0 && int64(r.activePods) >= *limit
}

// full reports whether a composite has as many active children as its template allows (FLOW-11).
func (e *entry) full() bool {
	return e.limit > 0 && (int64(e.activeChildren) >= e.limit || int64(e.activePods) >= e.limit)
}

// admit decides whether frame f may start something inside boundary (nil: at the top).
func (r *Run) admit(f frame, boundary *entry, onExit bool) admission {
	switch {
	case r.stopping(onExit):
		return refused
	case boundary != nil && boundary.failFast && boundary.failedChildren > 0:
		return refused
	case r.full():
		r.waiters.wait(f)
		return blocked
	case boundary != nil && boundary.full():
		boundary.waiters.wait(f)
		return blocked
	case r.outgrows(boundary, onExit):
		return refused
	case r.made >= r.ration():
		r.rationed.wait(f)
		return blocked
	}
	return admitted
}

// stopping reports whether nothing new may start: after shutdown, the deadline or too many nodes, exit handlers apart (HOOK-05,
// TMO-01).
func (r *Run) stopping(onExit bool) bool {
	return !r.shutdown().ShouldExecute(onExit) || (r.pastDeadline && !onExit) || (r.overgrown != "" && r.atLimit(onExit))
}

// stopMessage is why a node without a pod was ended from outside.
func (r *Run) stopMessage() string {
	if s := r.shutdown(); s.Enabled() {
		return fmt.Sprintf("Stopped with strategy '%s'", s)
	}
	return r.limitMessage()
}

// limitMessage tells which limit of the workflow ends what runs.
func (r *Run) limitMessage() string {
	if r.overgrown != "" {
		return r.overgrown
	}
	return deadlineMessage
}

// dagStopMessage is the message of a DAG that was ended from outside: none after a shutdown (DAG-08, DAG-11).
func (r *Run) dagStopMessage() string {
	if r.shutdown().Enabled() {
		return ""
	}
	return r.limitMessage()
}
