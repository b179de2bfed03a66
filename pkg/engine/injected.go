package engine

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// injected tells whether a container was put into the pod by somebody else, such as a webhook that adds a proxy: neither the
// template nor a patch of the workflow has it. Nobody in the pod ends it, and no step is about it (DMN-04).
func (p podRole) injected(pod *corev1.Pod, name string) bool {
	if name == "main" || name == "wait" || slices.Contains(p.set, name) || slices.Contains(p.sidecars, name) {
		return false
	}
	added := pod.Annotations[v1alpha1.AnnotationKeySidecars]
	return added == "" || !slices.Contains(strings.Split(added, ","), name)
}

// withoutInjected is the pod as its status would be if nobody had put containers into it, once all others have ended; nil when
// there are none, when they have ended as well, or when Kubernetes is about to end the pod and will say why.
func withoutInjected(pod *corev1.Pod, role podRole, now time.Time) *corev1.Pod {
	if role.unknown || !undisturbed(pod, now) || len(pod.Status.ContainerStatuses) < len(pod.Spec.Containers) {
		return nil
	}
	runs, phase := false, corev1.PodSucceeded
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		t := c.State.Terminated
		switch {
		case role.injected(pod, c.Name):
			runs = runs || t == nil
		case t == nil:
			return nil
		case t.ExitCode != 0:
			phase = corev1.PodFailed
		}
	}
	if !runs {
		return nil
	}
	alone := *pod
	alone.Status.Phase = phase
	alone.Spec.Containers = slices.DeleteFunc(slices.Clone(pod.Spec.Containers), func(c corev1.Container) bool { return role.injected(pod, c.Name) })
	alone.Status.ContainerStatuses = slices.DeleteFunc(slices.Clone(pod.Status.ContainerStatuses), func(c corev1.ContainerStatus) bool { return role.injected(pod, c.Name) })
	if len(alone.Spec.Containers) == 0 {
		return nil
	}
	return &alone
}
