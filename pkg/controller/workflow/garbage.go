package workflow

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// cleanup is what becomes of a pod that has ended.
type cleanup int

const (
	// cleanupLater leaves the pod until the workflow is over.
	cleanupLater cleanup = iota
	// cleanupLabel keeps the pod and labels it completed.
	cleanupLabel
	// cleanupDelete deletes the pod.
	cleanupDelete
	// cleanupRelease lets a pod go that was kept until its end is recorded.
	cleanupRelease
	// cleanupKill runs the commands that end what others have put into the pod.
	cleanupKill
	// cleanupEnd ends the pod as a whole.
	cleanupEnd
	// cleanupReclaim brings a pod back into sight that somebody else has labelled as done with.
	cleanupReclaim
)

// garbagePolicy decides what becomes of ended pods (PGC-01), so that each costs one write: a delete or a label.
type garbagePolicy struct {
	strategy wfv1.PodGCStrategy
	selector labels.Selector
	delay    time.Duration
	phase    wfv1.WorkflowPhase
	// well: the step of the pod has succeeded. Its pod may have failed all the same: it was ended for what others have put into it, a
	// sidecar was killed, or it is a daemon's.
	well bool
}

// ofStep is the policy for the pod of a step that has succeeded, or has not.
func (p garbagePolicy) ofStep(succeeded bool) garbagePolicy {
	p.well = succeeded
	return p
}

// newGarbagePolicy reads a workflow's podGC at a phase of the workflow; delay is for one that names none. A selector that cannot be read selects nothing: pods
// are rather kept than lost.
func newGarbagePolicy(gc *wfv1.PodGC, phase wfv1.WorkflowPhase, delay time.Duration) garbagePolicy {
	selector, err := gc.Selector()
	if err != nil {
		selector = labels.Nothing()
	}
	return garbagePolicy{strategy: gc.GetStrategy(), selector: selector, delay: podbuilder.DeleteDelay(gc, &delay), phase: phase}
}

// garbagePolicy reads a workflow's podGC, and the delay from the configuration when the workflow names none.
func (c *Controller) garbagePolicy(gc *wfv1.PodGC, phase wfv1.WorkflowPhase) garbagePolicy {
	return newGarbagePolicy(gc, phase, c.config().DeleteDelay())
}

// decide says what to do with an ended pod, and after how long.
func (p garbagePolicy) decide(pod *corev1.Pod) (cleanup, time.Duration) {
	over := p.phase.Completed()
	deletes := false
	switch p.strategy {
	case wfv1.PodGCOnPodCompletion:
		deletes = true
	case wfv1.PodGCOnPodSuccess:
		deletes = pod.Status.Phase == corev1.PodSucceeded || p.well
	case wfv1.PodGCOnWorkflowCompletion, wfv1.PodGCOnWorkflowSuccess:
		if !over {
			return cleanupLater, 0
		}
		deletes = p.strategy == wfv1.PodGCOnWorkflowCompletion || p.phase == wfv1.WorkflowSucceeded
	}
	if deletes && p.selector.Matches(labels.Set(pod.Labels)) {
		return cleanupDelete, p.delayOf(pod)
	}
	return cleanupLabel, 0
}

// delayOf is how long an ended pod is left alone: as it says itself, where the workflow's delay has had its values put in
// (LBL-02), else as the policy does.
func (p garbagePolicy) delayOf(pod *corev1.Pod) time.Duration {
	if _, text, ok := strings.Cut(pod.Annotations[wfv1.AnnotationKeyPodGCStrategy], "/"); ok {
		if delay, err := time.ParseDuration(text); err == nil && delay >= 0 {
			return delay
		}
	}
	return p.delay
}

// deletesAtEnd tells whether a pod goes with the end of the workflow whether or not it has ended itself.
func (p garbagePolicy) deletesAtEnd(pod *corev1.Pod) bool {
	what, _ := p.decide(pod)
	return p.phase.Completed() && what == cleanupDelete
}
