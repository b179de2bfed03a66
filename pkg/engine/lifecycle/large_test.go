package lifecycle_test

import (
	"fmt"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/enginetest"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// wide is a failed run of stages, each a loop of so many pods; of the last one every second pod failed.
func wide(stages, width int) (*v1alpha1.Workflow, []v1alpha1.NodeStatus) {
	wf := &v1alpha1.Workflow{}
	wf.Name = "wf"
	wf.Status.Phase = v1alpha1.WorkflowFailed
	var nodes []v1alpha1.NodeStatus
	add := func(name string, kind v1alpha1.NodeType, phase v1alpha1.NodePhase, parents ...string) string {
		n := v1alpha1.NodeStatus{ID: node.ID("wf", name), Name: name, Type: kind, Phase: phase, Ordinal: int64(len(nodes)), Parents: parents, Outbound: true}
		if name != "wf" {
			n.BoundaryID = "wf"
		}
		nodes = append(nodes, n)
		return n.ID
	}
	before := []string{add("wf", v1alpha1.NodeTypeSteps, v1alpha1.NodeFailed)}
	for s := range stages {
		group := add(fmt.Sprintf("wf[%d]", s), v1alpha1.NodeTypeStepGroup, v1alpha1.NodeSucceeded, before...)
		before = nil
		for i := range width {
			phase := v1alpha1.NodeSucceeded
			if s == stages-1 && i%2 == 0 {
				phase = v1alpha1.NodeFailed
			}
			before = append(before, add(fmt.Sprintf("wf[%d].step(%d)", s, i), v1alpha1.NodeTypePod, phase, group))
		}
	}
	return wf, nodes
}

// BenchmarkRetry is the retry of runs of 1,000 and 10,000 nodes; its cost has to grow with the run and not with its square.
func BenchmarkRetry(b *testing.B) {
	for _, width := range []int{100, 1_000} {
		wf, nodes := wide(10, width)
		b.Run(fmt.Sprint(len(nodes)), func(b *testing.B) {
			for b.Loop() {
				result, err := lifecycle.Retry(wf, nodes, lifecycle.RetryOptions{}, enginetest.New(wf, nil).Now)
				if err != nil || len(result.Removed) != width/2 {
					b.Fatalf("%d removed, %v", len(result.Removed), err)
				}
			}
		})
	}
}

// A run in which everything failed and went on has no success to find after any of its nodes; looking from each of them anew
// would take the square of the run.
func TestRetryOfManyFailures(t *testing.T) {
	wf, nodes := wide(40, 500)
	for i := range nodes {
		nodes[i].Phase = v1alpha1.NodeFailed
	}
	p := lifecycle.RetryOptions{}
	result, err := lifecycle.Retry(wf, nodes, p, enginetest.New(wf, nil).Now)
	if err != nil || len(result.Removed)+len(result.Changed) != len(nodes) {
		t.Errorf("%d removed and %d reset of %d, %v", len(result.Removed), len(result.Changed), len(nodes), err)
	}
}
