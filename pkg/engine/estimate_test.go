package engine

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestEstimate_NOD09(t *testing.T) {
	at := func(seconds float64) metav1.Time {
		return metav1.NewTime(time.Unix(1_700_000_000, 0).Add(time.Duration(seconds * float64(time.Second))))
	}
	earlier := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "old-1"}}
	earlier.Status.StartedAt, earlier.Status.FinishedAt = at(0), at(90)
	earlier.Status.Nodes = v1alpha1.Nodes{
		"old-1":   {Name: "old-1", StartedAt: at(0), FinishedAt: at(88)},
		"old-1-1": {Name: "old-1[0].build", StartedAt: at(1), FinishedAt: at(61)},
		"old-1-2": {Name: "old-1[0].quick", StartedAt: at(1), FinishedAt: at(1.2)},
		"old-1-3": {Name: "old-1[0].never", StartedAt: at(1)},
	}
	wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "new"}}
	wf.Spec.Entrypoint = "main"
	step := func(name string) v1alpha1.WorkflowStep {
		return v1alpha1.WorkflowStep{Name: name, Template: "s", When: "1 == 2"}
	}
	wf.Spec.Templates = []v1alpha1.Template{
		{Name: "main", Steps: []v1alpha1.ParallelSteps{{Steps: []v1alpha1.WorkflowStep{step("build"), step("quick"), step("never"), step("other")}}}},
		{Name: "s", Suspend: &v1alpha1.SuspendTemplate{}},
	}
	for _, tc := range []struct {
		estimate *Estimate
		total    v1alpha1.EstimatedDuration
		nodes    map[string]v1alpha1.EstimatedDuration
	}{
		{EstimateFrom(earlier, 100), 90, map[string]v1alpha1.EstimatedDuration{"new": 88, "new[0].build": 60, "new[0].quick": 1}},
		{EstimateFrom(earlier, 3), 90, nil},
		{nil, 0, nil},
	} {
		run, err := NewRun(wf, nil, Options{Estimate: tc.estimate})
		if err != nil {
			t.Fatal(err)
		}
		d := run.Apply(at(1000).Time)
		if got := d.Status.EstimatedDuration; got != tc.total {
			t.Errorf("workflow: %d, want %d", got, tc.total)
		}
		if len(d.Nodes) != 6 {
			t.Fatalf("%d nodes", len(d.Nodes))
		}
		for _, n := range d.Nodes {
			if n.EstimatedDuration != tc.nodes[n.Name] {
				t.Errorf("node %s: %d, want %d", n.Name, n.EstimatedDuration, tc.nodes[n.Name])
			}
		}
	}
}
