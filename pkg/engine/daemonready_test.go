package engine

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// DMN-01: a daemon that was never ready does not become so by being ended. The kubelet stops its probes then and calls its
// containers ready, of a pod that it says is not.
func TestDaemonIsNotReadyWhileItIsEnded_DMN01(t *testing.T) {
	for _, c := range []struct {
		condition corev1.ConditionStatus
		daemoned  bool
	}{{corev1.ConditionTrue, true}, {corev1.ConditionFalse, false}} {
		pod := observed("u", corev1.PodRunning, "main").Pod
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.ContainersReady, Status: c.condition}}
		if a := assess(pod, podRole{daemon: true}, noon); a.phase != v1alpha1.NodeRunning || a.daemoned != c.daemoned {
			t.Errorf("containers ready: %s: %+v", c.condition, a)
		}
	}
}
