package engine

import (
	"container/heap"
)

// frame is something that goes on while its node runs: a Steps, a DAG, a TaskGroup, a Retry, the hooks of a step. advance
// starts what can be started now and ends the node when nothing is left. It is called when something that it waits for has
// changed, never from inside another frame.
type frame interface {
	advance()
	base() *frameBase
}

// frameBase is what the queues know of a frame.
type frameBase struct {
	depth   int   // how many composites enclose it; deeper ones get capacity first, so that what was started ends
	ordinal int64 // of its node; among equals the oldest comes first
	queued  bool
	waiting *waitQueue
}

func (b *frameBase) base() *frameBase { return b }

// touch has a frame advance soon.
func (r *Run) touch(f frame) {
	if b := f.base(); !b.queued {
		b.queued = true
		r.work = append(r.work, f)
	}
}

// waitQueue holds frames that could start something but for a limit.
type waitQueue struct{ frames []frame }

// Len is part of heap.Interface.
func (q *waitQueue) Len() int { return len(q.frames) }

// Less is part of heap.Interface.
func (q *waitQueue) Less(i, j int) bool {
	a, b := q.frames[i].base(), q.frames[j].base()
	if a.depth != b.depth {
		return a.depth > b.depth
	}
	return a.ordinal < b.ordinal
}

// Swap is part of heap.Interface.
func (q *waitQueue) Swap(i, j int) { q.frames[i], q.frames[j] = q.frames[j], q.frames[i] }

// Push is part of heap.Interface.
func (q *waitQueue) Push(x any) {
	if f, ok := x.(frame); ok {
		q.frames = append(q.frames, f)
	}
}

// Pop is part of heap.Interface.
func (q *waitQueue) Pop() any {
	last := len(q.frames) - 1
	f := q.frames[last]
	q.frames[last] = nil
	q.frames = q.frames[:last]
	return f
}

// wait puts a frame into a queue unless it waits in one already.
func (q *waitQueue) wait(f frame) {
	if b := f.base(); b.waiting == nil {
		b.waiting = q
		heap.Push(q, f)
	}
}

// next takes the first frame out, or returns nil.
func (q *waitQueue) next() frame {
	if len(q.frames) == 0 {
		return nil
	}
	f, ok := heap.Pop(q).(frame)
	if !ok {
		return nil
	}
	f.base().waiting = nil
	return f
}

// settle works until nothing more can happen now. Ends are passed on before anything is started, so that a failure is seen
// before its consequences are prevented.
func (r *Run) settle() {
	for {
		switch {
		case len(r.fulfilled) > 0:
			e := r.fulfilled[0]
			r.fulfilled = r.fulfilled[1:]
			r.tell(e)
		case len(r.work) > 0:
			f := r.work[0]
			r.work[0] = nil
			r.work = r.work[1:]
			f.base().queued = false
			f.advance()
		case r.outgrew:
			r.outgrew = false
			r.haltLeaves()
		case r.serveWaiters():
		default:
			r.fulfilled, r.work = r.fulfilled[:0], r.work[:0]
			return
		}
	}
}

// tell lets the one that waits for a node know, once, that it is fulfilled.
func (r *Run) tell(e *entry) {
	if e.told || e.slot == nil || !e.st.Fulfilled() {
		return
	}
	e.told = true
	r.measureEnd(e)
	if !active(e) {
		e.leaf = nil
	}
	e.slot.fulfilled(r)
}

// serveWaiters gives free capacity to one waiting frame; false when there is none to give or nobody waits.
func (r *Run) serveWaiters() bool {
	if r.made < r.ration() {
		if f := r.rationed.next(); f != nil {
			r.touch(f)
			return true
		}
	}
	if !r.full() {
		if f := r.waiters.next(); f != nil {
			r.touch(f)
			return true
		}
	}
	for len(r.freed) > 0 {
		b := r.freed[len(r.freed)-1]
		if !b.full() {
			if f := b.waiters.next(); f != nil {
				r.touch(f)
				return true
			}
		}
		r.freed = r.freed[:len(r.freed)-1]
	}
	return false
}
