package engine

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// LIM-20, DMN-04: a container that others have put into the pod does not keep a step from ending; its own containers and those
// of a patch do.
func TestInjectedContainersDoNotCount_LIM20(t *testing.T) {
	ok, bad := ended("main", 0, "Completed", ""), ended("main", 3, "Error", "")
	for name, c := range map[string]struct {
		role     podRole
		statuses []corev1.ContainerStatus
		change   func(*corev1.Pod)
		phase    v1alpha1.NodePhase
		message  string
		surplus  bool
	}{
		"main succeeded":       {podRole{}, []corev1.ContainerStatus{ok, running("proxy")}, nil, "Succeeded", "", true},
		"main failed":          {podRole{}, []corev1.ContainerStatus{bad, running("proxy")}, nil, "Failed", "main: Error (exit code 3)", true},
		"out of memory":        {podRole{}, []corev1.ContainerStatus{ended("main", 137, "OOMKilled", ""), running("proxy")}, nil, "Failed", "main: OOMKilled (exit code 137)", true},
		"main runs":            {podRole{}, []corev1.ContainerStatus{running("main"), running("proxy")}, nil, "Running", "", false},
		"wait runs":            {podRole{}, []corev1.ContainerStatus{running("wait"), ok, running("proxy")}, nil, "Running", "", false},
		"wait has ended":       {podRole{}, []corev1.ContainerStatus{ended("wait", 0, "", ""), ok, running("proxy")}, nil, "Succeeded", "", true},
		"wait has failed":      {podRole{}, []corev1.ContainerStatus{ended("wait", 1, "Error", "no"), ok, running("proxy")}, nil, "Error", "wait: Error (exit code 1): no", true},
		"a sidecar runs":       {podRole{sidecars: []string{"side"}}, []corev1.ContainerStatus{ok, running("side"), running("proxy")}, nil, "Running", "", false},
		"a sidecar was ended":  {podRole{sidecars: []string{"side"}}, []corev1.ContainerStatus{ok, ended("side", 143, "Error", ""), running("proxy")}, nil, "Succeeded", "", true},
		"one of a patch runs":  {podRole{}, []corev1.ContainerStatus{ok, running("added"), running("proxy")}, func(p *corev1.Pod) { p.Annotations = map[string]string{v1alpha1.AnnotationKeySidecars: "other,added"} }, "Running", "", false},
		"members of a set":     {podRole{set: []string{"a", "b"}}, []corev1.ContainerStatus{ended("a", 0, "", ""), ended("b", 0, "", ""), running("proxy")}, nil, "Succeeded", "", true},
		"a member runs":        {podRole{set: []string{"a", "b"}}, []corev1.ContainerStatus{ended("a", 0, "", ""), running("b"), running("proxy")}, nil, "Running", "", false},
		"a daemon has ended":   {podRole{daemon: true}, []corev1.ContainerStatus{ok, running("proxy")}, nil, "Failed", "", true},
		"the proxy has failed": {podRole{}, []corev1.ContainerStatus{ok, ended("proxy", 1, "Error", "")}, nil, "Running", "", false},
		"it is being deleted":  {podRole{}, []corev1.ContainerStatus{ok, running("proxy")}, func(p *corev1.Pod) { p.DeletionTimestamp = new(metav1.Now()) }, "Running", "", false},
		"no template":          {podRole{unknown: true}, []corev1.ContainerStatus{ok, running("proxy")}, nil, "Running", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := podWith(corev1.PodRunning, "", c.statuses...)
			if c.change != nil {
				c.change(p)
			}
			a := assess(p, c.role, time.Time{})
			if a.phase != c.phase || a.message != c.message || a.surplus != c.surplus {
				t.Errorf("%s %q, surplus %v", a.phase, a.message, a.surplus)
			}
		})
	}
}

// The pod in which only such a container runs is stopped once the end of the step is stored, and collected when it has ended.
func TestPodsOfInjectedContainersAreStopped_LIM20(t *testing.T) {
	run, _ := begin(t, single(v1alpha1.Template{Container: &corev1.Container{}}), nil)
	pod := observed("u", corev1.PodRunning, "main", "proxy")
	pod.Pod.Status.ContainerStatuses = []corev1.ContainerStatus{ended("main", 0, "", ""), running("proxy")}
	d := run.Apply(noon, pod)
	if !d.Done || d.Nodes[0].Phase != v1alpha1.NodeSucceeded || len(d.Stop) != 1 || d.Stop[0].UID != "u" || len(d.Finished) != 0 {
		t.Errorf("%+v", d)
	}
}

// TPL-15: a sidecar of the template is not one that others have put in, also when its name is put together from values, and
// when another controller goes on with the run.
func TestSidecarsWithTagsInTheirNamesAreNotInjected_TPL15(t *testing.T) {
	wf := single(v1alpha1.Template{Container: &corev1.Container{}, Sidecars: []v1alpha1.UserContainer{{Container: corev1.Container{Name: "side-of-{{workflow.name}}"}}}})
	run, first := begin(t, wf, nil)
	pod := observed("u", corev1.PodRunning, "main", "side-of-wf")
	pod.Pod.Status.ContainerStatuses = []corev1.ContainerStatus{ended("main", 0, "", ""), running("side-of-wf")}
	again, _ := begin(t, wf, first.Nodes)
	for name, r := range map[string]*Run{"same": run, "another": again} {
		if d := r.Apply(noon, pod); d.Done || len(d.Stop) > 0 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
