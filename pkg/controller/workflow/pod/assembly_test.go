package pod

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// TestTrap23_PodAssembly_POD02_POD05_POD13_POD16: what a patch changes is what gets wrapped and looked up; the platform's
// environment comes last and wins; of two deadlines the earlier counts.
func TestTrap23_PodAssembly_POD02_POD05_POD13_POD16(t *testing.T) {
	c := &buildCase{}
	if err := yaml.UnmarshalStrict([]byte(`
includeResult: true
activeDeadline: 100
remains: 40s
images: {patched: {entrypoint: [from-registry], cmd: [argument]}}
workflow:
  spec:
    podSpecPatch: '{"containers": [{"name": "main", "image": "patched"}]}'
    templates:
    - name: step
      podSpecPatch: "containers: [{name: main, env: [{name: OWN, value: patched}]}]"
      container: {image: original, env: [{name: ARGO_NODE_ID, value: forged}, {name: OWN, value: written}]}
`), c); err != nil {
		t.Fatal(err)
	}
	built, err := Build(c.input(t))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(built.Spec.Containers, func(c corev1.Container) bool { return c.Name == MainContainerName })
	main := built.Spec.Containers[i]
	if command := strings.Join(main.Command, " "); main.Image != "patched" || !strings.HasSuffix(command, " -- from-registry") || strings.Join(main.Args, " ") != "argument" {
		t.Errorf("image %s, command %q, args %q", main.Image, command, main.Args)
	}
	last := map[string]string{} // of two variables of one name a container sees the last
	for _, e := range main.Env {
		last[e.Name] = e.Value
	}
	if last["ARGO_NODE_ID"] != "demo-123" || last["OWN"] != "patched" {
		t.Errorf("environment %v", last)
	}
	if d := built.Spec.ActiveDeadlineSeconds; d == nil || time.Duration(*d)*time.Second != 40*time.Second {
		t.Errorf("deadline %v, the workflow has 40 s left and the template gives 100", d)
	}
}

// POD-05: a container that names ARGO_TEMPLATE is given it, with a helper or without; nobody else is.
func TestTemplateIsGivenToWhoNamesIt_POD05(t *testing.T) {
	for name, tc := range map[string]struct {
		template string
		want     bool
	}{
		"plain":    {"container: {image: i, command: [sh, -c], args: ['echo $ARGO_TEMPLATE']}", true},
		"a script": {"script: {image: i, command: [sh], source: 'echo $ARGO_TEMPLATE'}", true},
		"wrapped":  {"container: {image: i, command: [sh, -c], args: ['echo $ARGO_TEMPLATE']}\n      outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}", true},
		"too long": {"container: {image: i, command: [sh, -c], args: ['echo $ARGO_TEMPLATE " + strings.Repeat("x", 125<<10) + "']}", false},
		"silent":   {"container: {image: i, command: [sh, -c], args: [env]}\n      outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := &buildCase{}
			if err := yaml.UnmarshalStrict([]byte("workflow:\n  spec:\n    templates:\n    - name: step\n      inputs: {parameters: [{name: in, value: v}]}\n      "+tc.template), c); err != nil {
				t.Fatal(err)
			}
			built, err := Build(c.input(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range built.Spec.Containers {
				i := slices.IndexFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "ARGO_TEMPLATE" })
				if has := i >= 0; has != (tc.want && c.Name == MainContainerName) {
					t.Fatalf("container %s: given %t", c.Name, has)
				}
				if i < 0 {
					continue
				}
				given := &wfv1.Template{}
				if err := json.Unmarshal([]byte(strings.ReplaceAll(c.Env[i].Value, "$$", "$")), given); err != nil || given.Name != "step" || len(given.Inputs.Parameters) > 0 {
					t.Errorf("container %s is given %s, %v", c.Name, c.Env[i].Value, err)
				}
			}
		})
	}
}

// POD-04: a mirrored mount begins where main's does, also where that is told by a variable.
func TestMirroredMountsBeginWhereMainsDo_POD04(t *testing.T) {
	main, mirror := plain(), true
	main.Env = []corev1.EnvVar{{Name: "SUB", Value: "deep"}, {Name: "OTHER", Value: "x"}}
	main.VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v", SubPathExpr: "a/$(SUB)"}}
	pod, err := Build(inputFor(wfv1.Template{
		Container: main, Volumes: []corev1.Volume{{Name: "v"}},
		InitContainers: []wfv1.UserContainer{
			{Container: corev1.Container{Name: "prepare", Image: "busybox"}, MirrorVolumeMounts: &mirror},
			{Container: corev1.Container{Name: "own", Image: "busybox", Env: []corev1.EnvVar{{Name: "SUB", Value: "shallow"}}}, MirrorVolumeMounts: &mirror},
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"deep", "shallow"} {
		if env := pod.Spec.InitContainers[i].Env; len(env) != 1 || env[0].Name != "SUB" || env[0].Value != want {
			t.Errorf("%s: %v", pod.Spec.InitContainers[i].Name, env)
		}
	}
}
