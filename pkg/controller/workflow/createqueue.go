package workflow

import (
	"slices"
	"time"

	"fairlead.dev/fairlead/pkg/engine"
)

const (
	firstCreateBackoff = time.Second
	maxCreateBackoff   = 30 * time.Second
	// maxUnmappedBackoff is for a cluster that is about to learn of our kinds.
	maxUnmappedBackoff = 2 * time.Second
)

// createQueue holds the pods that are to be created, in the order the engine asked for them.
type createQueue struct {
	requests []wantedPod
	queued   map[string]bool
	failures int
	notUntil time.Time
}

// wantedPod is an intent that is stored and whose pod is not known to exist.
type wantedPod struct {
	engine.PodRequest
	// verify: the pod may exist already, because another process or a call that seemed to fail created it. The API is
	// asked before creating.
	verify bool
}

func newCreateQueue() createQueue { return createQueue{queued: map[string]bool{}} }

func (q *createQueue) add(request engine.PodRequest, verify bool) {
	if q.queued[request.NodeID] {
		return
	}
	q.queued[request.NodeID] = true
	q.requests = append(q.requests, wantedPod{PodRequest: request, verify: verify})
}

// putBack keeps a pod that could not be created now for later.
func (q *createQueue) putBack(w wantedPod) {
	q.queued[w.NodeID] = true
	q.requests = append(q.requests, w)
}

// postpone keeps pods for a later time, which no end of another pod brings nearer.
func (q *createQueue) postpone(batch []wantedPod, until time.Time) {
	for _, w := range batch {
		q.putBack(w)
	}
	q.notUntil = until
}

// take removes up to n requests, the oldest first.
func (q *createQueue) take(n int) []wantedPod {
	n = min(n, len(q.requests))
	batch := slices.Clone(q.requests[:n])
	q.requests = q.requests[n:]
	for _, w := range batch {
		delete(q.queued, w.NodeID)
	}
	return batch
}

// remove forgets the request of a node that is over.
func (q *createQueue) remove(nodeID string) {
	if q.queued[nodeID] {
		delete(q.queued, nodeID)
		q.requests = slices.DeleteFunc(q.requests, func(w wantedPod) bool { return w.NodeID == nodeID })
	}
}

// ready tells whether something can be created now.
func (q *createQueue) ready(now time.Time) bool {
	return len(q.requests) > 0 && !now.Before(q.notUntil)
}

// retryAt is when a refused creation is to be tried again; zero when nothing waits.
func (q *createQueue) retryAt() time.Time {
	if len(q.requests) == 0 {
		return time.Time{}
	}
	return q.notUntil
}

// backOff waits longer after each refusal in a row, but never longer than the given time.
func (q *createQueue) backOff(now time.Time, atMost time.Duration) {
	delay := min(firstCreateBackoff<<min(q.failures, 8), atMost)
	q.failures++
	q.notUntil = now.Add(delay)
}

// relax ends the waiting: a pod was created, or one ended and may have made room.
func (q *createQueue) relax() {
	q.failures = 0
	q.notUntil = time.Time{}
}
