package engine

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// entry is a node in memory with what can be worked out again from stored nodes: who waits for it, what runs inside it, and
// counts of what stands below it.
type entry struct {
	st       v1alpha1.NodeStatus // record form; what pointers lead to is never changed in place
	boundary *entry
	up       *entry // what its progress counts towards
	slot     *slot  // who waits for it; nil: nobody
	call     *call  // how it came to be; nil for a node that nobody has asked for yet
	frame    frame  // what runs inside; nil for leaves and when nothing is left to do
	members  []*entry
	leaf     *v1alpha1.Template // substituted template of a leaf, once it was needed

	activePods     int // pods in this boundary that are Pending or Running
	activeChildren int // pods and composites in this boundary that are Pending or Running
	failedChildren int // members that failed, attempts apart
	limit          int64
	failFast       bool
	waiters        waitQueue
	daemons        []*entry

	before *v1alpha1.NodeStatus // how a reopened composite was stored

	progress  counts
	resources v1alpha1.ResourcesDuration
	dirty     bool
	stored    bool // it was there when the run was built
	joined    bool // it is among the members of its group
	told      bool // who waits for it has been told that it is fulfilled
	finished  bool // the end of its pod was passed on
	stopped   bool // its pod was asked to stop
	measured  bool // its metrics were given their values

	ends      []string // main containers of its pod that have ended badly while others there may wait for that
	announced []string // those of them that the pod was told of
}

// counts is a progress of n out of m.
type counts struct{ n, m int64 }

func (c counts) text() v1alpha1.Progress { return v1alpha1.Progress(fmt.Sprintf("%d/%d", c.n, c.m)) }

// find gives the entry of a node by its name, or nil.
func (r *Run) find(name string) *entry { return r.table[node.ID(r.name, name)] }

// create adds a node. Its phase is counted; the caller sets what else belongs to it before anything else is decided.
func (r *Run) create(c *call, kind v1alpha1.NodeType, phase v1alpha1.NodePhase, message string) *entry {
	st := v1alpha1.NodeStatus{
		ID:            node.ID(r.name, c.name),
		Name:          c.name,
		Type:          kind,
		Phase:         phase,
		Message:       message,
		TemplateName:  c.ref.template,
		TemplateRef:   c.ref.ref,
		TemplateScope: c.in.scopeName(r.name),
		StartedAt:     r.now,
		Ordinal:       r.nextOrdinal,
		Parents:       c.parents,
		Outbound:      c.outbound,
		NodeFlag:      c.flag,

		EstimatedDuration: r.opts.Estimate.ofNode(r.name, c.name),
	}
	if c.ref.ref != nil {
		st.TemplateName = c.ref.ref.Template
	}
	boundaryName := ""
	if c.boundary != nil {
		st.BoundaryID = c.boundary.st.ID
		boundaryName = c.boundary.st.Name
	}
	st.DisplayName = node.Display(c.name, boundaryName)
	r.nextOrdinal++
	r.made++
	e := &entry{st: st, boundary: c.boundary, call: c, slot: c.slot, up: c.up}
	if c.slot != nil {
		c.slot.e = e
	}
	r.table[st.ID] = e
	r.order = append(r.order, e)
	e.join(c.group)
	r.count(e, 1)
	if e.progress = ownProgress(e); e.progress.m > 0 {
		r.progress.n, r.progress.m = r.progress.n+e.progress.n, r.progress.m+e.progress.m
		r.addProgress(e.up, e.progress)
	}
	r.mark(e)
	r.phaseChanged(e)
	return e
}

// mark notes that a node has to be stored.
func (r *Run) mark(e *entry) {
	if !e.dirty {
		e.dirty = true
		r.dirty = append(r.dirty, e)
	}
}

// setPhase moves a node to a phase. Moving a fulfilled node is only done to end a daemon.
func (r *Run) setPhase(e *entry, phase v1alpha1.NodePhase, message string) {
	if e.st.Phase == phase && e.st.Message == message {
		return
	}
	r.change(e, func(st *v1alpha1.NodeStatus) { st.Phase, st.Message = phase, message })
}

// change alters a node, keeps the counts right and passes the change on.
func (r *Run) change(e *entry, alter func(*v1alpha1.NodeStatus)) {
	phase, fulfilled := e.st.Phase, e.st.Fulfilled()
	r.count(e, -1)
	alter(&e.st)
	if e.st.Completed() && e.st.FinishedAt.IsZero() {
		e.st.FinishedAt = r.now
		if b := e.before; b != nil && b.Phase == e.st.Phase {
			e.st.FinishedAt, e.st.Message = b.FinishedAt, b.Message
		}
	}
	r.count(e, 1)
	r.mark(e)
	if e.st.Phase != phase {
		r.updateProgress(e)
		if len(e.members) > 0 && e.st.Type == v1alpha1.NodeTypePod && e.st.Completed() {
			r.endContainers(e)
		}
	}
	if e.st.Phase != phase || e.st.Fulfilled() != fulfilled {
		r.phaseChanged(e)
	}
}

// phaseChanged passes a change on to who waits for the node.
func (r *Run) phaseChanged(e *entry) {
	r.nodeEvent(e)
	if e.st.Fulfilled() {
		if e.st.FinishedAt.IsZero() && !active(e) {
			e.st.FinishedAt = r.now
		}
		if !e.told {
			r.fulfilled = append(r.fulfilled, e)
		}
	}
	if e.slot != nil {
		if e.told || e.slot.hooks != nil {
			e.slot.changed(r)
		}
	}
}

// active reports whether a node counts as a running pod or composite.
func active(e *entry) bool {
	return e.st.Phase == v1alpha1.NodePending || e.st.Phase == v1alpha1.NodeRunning
}

// join puts a node among the members of its StepGroup or TaskGroup.
func (e *entry) join(group *entry) {
	if group != nil && !e.joined {
		e.joined = true
		group.members = append(group.members, e)
	}
}

// reopen has a composite that has ended gone through again (Options.Uncommitted).
func (e *entry) reopen() {
	switch e.st.Type {
	case v1alpha1.NodeTypeSteps, v1alpha1.NodeTypeStepGroup, v1alpha1.NodeTypeDAG, v1alpha1.NodeTypeTaskGroup, v1alpha1.NodeTypeRetry:
	default:
		return
	}
	if !e.over() {
		return
	}
	e.before = e.st.DeepCopy()
	e.st.Phase, e.st.Message = v1alpha1.NodeRunning, ""
	e.st.FinishedAt = metav1.Time{}
	e.st.Daemoned = nil
}

// over reports whether a node is fulfilled for good; a running daemon is not.
func (e *entry) over() bool { return e.st.Fulfilled() && !active(e) }

// stray reports whether a node was stored and nobody has asked for it since the run was built. Unless it has a pod, which will
// end by itself, it takes no capacity, lest it keep out the one that would ask.
func (e *entry) stray() bool {
	return e.call == nil && (e.st.Type != v1alpha1.NodeTypePod || e.st.PodUID == "")
}

// count adds a node to, or takes it from, the counts that limits and headers need.
func (r *Run) count(e *entry, sign int) {
	b := e.boundary
	if !e.st.Fulfilled() {
		r.unfulfilled += sign
	}
	switch e.st.Type {
	case v1alpha1.NodeTypePod:
		if active(e) && !e.stray() {
			r.activePods += sign
			if b != nil {
				b.activePods += sign
			}
		}
		if e.st.Phase == v1alpha1.NodeRunning {
			r.runningPods += sign
		}
	case v1alpha1.NodeTypeSteps, v1alpha1.NodeTypeDAG, v1alpha1.NodeTypeRetry, v1alpha1.NodeTypeSuspend, v1alpha1.NodeTypeSkipped,
		v1alpha1.NodeTypeHTTP, v1alpha1.NodeTypePlugin:
	default:
		return
	}
	if b == nil {
		return
	}
	if active(e) && !e.stray() && (e.st.Type == v1alpha1.NodeTypePod || e.st.Type == v1alpha1.NodeTypeSteps || e.st.Type == v1alpha1.NodeTypeDAG) {
		b.activeChildren += sign
	}
	attempt := e.st.NodeFlag != nil && (e.st.NodeFlag.Retried || e.st.NodeFlag.Hooked)
	if e.st.FailedOrError() && !attempt {
		b.failedChildren += sign
	}
	if sign < 0 && len(b.waiters.frames) > 0 {
		r.freed = append(r.freed, b)
	}
}
