package workflow

import (
	"container/heap"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// postponedMessage is that of a workflow that waits for its turn.
const postponedMessage = "Workflow processing has been postponed because too many workflows are already running"

// throttle decides which workflows may run, when there is a limit (CTL-04): those with the highest priority first, then the
// oldest. Nothing about it is stored: a workflow that has started is running.
type throttle struct {
	// limits are those of the installation: of all workflows, and of each namespace that has none of its own; 0: none.
	limits func() (all, each int)
	// labelled is the limit that a namespace has of its own (LBL-07).
	labelled func(namespace string) (int, bool)
	// wake has a workflow looked at.
	wake func(types.NamespacedName)

	mu      sync.Mutex
	running map[types.NamespacedName]types.UID
	count   map[string]int // of running ones, by namespace
	queues  map[string]*turnQueue
	waiting map[types.NamespacedName]*turn
}

// turn is a workflow that waits.
type turn struct {
	key      types.NamespacedName
	uid      types.UID
	priority int32
	created  time.Time
	at       int // place in its queue
}

func (t *turn) before(other *turn) bool {
	switch {
	case t.priority != other.priority:
		return t.priority > other.priority
	case !t.created.Equal(other.created):
		return t.created.Before(other.created)
	}
	return t.key.String() < other.key.String()
}

// turnQueue is a heap of the waiting workflows of a namespace.
type turnQueue []*turn

// Len is part of heap.Interface.
func (q turnQueue) Len() int { return len(q) }

// Less is part of heap.Interface.
func (q turnQueue) Less(i, j int) bool { return q[i].before(q[j]) }

// Swap is part of heap.Interface.
func (q turnQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i]; q[i].at, q[j].at = i, j }

// Push is part of heap.Interface.
func (q *turnQueue) Push(x any) {
	if t, ok := x.(*turn); ok {
		t.at = len(*q)
		*q = append(*q, t)
	}
}

// Pop is part of heap.Interface.
func (q *turnQueue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	*q = (*q)[:last]
	return t
}

func newThrottle(limits func() (int, int), labelled func(string) (int, bool), wake func(types.NamespacedName)) *throttle {
	return &throttle{
		limits: limits, labelled: labelled, wake: wake, running: map[types.NamespacedName]types.UID{}, count: map[string]int{},
		queues: map[string]*turnQueue{}, waiting: map[types.NamespacedName]*turn{},
	}
}

// hasStarted tells whether a workflow runs already, whatever the limits are now.
func hasStarted(wf *wfv1.Workflow) bool { return !wf.Status.StartedAt.IsZero() }

// note takes in a workflow as the informer has it.
func (t *throttle) note(wf *wfv1.Workflow) {
	key := types.NamespacedName{Namespace: wf.Namespace, Name: wf.Name}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case wf.Status.Phase.Completed(), wf.DeletionTimestamp != nil, t.running[key] == wf.UID:
	case hasStarted(wf):
		t.start(key, wf.UID)
	default:
		t.queueUp(key, wf)
	}
}

// admit tells whether a workflow may run now. One that may not will be woken when it may.
func (t *throttle) admit(wf *wfv1.Workflow) bool {
	key := types.NamespacedName{Namespace: wf.Namespace, Name: wf.Name}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running[key] == wf.UID {
		return true
	}
	if hasStarted(wf) || wf.Spec.Shutdown.Enabled() { // a shutdown lets nothing start, it only ends the workflow
		t.start(key, wf.UID)
		return true
	}
	t.queueUp(key, wf)
	if t.roomForAll(key.Namespace) { // whoever comes first: nobody has to wait
		t.start(key, wf.UID)
		return true
	}
	next := t.next()
	if next == nil {
		return false
	}
	if next.key != key {
		t.wake(next.key)
		return false
	}
	t.start(key, wf.UID)
	if after := t.next(); after != nil {
		t.wake(after.key)
	}
	return true
}

// release forgets a workflow that is over or gone, and gives its place to the next.
func (t *throttle) release(key types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(key)
	if next := t.next(); next != nil {
		t.wake(next.key)
	}
}

// recheck is called when limits have changed.
func (t *throttle) recheck() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if next := t.next(); next != nil {
		t.wake(next.key)
	}
}

func (t *throttle) start(key types.NamespacedName, uid types.UID) {
	if t.running[key] == uid {
		return
	}
	t.forget(key)
	t.running[key] = uid
	t.count[key.Namespace]++
}

func (t *throttle) queueUp(key types.NamespacedName, wf *wfv1.Workflow) {
	priority := int32(0)
	if p := effectiveSpec(wf).Priority; p != nil {
		priority = *p
	}
	if known := t.waiting[key]; known != nil && known.uid == wf.UID {
		if known.priority != priority {
			known.priority = priority
			heap.Fix(t.queues[key.Namespace], known.at)
		}
		return
	}
	t.forget(key)
	queue := t.queues[key.Namespace]
	if queue == nil {
		queue = &turnQueue{}
		t.queues[key.Namespace] = queue
	}
	w := &turn{key: key, uid: wf.UID, priority: priority, created: wf.CreationTimestamp.Time}
	t.waiting[key] = w
	heap.Push(queue, w)
}

func (t *throttle) forget(key types.NamespacedName) {
	if _, ok := t.running[key]; ok {
		delete(t.running, key)
		if t.count[key.Namespace]--; t.count[key.Namespace] == 0 {
			delete(t.count, key.Namespace)
		}
	}
	if w := t.waiting[key]; w != nil {
		delete(t.waiting, key)
		queue := t.queues[key.Namespace]
		heap.Remove(queue, w.at)
		if queue.Len() == 0 {
			delete(t.queues, key.Namespace)
		}
	}
}

// roomForAll tells whether every workflow that waits may run, so that turns do not matter.
func (t *throttle) roomForAll(namespace string) bool {
	all, _ := t.limits()
	limit := t.limitOf(namespace)
	return (all <= 0 || len(t.running)+len(t.waiting) <= all) &&
		(limit <= 0 || t.count[namespace]+t.queues[namespace].Len() <= limit)
}

// limitOf is how many workflows of a namespace may run; 0: as many as like.
func (t *throttle) limitOf(namespace string) int {
	if own, ok := t.labelled(namespace); ok {
		return own
	}
	_, each := t.limits()
	return each
}

// next is the workflow whose turn it is; nil: there is no room, or nobody waits.
func (t *throttle) next() *turn {
	all, _ := t.limits()
	if len(t.waiting) == 0 || all > 0 && len(t.running) >= all {
		return nil
	}
	var best *turn
	for namespace, queue := range t.queues {
		if limit := t.limitOf(namespace); limit > 0 && t.count[namespace] >= limit {
			continue
		}
		if first := (*queue)[0]; best == nil || first.before(best) {
			best = first
		}
	}
	return best
}

// LimitOf reads the limit of a namespace from its labels.
func LimitOf(labels map[string]string) (int, bool) {
	n, err := strconv.Atoi(labels[wfv1.LabelKeyParallelismLimit])
	return n, err == nil && n >= 0
}
