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

// POD-09: a resource or data step acts as the account of the executor, of the template before the workflow's, and nothing else in its
// pod does; other steps keep their own.
func TestExecutorAccount_POD09(t *testing.T) {
	as := func(name string) *wfv1.ExecutorConfig { return &wfv1.ExecutorConfig{ServiceAccountName: name} }
	yes := true
	resource := &wfv1.ResourceTemplate{Action: "get", Flags: []string{"pods"}}
	for name, c := range map[string]struct {
		template  wfv1.Template
		workflow  *wfv1.ExecutorConfig
		account   string
		automount bool
	}{
		"resource, of the workflow":   {wfv1.Template{Resource: resource}, as("executor"), "executor", false},
		"resource, of the template":   {wfv1.Template{Resource: resource, Executor: as("own")}, as("executor"), "own", false},
		"resource, the same account":  {wfv1.Template{Resource: resource}, as("user"), "user", true},
		"resource, none":              {wfv1.Template{Resource: resource}, nil, "user", true},
		"container":                   {wfv1.Template{Container: plain(), Executor: as("own")}, as("executor"), "user", true},
		"container that is read from": {wfv1.Template{Container: plain(), Executor: as("own"), Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}}}, nil, "user", true},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputFor(c.template)
			in.Spec.Executor, in.Spec.ServiceAccountName, in.Spec.AutomountServiceAccountToken = c.workflow, "user", &yes
			pod, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			if got := pod.Spec.ServiceAccountName; got != c.account {
				t.Errorf("acts as %s", got)
			}
			if got := *pod.Spec.AutomountServiceAccountToken; got != c.automount {
				t.Errorf("automountServiceAccountToken: %t", got)
			}
		})
	}
}
