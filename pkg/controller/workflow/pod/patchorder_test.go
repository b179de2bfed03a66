package pod

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// POD-13: a patch that names main before our helper, or an init container of the user's before ours, must not make them start
// first: they start with what the helpers bring. What it adds comes last.
func TestPatchKeepsTheOrderOfContainers_POD01_POD13(t *testing.T) {
	names := func(containers []corev1.Container) string {
		var list []string
		for _, c := range containers {
			list = append(list, c.Name)
		}
		return strings.Join(list, " ")
	}
	spec := buildSpec(t, `
workflow:
  spec:
    podSpecPatch: |
      containers: [{name: more, image: i, command: [c]}, {name: main, env: [{name: A, value: b}]}, {name: wait, resources: {limits: {memory: 100Mi}}}]
      initContainers: [{name: own, env: [{name: A, value: b}]}, {name: init, resources: {limits: {memory: 100Mi}}}]
    templates:
    - name: step
      container: {image: i, command: [c]}
      initContainers: [{name: own, image: i, command: [c]}]
      inputs: {artifacts: [{name: a, path: /a, raw: {data: d}}]}
      outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}
`)
	if got := names(spec.Containers); got != "wait main more" {
		t.Errorf("containers %s", got)
	}
	if got := names(spec.InitContainers); got != "init own" {
		t.Errorf("init containers %s", got)
	}
}

// TPL-03: a manifest that comes from an artifact is loaded by a helper that uses the same volumes as main; no volume is there
// twice.
func TestManifestFromArtifactHasItsVolumesOnce_TPL03(t *testing.T) {
	spec := buildSpec(t, `
workflow:
  spec:
    templates:
    - name: step
      inputs: {artifacts: [{name: m, path: /m, raw: {data: d}}]}
      resource: {action: apply, manifestFrom: {artifact: {name: m}}}
      outputs: {parameters: [{name: o, valueFrom: {jsonPath: "{.data}"}}]}
`)
	var volumes []string
	for _, v := range spec.Volumes {
		volumes = append(volumes, v.Name)
	}
	slices.Sort(volumes)
	if len(volumes) == 0 || len(slices.Compact(slices.Clone(volumes))) != len(volumes) {
		t.Errorf("volumes %q", volumes)
	}
}

func buildSpec(t *testing.T, text string) *corev1.PodSpec {
	t.Helper()
	c := &buildCase{}
	if err := yaml.UnmarshalStrict([]byte(text), c); err != nil {
		t.Fatal(err)
	}
	built, err := Build(c.input(t))
	if err != nil {
		t.Fatal(err)
	}
	return &built.Spec
}
