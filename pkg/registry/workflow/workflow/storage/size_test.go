package storage

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// The estimate is on the high side for nodes of all kinds, so that no table over the limit stays inside by mistake.
func TestEstimateIsOnTheHighSide(t *testing.T) {
	long := strings.Repeat("x\"\n", 2_000)
	text := func(s string) *v1alpha1.AnyString { return new(v1alpha1.AnyString(s)) }
	full := record("wf", 2, v1alpha1.NodeFailed)
	full.FinishedAt, full.Progress, full.HostNodeName, full.PodIP = metav1.Now(), "1/1", strings.Repeat("n", 60), "10.0.0.1"
	full.EstimatedDuration, full.FailedPodRestarts, full.RestartingPodUID, full.Outbound = 17, 3, strings.Repeat("u", 36), true
	full.Daemoned, full.TaskResultSynced, full.NodeFlag = new(true), new(true), &v1alpha1.NodeFlag{Hooked: true, Retried: true}
	full.ResourcesDuration = v1alpha1.ResourcesDuration{"cpu": 1, "memory": 100}
	full.Children, full.OutboundNodes = []string{"wf-1", "wf-2"}, []string{"wf-3"}
	full.Message = long
	full.Inputs = &v1alpha1.Inputs{Parameters: []v1alpha1.Parameter{
		{Name: "a", Value: text(long), Default: text("1"), Description: text("what it is"), Enum: []v1alpha1.AnyString{"1", "2"}},
		{Name: "b", ValueFrom: &v1alpha1.ValueFrom{Path: "/tmp/b"}, GlobalName: "c"},
	}}
	full.Outputs = &v1alpha1.Outputs{Result: new(long), Artifacts: v1alpha1.Artifacts{{Name: "log", Path: "/tmp/log"}}}
	for name, n := range map[string]v1alpha1.NodeStatus{
		"bare": {}, "root": record("wf", 0, v1alpha1.NodeRunning), "pod": record("wf", 2, v1alpha1.NodeSucceeded), "everything": full,
	} {
		if estimate, size := nodeEstimate(&n), encodedSize(v1alpha1.Nodes{n.ID: n}); estimate < size {
			t.Errorf("%s: estimated %d, is %d", name, estimate, size)
		}
	}
}

func TestFitsInline(t *testing.T) {
	nodes := v1alpha1.Nodes{}
	for i := range 100 {
		n := record("wf", i, v1alpha1.NodeSucceeded)
		nodes[n.ID] = n
	}
	size := encodedSize(nodes)
	for limit, want := range map[int64]bool{1: false, size - 1: false, size: true, 1 << 20: true} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			if got := fitsInline(nodes, limit); got != want {
				t.Errorf("%d bytes: %v", size, got)
			}
		})
	}
}
