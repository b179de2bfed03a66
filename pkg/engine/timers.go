package engine

import (
	"container/heap"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const deadlineMessage = "Step exceeded its deadline"

// timer wakes a node.
type timer struct {
	at time.Time
	e  *entry
}

// timerQueue is a heap of timers, the earliest first. Timers of nodes that have ended are dropped when they come up.
type timerQueue []timer

// Len is part of heap.Interface.
func (q timerQueue) Len() int { return len(q) }

// Less is part of heap.Interface.
func (q timerQueue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].e.st.Ordinal < q[j].e.st.Ordinal
}

// Swap is part of heap.Interface.
func (q timerQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is part of heap.Interface.
func (q *timerQueue) Push(x any) {
	if t, ok := x.(timer); ok {
		*q = append(*q, t)
	}
}

// Pop is part of heap.Interface.
func (q *timerQueue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	*q = (*q)[:last]
	return t
}

// alarm has a node looked at when the time has come.
func (r *Run) alarm(at time.Time, e *entry) { heap.Push(&r.timers, timer{at: at, e: e}) }

// ring looks at the nodes whose time has come, and at the workflow's deadline.
func (r *Run) ring() {
	if !r.deadline.IsZero() && !r.pastDeadline && !r.now.Time.Before(r.deadline) {
		r.pastDeadline = true
		r.haltLeaves()
	}
	for len(r.timers) > 0 && !r.timers[0].at.After(r.now.Time) {
		t, ok := heap.Pop(&r.timers).(timer)
		if !ok || t.e.over() && t.e.st.Type != v1alpha1.NodeTypePod {
			continue
		}
		switch t.e.st.Type {
		case v1alpha1.NodeTypeSuspend:
			if active(t.e) {
				r.resumeByTime(t.e)
			}
		case v1alpha1.NodeTypePod:
			r.podTimer(t.e)
		default:
			if t.e.frame != nil {
				r.touch(t.e.frame)
			}
		}
	}
}

// wake is when to look again without an event; zero: never.
func (r *Run) wake() time.Time {
	for len(r.timers) > 0 && r.timers[0].e.st.Fulfilled() && !active(r.timers[0].e) {
		heap.Pop(&r.timers)
	}
	if len(r.rationed.frames) > 0 {
		return r.now.Time
	}
	var at time.Time
	if len(r.timers) > 0 {
		at = roundUp(r.timers[0].at)
	}
	if !r.deadline.IsZero() && !r.pastDeadline && (at.IsZero() || r.deadline.Before(at)) {
		at = roundUp(r.deadline)
	}
	return at
}

// roundUp gives the first whole second that is not before t: the engine counts in seconds.
func roundUp(t time.Time) time.Time {
	if whole := t.Truncate(time.Second); whole.Equal(t) {
		return t
	}
	return t.Truncate(time.Second).Add(time.Second)
}

// setDeadline works out when the workflow has to be over (TMO-01).
func (r *Run) setDeadline() {
	r.deadline = time.Time{}
	if seconds := r.spec.ActiveDeadlineSeconds; seconds != nil && !r.status.StartedAt.IsZero() {
		r.deadline = r.status.StartedAt.Add(time.Duration(*seconds) * time.Second)
	}
}
