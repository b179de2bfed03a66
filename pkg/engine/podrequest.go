package engine

import (
	"fmt"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// podDeadline is the earliest of the deadlines of a pod (POD-16); exit handlers outlive the workflow's.
func (r *Run) podDeadline(e *entry) time.Time {
	var at time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if !e.call.onExit {
		earlier(r.deadline)
	}
	if e.leaf.Timeout != "" {
		if d, err := v1alpha1.ParseTimeout(e.leaf.Timeout); err == nil {
			earlier(e.st.StartedAt.Add(d))
		}
	}
	if f := e.call.attempt; f != nil {
		earlier(f.deadline())
	}
	return at
}

// podRequest describes the pod of a node to who creates it.
func (r *Run) podRequest(e *entry) (PodRequest, error) {
	if r.leafOf(e) == nil {
		return PodRequest{}, fmt.Errorf("template of node %s cannot be worked out again", e.st.Name)
	}
	p := PodRequest{
		NodeID: e.st.ID, NodeName: e.st.Name, PodName: r.storedPodName(e), Template: e.leaf, OnExit: e.call.onExit,
		Deadline: r.podDeadline(e), IncludeResult: e.call.result || e.leaf.Data != nil, Restart: e.st.FailedPodRestarts,
	}
	t, err := r.resolve(e.call.ref, e.call.in)
	if err != nil {
		return PodRequest{}, err
	}
	p.IncludeResult = p.IncludeResult || t.ownResult
	if p.Spec, err = r.podSpecFor(r.nodeScope(e, t)); err != nil {
		return PodRequest{}, err
	}
	if e.call.outer != nil {
		p.Boundary = e.call.outer.spec
	}
	if e.leaf.ActiveDeadlineSeconds != nil {
		if n, err := integer("activeDeadlineSeconds", e.leaf.ActiveDeadlineSeconds); err == nil {
			seconds := int64(n)
			p.ActiveDeadline = &seconds
		}
	}
	if f := e.call.attempt; f != nil && f.rules.avoidHosts {
		for _, s := range f.attempts {
			if s.e != nil && s.e != e && s.e.st.HostNodeName != "" {
				p.FailedHosts = append(p.FailedHosts, s.e.st.HostNodeName)
			}
		}
	}
	return p, nil
}
