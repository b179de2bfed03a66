package pod

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
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
