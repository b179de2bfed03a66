package engine

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// EXE-04: when main could not be started, nobody waits for our helper, which waits for main: the node fails with main's
// words and the pod is stopped. An end that our helper sees is left to it (EXE-05).
func TestMainNeverStarted(t *testing.T) {
	cases := map[string]struct {
		main    corev1.ContainerStatus
		message string
	}{
		"cannot be started":       {ended("main", 128, "StartError", "no such file"), "main: StartError (exit code 128): no such file"},
		"no shared volume":        {ended("main", 65, "Error", "fairlead: the shared volume was not prepared"), "main: Error (exit code 65): fairlead: the shared volume was not prepared"},
		"ended, outputs to come":  {ended("main", 0, "Completed", ""), ""},
		"failed, outputs to come": {ended("main", 65, "Error", "the user's own words"), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			run, _ := begin(t, single(v1alpha1.Template{Script: &v1alpha1.ScriptTemplate{Source: "s"}}), nil)
			pod := observed("u", corev1.PodRunning, "main", "wait")
			pod.Pod.Status.ContainerStatuses = []corev1.ContainerStatus{c.main, {Name: "wait", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
			d := run.Apply(noon, pod)
			if c.message == "" {
				if d.Done || len(d.Stop) != 0 || d.Nodes[0].Phase != v1alpha1.NodeRunning {
					t.Errorf("%+v", d)
				}
				return
			}
			if !d.Done || d.Nodes[0].Phase != v1alpha1.NodeFailed || d.Nodes[0].Message != c.message || len(d.Stop) != 1 || d.Stop[0].UID != "u" {
				t.Errorf("%+v", d)
			}
		})
	}
}
