package pod

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// V-257: a pod that gets no token of its own reports all the same, because the helper brings its token along; no account for
// the executor has to be named.
func TestReportsWithoutAutomountedToken_V257(t *testing.T) {
	none := false
	pod, err := Build(inputFor(wfv1.Template{
		AutomountServiceAccountToken: &none, Container: plain(),
		Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if given := pod.Spec.AutomountServiceAccountToken; given == nil || *given {
		t.Errorf("automountServiceAccountToken: %v", given)
	}
	mounts := func(c corev1.Container) bool {
		return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == tokenVolumeName })
	}
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if mounts(c) != (c.Name == "wait") {
			t.Errorf("container %s has the helper's token: %v", c.Name, mounts(c))
		}
	}
}
