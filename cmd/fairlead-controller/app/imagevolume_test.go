package app

import (
	"context"
	"testing"

	"k8s.io/client-go/kubernetes/fake"

	"fairlead.dev/fairlead/pkg/controller/config"
	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// POD-23: the flag decides; where it leaves that to what is seen, the configuration may know better. A cluster without nodes has
// shown nothing.
func TestImageVolumes_POD23(t *testing.T) {
	says := &config.Config{InitlessPod: config.InitlessPod{Enabled: true}}
	for mode, want := range map[string]struct{ silent, configured bool }{
		ImageVolumesNever: {false, false}, ImageVolumesAlways: {true, true}, ImageVolumesAuto: {false, true},
	} {
		ctx, stop := context.WithCancel(t.Context())
		c := &Config{Options: &Options{ImageVolumes: mode, Namespace: "own"}, Kube: fake.NewClientset()}
		ask := c.imageVolumes(ctx, pod.Executor{Image: "executor:v1"})
		if ask(&config.Config{}) != want.silent || ask(says) != want.configured {
			t.Errorf("%s: %v, %v", mode, ask(&config.Config{}), ask(says))
		}
		stop()
	}
}
