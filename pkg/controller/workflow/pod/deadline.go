package pod

import "time"

// activeDeadlineSeconds is the smaller of the template's own value and what remains until the deadline of the attempt
// (POD-16); nil when neither is set.
func activeDeadlineSeconds(in Input) *int64 {
	bound := in.ActiveDeadline
	if in.Deadline.IsZero() {
		return bound
	}
	// Rounded up: a pod is given the second that has begun, and never 0, which Kubernetes refuses.
	remaining := max(int64((in.Deadline.Sub(in.Now)+time.Second-1)/time.Second), 1)
	if bound == nil || remaining < *bound {
		bound = &remaining
	}
	return bound
}
