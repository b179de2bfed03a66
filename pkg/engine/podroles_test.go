package engine

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func at(seconds int, c corev1.ContainerStatus) corev1.ContainerStatus {
	c.State.Terminated.FinishedAt = metav1.NewTime(time.Date(2026, 1, 2, 3, 0, seconds, 0, time.UTC))
	return c
}

func running(name string) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
}

// EXE-04, TPL-12: members of a container set are main containers, whatever their names; the first that failed is to blame.
func TestContainerSetsFailures_EXE04(t *testing.T) {
	set := podRole{set: []string{"a", "b", "main"}, ordered: true}
	for name, tc := range map[string]struct {
		pod     *corev1.Pod
		role    podRole
		phase   v1alpha1.NodePhase
		message string
	}{
		"137 of a member counts although there is a main": {
			podWith(corev1.PodFailed, "", ended("a", 137, "OOMKilled", ""), ended("b", 0, "", ""), ended("main", 0, "", "")), set,
			"Failed", "a: OOMKilled (exit code 137)",
		},
		"who depends on it failed later": {
			podWith(corev1.PodFailed, "", at(9, ended("a", 64, "Error", "")), at(3, ended("b", 2, "Error", ""))), podRole{set: []string{"a", "b"}},
			"Failed", "b: Error (exit code 2)",
		},
		"main depends on it": {
			podWith(corev1.PodFailed, "", ended("main", 64, "Error", `fairlead: dependency "a" exited with non-zero code: 2`), ended("a", 2, "Error", "")), podRole{set: []string{"main", "a"}},
			"Failed", "a: Error (exit code 2)",
		},
		"a sidecar of a set": {
			podWith(corev1.PodFailed, "", ended("a", 0, "", ""), ended("side", 143, "Error", "")), podRole{set: []string{"a"}}, "Succeeded", "",
		},
		"a member that nobody explains": {
			podWith(corev1.PodFailed, "", ended("a", 0, "", ""), corev1.ContainerStatus{Name: "b"}), podRole{set: []string{"a", "b"}},
			"Failed", "pod failed: main container did not complete successfully",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if a := assess(tc.pod, tc.role, time.Time{}); a.phase != tc.phase || a.message != tc.message {
				t.Errorf("%s %q, want %s %q", a.phase, a.message, tc.phase, tc.message)
			}
		})
	}
}

// DESIGN 7: what waits for the end of a container that never began is not left waiting.
func TestMainsThatCannotBegin(t *testing.T) {
	cannot := ended("main", 128, "StartError", "no such directory")
	before := ended("main", 65, "Error", "fairlead: the shared volume was not prepared")
	member := ended("a", 128, "StartError", "")
	for name, tc := range map[string]struct {
		pod     *corev1.Pod
		role    podRole
		message string
	}{
		"our helper waits":               {podWith(corev1.PodRunning, "", running("wait"), cannot), podRole{}, "main: StartError (exit code 128): no such directory"},
		"the wrapper could not begin":    {podWith(corev1.PodRunning, "", running("wait"), before), podRole{}, "main: Error (exit code 65): fairlead: the shared volume was not prepared"},
		"the user's own 65":              {podWith(corev1.PodRunning, "", running("wait"), ended("main", 65, "Error", "")), podRole{}, ""},
		"a sidecar waits":                {podWith(corev1.PodRunning, "", cannot, running("side")), podRole{sidecars: []string{"side"}}, "main: StartError (exit code 128): no such directory"},
		"a member waits":                 {podWith(corev1.PodRunning, "", member, running("b")), podRole{set: []string{"a", "b"}, ordered: true}, "a: StartError (exit code 128)"},
		"members that do not wait":       {podWith(corev1.PodRunning, "", member, running("b")), podRole{set: []string{"a", "b"}}, ""},
		"a sidecar that cannot be begun": {podWith(corev1.PodRunning, "", running("main"), ended("side", 128, "StartError", "")), podRole{}, ""},
		"nobody waits in a plain pod":    {podWith(corev1.PodRunning, "", cannot), podRole{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := assess(tc.pod, tc.role, time.Time{})
			if a.inVain != (tc.message != "") || a.inVain && a.message != tc.message {
				t.Errorf("in vain: %v, %q; want %q", a.inVain, a.message, tc.message)
			}
		})
	}
}

// RTY-12: a pod is made again only for a reason of the cluster, and only if no main container has started.
func TestRestartable_RTY12(t *testing.T) {
	for reason, want := range map[string]bool{"Evicted": true, "NodeShutdown": true, "NodeAffinity": true, "UnexpectedAdmissionError": true, "DeadlineExceeded": false, "": false} {
		p := podWith(corev1.PodFailed, "why", corev1.ContainerStatus{Name: "a"})
		p.Status.Reason = reason
		if a := assess(p, podRole{set: []string{"a"}}, time.Time{}); a.restartable != want {
			t.Errorf("%q: restartable %v, want %v", reason, a.restartable, want)
		}
		p = podWith(corev1.PodFailed, "why", ended("a", 137, "Error", ""))
		p.Status.Reason = reason
		if a := assess(p, podRole{set: []string{"a"}}, time.Time{}); a.restartable {
			t.Errorf("%q: started and restartable", reason)
		}
	}
}

// Kubernetes says in a condition that a node is gone; without it, nobody would know why the pod failed.
func TestNodeIsGone(t *testing.T) {
	p := podWith(corev1.PodFailed, "", running("main"))
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "DeletionByPodGC", Message: "PodGC: node no longer exists"}}
	want := "pod failed: main container did not complete successfully: DeletionByPodGC: PodGC: node no longer exists"
	if a := assess(p, podRole{}, time.Time{}); a.phase != v1alpha1.NodeFailed || a.message != want {
		t.Errorf("%s %q", a.phase, a.message)
	}
}

// A pod is taken for ended when all its containers have ended well, before its phase says so; not where its phase may come to
// say something else.
func TestPodsThatHaveEndedWell(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	now := start.Add(10 * time.Second)
	soon, late, always := int64(11), int64(13), corev1.ContainerRestartPolicyAlways
	for name, tc := range map[string]struct {
		statuses []corev1.ContainerStatus
		change   func(*corev1.Pod)
		want     bool
	}{
		"all have":             {statuses: []corev1.ContainerStatus{ended("main", 0, "", ""), ended("wait", 0, "", "")}, want: true},
		"one runs":             {statuses: []corev1.ContainerStatus{ended("main", 0, "", ""), running("wait")}},
		"one failed":           {statuses: []corev1.ContainerStatus{ended("main", 1, "", "")}},
		"nothing is known":     {},
		"one is not known yet": {statuses: []corev1.ContainerStatus{ended("main", 0, "", "")}, change: func(p *corev1.Pod) { p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "x"}) }},
		"it is deleted":        {statuses: []corev1.ContainerStatus{ended("main", 0, "", "")}, change: func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} }},
		"its deadline is near": {statuses: []corev1.ContainerStatus{ended("main", 0, "", "")}, change: func(p *corev1.Pod) { p.Spec.ActiveDeadlineSeconds = &soon }},
		"its deadline is far":  {statuses: []corev1.ContainerStatus{ended("main", 0, "", "")}, change: func(p *corev1.Pod) { p.Spec.ActiveDeadlineSeconds = &late }, want: true},
		"it is evicted": {statuses: []corev1.ContainerStatus{ended("main", 0, "", "")}, change: func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}
		}},
		"it starts again": {statuses: []corev1.ContainerStatus{ended("main", 0, "", "")}, change: func(p *corev1.Pod) { p.Spec.Containers[0].RestartPolicy = &always }},
		"it is over":      {statuses: []corev1.ContainerStatus{ended("main", 0, "", "")}, change: func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }},
	} {
		t.Run(name, func(t *testing.T) {
			p := podWith(corev1.PodRunning, "", tc.statuses...)
			p.Status.StartTime = &metav1.Time{Time: start}
			if tc.change != nil {
				tc.change(p)
			}
			if got := Ended(p, now); got != tc.want {
				t.Errorf("ended: %v", got)
			}
		})
	}
}
