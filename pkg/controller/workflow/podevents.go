package workflow

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// hiddenPodRecheck is how often a running pod is looked at that the informer does not show.
const hiddenPodRecheck = 5 * time.Second

// takeMail empties the mailbox of a run.
func (c *Controller) takeMail(ctx context.Context, r *activeRun) ([]engine.Event, time.Time, error) {
	r.unstored = c.mail.take(r.key)
	// Results come first: the end of a pod that reported them is complete then.
	reported := c.reportEvents(r)
	events, ended, err := c.podEvents(ctx, r, r.unstored)
	return append(reported, events...), ended, err
}

// podEvents turns letters about pods into events of the engine. It compares UIDs and nothing else: a pod with another UID
// than the recorded one is deleted, whatever its name says. The time is when the earliest end of a pod among the letters
// became known; zero when none ended.
func (c *Controller) podEvents(ctx context.Context, r *activeRun, letters []letter) ([]engine.Event, time.Time, error) {
	var events []engine.Event
	var ended time.Time
	for _, l := range letters {
		if owner := metav1.GetControllerOfNoCopy(l.pod); owner == nil || owner.UID != r.workflow.UID {
			continue
		}
		nodeID := l.pod.Annotations[wfv1.AnnotationKeyNodeID]
		a := r.attempts[nodeID]
		// Left of the node that was here before the retry.
		leftover := a != nil && l.pod.UID != a.uid && !r.ofThisRound(l.pod)
		if !l.vanished && (heldInVain(l.pod, a) || leftover && heldInVain(l.pod, nil)) {
			c.cleaner.release(l.pod)
		}
		if a == nil {
			if err := c.afterTheEnd(ctx, r, nodeID, l); err != nil {
				return nil, ended, err
			}
			continue
		}
		if leftover {
			if !l.vanished {
				if err := c.deleteForeign(ctx, l.pod); err != nil {
					return nil, ended, err
				}
			}
			continue
		}
		event, err := c.podEvent(ctx, r, nodeID, a, l)
		if err != nil {
			return nil, ended, err
		}
		if event == nil {
			continue
		}
		events = append(events, event)
		r.creates.remove(nodeID)
		if (l.vanished || terminal(l.pod) || engine.Ended(l.pod, l.arrived)) && (ended.IsZero() || l.arrived.Before(ended)) {
			ended = l.arrived
		}
	}
	return events, ended, nil
}

// afterTheEnd is about a pod whose node needs nothing more. When it has ended as well, it may be cleaned up. One that came
// when its attempt had been given up, because a create was answered late or not at all, is ended; so is one beside the pod
// on record. A pod of a node that this run does not know is left alone, for this run may be behind what is stored.
func (c *Controller) afterTheEnd(ctx context.Context, r *activeRun, nodeID string, l letter) error {
	o, known := r.over[nodeID]
	switch {
	case !known:
	case o.uid != "" && o.uid != l.pod.UID:
		if !l.vanished && r.ofThisRound(l.pod) {
			return c.deleteForeign(ctx, l.pod)
		}
	case l.vanished:
		delete(r.over, nodeID)
	case terminal(l.pod):
		c.cleaner.clean(l.pod, c.garbagePolicy(r.spec.PodGC, r.status.Phase).ofStep(o.well))
	case o.uid == "":
		return c.stopPod(ctx, l.pod)
	}
	return nil
}

// isOver tells whether a pod is that of a node that is over.
func (r *activeRun) isOver(pod *corev1.Pod) bool {
	o, known := r.over[pod.Annotations[wfv1.AnnotationKeyNodeID]]
	return known && (o.uid == "" || o.uid == pod.UID)
}

func (c *Controller) podEvent(ctx context.Context, r *activeRun, nodeID string, a *attempt, l letter) (engine.Event, error) {
	pod := l.pod
	switch {
	case pod.UID == a.replaces && a.replaces != "":
		return nil, nil
	case a.uid != "" && a.uid != pod.UID:
		if l.vanished {
			return nil, nil
		}
		return nil, c.deleteForeign(ctx, pod)
	case !l.vanished:
		return a.observe(nodeID, pod), nil
	case a.uid == "" && !engine.Unstarted(pod) && isOurs(pod, r, nodeID):
		// Gone before anybody knew of it, as the answer to its creation was lost: it may have run, and counts.
		c.mail.putBack(r.key, l)
		return a.observe(nodeID, pod), nil
	case a.uid == "":
		// Gone before its UID was stored: whether the attempt has a pod is asked when it is created.
		return nil, nil
	case terminal(pod):
		// The last word about a deleted pod was its end, and that counts.
		if event := a.observe(nodeID, pod); event != nil {
			return event, nil
		}
	}
	return c.confirmGone(ctx, r, nodeID, a, engine.Unstarted(pod))
}

// observe reports a pod to the engine unless it has seen this or a newer version of it.
func (a *attempt) observe(nodeID string, pod *corev1.Pod) engine.Event {
	if a.uid == pod.UID && a.observed != "" && !newer(pod.ResourceVersion, a.observed) {
		return nil
	}
	a.uid, a.podName, a.observed = pod.UID, pod.Name, pod.ResourceVersion
	return engine.PodObserved{NodeID: nodeID, Pod: pod}
}

// confirmGone asks the API about a pod that the informer lost: it loses pods for their label as well. unstarted is what its last
// state said.
func (c *Controller) confirmGone(ctx context.Context, r *activeRun, nodeID string, a *attempt, unstarted bool) (engine.Event, error) {
	live, err := c.pods.Get(ctx, r.key.Namespace, a.podName)
	switch {
	case apierrors.IsNotFound(err):
		return engine.PodGone{NodeID: nodeID, UID: a.uid, Unstarted: unstarted}, nil
	case err != nil:
		return nil, fmt.Errorf("read pod %s/%s, which the informer lost: %w", r.key.Namespace, a.podName, err)
	case live.UID != a.uid:
		if isOurs(live, r, nodeID) {
			if err := c.deleteForeign(ctx, live); err != nil {
				return nil, err
			}
		}
		return engine.PodGone{NodeID: nodeID, UID: a.uid, Unstarted: unstarted}, nil
	case holds(live):
		// Somebody labelled it completed: it is brought back into sight, where it is let go.
		c.cleaner.reclaim(live)
	case !terminal(live):
		// Somebody labelled it completed while it runs, and the informer will not tell of its end, nor of whether it ran.
		c.mail.putBack(r.key, letter{pod: missingPod(r, nodeID, a), vanished: true, arrived: c.clock.Now()})
		c.queue.AddAfter(r.key, hiddenPodRecheck)
	}
	return a.observe(nodeID, live), nil
}

// deleteForeign removes a pod that claims to be an attempt which has another pod.
func (c *Controller) deleteForeign(ctx context.Context, pod *corev1.Pod) error {
	if pod.DeletionTimestamp != nil {
		return nil
	}
	if err := c.pods.Delete(ctx, pod.Namespace, pod.Name, pod.UID); err != nil {
		return fmt.Errorf("delete pod %s/%s, which is not the recorded pod of its step: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

// missingPod stands for a recorded pod that the informer does not have, in a letter that says so.
func missingPod(r *activeRun, nodeID string, a *attempt) *corev1.Pod {
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name, pod.UID = r.key.Namespace, a.podName, a.uid
	pod.Annotations = map[string]string{wfv1.AnnotationKeyNodeID: nodeID}
	pod.OwnerReferences = []metav1.OwnerReference{{UID: r.workflow.UID, Controller: new(true)}}
	return pod
}

// isOurs tells whether a pod was made by this protocol for this node of this workflow.
func isOurs(pod *corev1.Pod, r *activeRun, nodeID string) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	return owner != nil && owner.UID == r.workflow.UID && pod.Annotations[wfv1.AnnotationKeyNodeID] == nodeID
}
