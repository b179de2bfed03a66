package engine

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func ended(name string, code int32, reason, message string) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message}}}
}

func waiting(name, reason, message string) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
}

func podWith(phase corev1.PodPhase, message string, statuses ...corev1.ContainerStatus) *corev1.Pod {
	p := &corev1.Pod{Status: corev1.PodStatus{Phase: phase, Message: message}}
	for _, s := range statuses {
		if s.Name == "init" {
			p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, s)
			continue
		}
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: s.Name})
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, s)
	}
	return p
}

// beside makes the init containers of a pod such as run beside the others.
func beside(p *corev1.Pod) *corev1.Pod {
	for _, s := range p.Status.InitContainerStatuses {
		p.Spec.InitContainers = append(p.Spec.InitContainers, corev1.Container{Name: s.Name, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)})
	}
	return p
}

func TestTrap12_FailedOrError_EXE04(t *testing.T) {
	ok := ended("main", 0, "Completed", "")
	for _, tc := range []struct {
		name    string
		pod     *corev1.Pod
		phase   v1alpha1.NodePhase
		message string
	}{
		{"main", podWith(corev1.PodFailed, "", ended("main", 1, "Error", "")), "Failed", "main: Error (exit code 1)"},
		{"out of memory", podWith(corev1.PodFailed, "", ended("main", 137, "OOMKilled", "")), "Failed", "main: OOMKilled (exit code 137)"},
		{"last words", podWith(corev1.PodFailed, "", ended("main", 2, "Error", "no luck\n")), "Failed", "main: Error (exit code 2): no luck"},
		{"the pod's own message comes first", podWith(corev1.PodFailed, "Pod was evicted", ended("main", 1, "Error", "")), "Failed", "Pod was evicted"},
		{"init before main", podWith(corev1.PodFailed, "", ended("init", 1, "Error", ""), ended("main", 1, "Error", "")), "Error", "init: Error (exit code 1)"},
		{"DRV-10 main before a driver that is ended with the pod", beside(podWith(corev1.PodFailed, "", ended("init", 143, "Error", ""), ended("main", 1, "Error", ""))), "Failed", "main: Error (exit code 1)"},
		{"main before wait", podWith(corev1.PodFailed, "", ended("wait", 1, "Error", ""), ended("main", 3, "Error", "")), "Failed", "main: Error (exit code 3)"},
		{"wait alone", podWith(corev1.PodFailed, "", ok, ended("wait", 1, "Error", "cannot save")), "Error", "wait: Error (exit code 1): cannot save"},
		{"a sidecar that was killed", podWith(corev1.PodFailed, "", ok, ended("side", 137, "Error", "")), "Succeeded", ""},
		{"a sidecar that failed", podWith(corev1.PodFailed, "", ok, ended("side", 1, "Error", "")), "Failed", "side: Error (exit code 1)"},
		{"never started", podWith(corev1.PodFailed, "", waiting("main", "CreateContainerError", "no such file")), "Error", "Pod failed before main container starts due to CreateContainerError: no such file"},
		{"unexplained", podWith(corev1.PodFailed, "", ended("wait", 0, "", ""), corev1.ContainerStatus{Name: "main"}), "Failed", "pod failed: main container did not complete successfully"},
		{"wait unexplained", podWith(corev1.PodFailed, "", ok, corev1.ContainerStatus{Name: "wait"}), "Failed", "pod failed: wait container did not complete successfully"},
		{"neither", podWith(corev1.PodFailed, "", corev1.ContainerStatus{Name: "main"}, corev1.ContainerStatus{Name: "wait"}), "Failed", "pod failed: neither main nor wait container completed successfully"},
		{"succeeded", podWith(corev1.PodSucceeded, "", ok), "Succeeded", ""},
		{"POD-22 image", podWith(corev1.PodPending, "", waiting("main", "ImagePullBackOff", "Back-off pulling image")), "Pending", "ImagePullBackOff: Back-off pulling image"},
		{"POD-22 initialising is not shown", podWith(corev1.PodPending, "", waiting("main", "PodInitializing", "")), "Pending", ""},
		{"odd phase", podWith(corev1.PodUnknown, ""), "Error", "Unexpected pod phase for : Unknown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if a := assess(tc.pod, podRole{}, time.Time{}); a.phase != tc.phase || a.message != tc.message {
				t.Errorf("%s %q, want %s %q", a.phase, a.message, tc.phase, tc.message)
			}
		})
	}
	unschedulable := podWith(corev1.PodPending, "")
	unschedulable.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes"}}
	if a := assess(unschedulable, podRole{}, time.Time{}); a.message != "Unschedulable: 0/1 nodes" {
		t.Errorf("%q", a.message)
	}
}

func TestTrap21_DaemonsAreReady_DMN01(t *testing.T) {
	p := podWith(corev1.PodRunning, "", corev1.ContainerStatus{Name: "main", Ready: true}, corev1.ContainerStatus{Name: "side"})
	if assess(p, podRole{daemon: true}, time.Time{}).daemoned {
		t.Error("a daemon serves only when every container is ready")
	}
	p.Status.ContainerStatuses[1].Ready = true
	if !assess(p, podRole{daemon: true}, time.Time{}).daemoned || assess(p, podRole{}, time.Time{}).daemoned {
		t.Error("all are ready")
	}
	if a := assess(podWith(corev1.PodSucceeded, "", ended("main", 0, "", "")), podRole{daemon: true}, time.Time{}); a.phase != v1alpha1.NodeFailed {
		t.Errorf("a daemon that ends has failed, got %s", a.phase)
	}
}

func TestResourcesDuration_NOD08(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	p := podWith(corev1.PodSucceeded, "", ended("main", 0, "", ""))
	p.Status.ContainerStatuses[0].State.Terminated.StartedAt = metav1.NewTime(start)
	p.Status.ContainerStatuses[0].State.Terminated.FinishedAt = metav1.NewTime(start.Add(100 * time.Second))
	got := podResources(p, start)
	if got[corev1.ResourceCPU] != 10 || got[corev1.ResourceMemory] != 100 {
		t.Errorf("without requests a container counts as 100m and 100Mi: %v", got)
	}
}

func TestHumanDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		10 * time.Second: "10 seconds", time.Second: "1 second", 65 * time.Second: "1 minute 5 seconds", 2 * time.Hour: "2 hours 0 minutes", 0: "0 seconds",
	} {
		if got := humanDuration(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
