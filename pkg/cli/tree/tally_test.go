package tree

import (
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// What is left out is counted in words that agree with the signs: a suspend step that is Running waits.
func TestTally(t *testing.T) {
	var got tally
	for _, n := range []v1alpha1.NodeStatus{
		{Type: v1alpha1.NodeTypeSuspend, Phase: v1alpha1.NodeRunning}, {Type: v1alpha1.NodeTypeSuspend, Phase: v1alpha1.NodeRunning},
		{Type: v1alpha1.NodeTypePod, Phase: v1alpha1.NodeRunning}, {Type: v1alpha1.NodeTypeSuspend, Phase: v1alpha1.NodeSucceeded},
		{Type: v1alpha1.NodeTypePod, Phase: v1alpha1.NodeFailed}, {Type: v1alpha1.NodeTypePod},
	} {
		got.one(&n)
	}
	got.add(tally{waiting: 1000})
	if text := got.counts(); text != "1 failed, 1 running, 1,002 waiting, 1 pending, 1 succeeded" || got.steps() != "1,006 steps" {
		t.Errorf("%s of %s", text, got.steps())
	}
}
