package pod

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/packed"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// EXE-15: arguments that are too long for a pod reach the wrapper through `init`, whole; the pod stays small.
func TestLongArguments_EXE15(t *testing.T) {
	args := []string{"-x", strings.Repeat("é'\"$(HOME)", 20000)}
	pod, err := Build(inputFor(wfv1.Template{Container: &corev1.Container{Image: "busybox", Command: []string{"wc"}, Args: args}}))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(pod)
	if err != nil || len(data) > 20000 {
		t.Errorf("the pod has %d bytes, %v", len(data), err)
	}
	main, first := pod.Spec.Containers[0], pod.Spec.InitContainers[0]
	if want := []string{"/var/run/argo/fairlead-run", "main", "--", "wc"}; !slices.Equal(main.Command, want) || len(main.Args) > 0 {
		t.Errorf("main runs %q %q", main.Command, main.Args)
	}
	env := map[string]string{}
	for _, e := range first.Env {
		env[e.Name] = e.Value
	}
	text, err := packed.Open(task.ArgsEnv, func(n string) string { return env[n] })
	if err != nil || text == nil {
		t.Fatalf("%v, %v", text, err)
	}
	got := map[string][]string{}
	if err := json.NewDecoder(text).Decode(&got); err != nil || !reflect.DeepEqual(got, map[string][]string{"main": args}) {
		t.Errorf("%v, %v", got, err)
	}
	if !strings.Contains(env[task.Env], `"longArgs":true`) {
		t.Errorf("the wrapper is not told: %s", env[task.Env])
	}
}

// POD-02: while a registry has not answered, the pod is not refused for good.
func TestCommandNotKnownYet_POD02(t *testing.T) {
	in := inputFor(wfv1.Template{Container: &corev1.Container{Image: "tool"}})
	in.IncludeResult = true
	in.Commands = func(string, *corev1.PodSpec, string) (ImageCommand, error) { return ImageCommand{}, ErrNotYet }
	if _, err := Build(in); !errors.Is(err, ErrNotYet) {
		t.Errorf("%v", err)
	}
	in.Commands = func(string, *corev1.PodSpec, string) (ImageCommand, error) { return ImageCommand{}, nil }
	if _, err := Build(in); err == nil || !strings.Contains(err.Error(), "failed to look-up entrypoint/cmd for image \"tool\"") {
		t.Errorf("an image without a command: %v", err)
	}
}
