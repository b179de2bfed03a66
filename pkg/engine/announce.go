package engine

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Announcement tells the containers of a pod which of its main containers have ended. They see that by themselves, by a lock that
// each container holds, unless one was killed before it came to take its lock: then only the kubelet knows.
type Announcement struct {
	PodRef
	// Containers that have ended.
	Containers []string
}

// unseenAfter is how long the others have to see the end of a container by themselves. Mostly they take a second, and nothing
// needs to be announced.
const unseenAfter = 5 * time.Second

// noteEnds keeps in mind which main containers of a pod have ended badly while others in it may wait for that.
func (r *Run) noteEnds(e *entry, pod *corev1.Pod, role podRole) {
	if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil || !someoneWaits(pod, role) {
		e.ends, e.announced = nil, nil
		return
	}
	var ends []string
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		// What ends well has held its lock.
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 && role.main(c.Name) {
			ends = append(ends, c.Name)
		}
	}
	if slices.Equal(ends, e.ends) {
		return
	}
	if e.ends = ends; len(ends) > 0 {
		r.alarm(r.now.Add(unseenAfter), e)
	}
}

// announceEnds tells a pod that still runs of the ends in it.
func (r *Run) announceEnds(e *entry) {
	if e.st.Phase != v1alpha1.NodeRunning || len(e.ends) == 0 || slices.Equal(e.ends, e.announced) {
		return
	}
	e.announced = e.ends
	r.out.Announce = append(r.out.Announce, Announcement{PodRef: r.podRef(e), Containers: slices.Clone(e.ends)})
}

// someoneWaits tells whether a container of ours in a pod waits for the end of a main container: our helper, sidecars, members
// of a set.
func someoneWaits(pod *corev1.Pod, role podRole) bool {
	return len(pod.Spec.Containers) > max(len(role.set), 1) || role.ordered
}
