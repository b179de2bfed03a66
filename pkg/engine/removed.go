package engine

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// podDeleted is the message of a node whose pod has vanished.
const podDeleted = "pod deleted"

// removed tells whether a pod failed only because somebody deleted it (POD-21): what its containers say is how they were
// killed. Where pods are kept until their end is known, that is what is asked for (POD-19).
func removed(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp == nil || pod.Status.Message != "" || slices.Contains(pod.Finalizers, v1alpha1.FinalizerPodStatus) {
		return false
	}
	asked := pod.DeletionTimestamp.Time
	if s := pod.DeletionGracePeriodSeconds; s != nil {
		asked = asked.Add(-time.Duration(*s) * time.Second)
	}
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			if t := list[i].State.Terminated; t != nil && t.ExitCode != 0 && !t.FinishedAt.IsZero() && t.FinishedAt.Time.Before(asked) {
				return false
			}
		}
	}
	return true
}

// Unstarted tells whether it is certain that no container of a pod ever ran: none is said to have, and the pod was with no
// kubelet, or its kubelet has given it up. That a pod failed does not say so by itself: of a node that is cut off or gone,
// Kubernetes says it of every pod, whatever became of them.
func Unstarted(pod *corev1.Pod) bool {
	unbound := pod.Spec.NodeName == ""
	if p := pod.Status.Phase; p != corev1.PodFailed && (p != corev1.PodPending || !unbound) {
		return false
	}
	givenUp := false
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			c := &list[i]
			if c.ContainerID != "" || c.State.Running != nil || c.LastTerminationState.Terminated != nil {
				return false
			}
			if t := c.State.Terminated; t != nil {
				if t.ContainerID != "" || !t.StartedAt.IsZero() {
					return false
				}
				givenUp = givenUp || t.Reason == reasonNotFound
			}
		}
	}
	return unbound || givenUp
}

// reasonNotFound is why a container has ended of which its kubelet found nothing when it took the pod down. Of a pod that it
// has, it says that at least of the first container.
const reasonNotFound = "ContainerStatusUnknown"

// podGone ends a node whose pod has vanished. One that certainly never ran is made again (POD-21); no other is.
func (r *Run) podGone(ev PodGone) {
	e := r.table[ev.NodeID]
	if e == nil || e.over() || (ev.UID != "" && e.st.PodUID != ev.UID) {
		return
	}
	delete(r.unclear, ev.NodeID)
	if e.st.Completed() {
		r.writeOff(e)
		return
	}
	if ev.Unstarted && e.st.Phase == v1alpha1.NodePending {
		r.replace(e)
		return
	}
	r.change(e, func(st *v1alpha1.NodeStatus) {
		st.Phase, st.Message, st.Daemoned = v1alpha1.NodeError, podDeleted, nil
	})
}

// replace makes the pod of a node again that somebody deleted before it ran. The intent is stored anew, and names the pod that
// it does not mean.
func (r *Run) replace(e *entry) {
	r.change(e, func(st *v1alpha1.NodeStatus) {
		st.RestartingPodUID = string(st.PodUID)
		st.PodUID, st.Message, st.HostNodeName = "", "", ""
	})
	r.alarm(r.now.Add(r.restartPause()), e)
}
