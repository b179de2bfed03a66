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
	backoff
}

// backoff spaces the tries of something that the API refuses.
type backoff struct {
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
func (b *backoff) backOff(now time.Time, atMost time.Duration) {
	delay := min(firstCreateBackoff<<min(b.failures, 8), atMost)
	b.failures++
	b.notUntil = now.Add(delay)
}

// relax ends the waiting: something was created, or a pod ended and may have made room.
func (b *backoff) relax() { *b = backoff{} }
