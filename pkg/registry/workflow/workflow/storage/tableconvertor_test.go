package storage

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestTable(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }
	node := func(nodeType v1alpha1.NodeType, phase v1alpha1.NodePhase) v1alpha1.NodeStatus {
		return v1alpha1.NodeStatus{Type: nodeType, Phase: phase}
	}
	for _, tc := range []struct {
		name   string
		change func(*v1alpha1.Workflow)
		column string
		want   any
	}{
		{"fresh", func(w *v1alpha1.Workflow) { w.Status = v1alpha1.WorkflowStatus{} }, "Status", "Pending"},
		{"fresh", func(w *v1alpha1.Workflow) { w.Status = v1alpha1.WorkflowStatus{} }, "Duration", "<none>"},
		{"age is that of the object", func(*v1alpha1.Workflow) {}, "Age", "<unknown>"},
		{"running", func(*v1alpha1.Workflow) {}, "Status", "Running"},
		{"running", func(*v1alpha1.Workflow) {}, "Duration", "90s"},
		{"finished", func(w *v1alpha1.Workflow) { w.Status.FinishedAt = ago(60 * time.Second) }, "Duration", "30s"},
		{"finished", func(w *v1alpha1.Workflow) { w.Status.FinishedAt = ago(60 * time.Second) }, "Finished", "60s"},
		{"suspended", func(w *v1alpha1.Workflow) { w.Spec.Suspend = new(true) }, "Status", "Running (Suspended)"},
		{"waits at a suspend node", func(w *v1alpha1.Workflow) {
			w.Status.Nodes = v1alpha1.Nodes{"a": node(v1alpha1.NodeTypeSuspend, v1alpha1.NodeRunning), "b": node(v1alpha1.NodeTypePod, v1alpha1.NodeSucceeded), "c": node(v1alpha1.NodeTypeDAG, v1alpha1.NodeRunning)}
		}, "Status", "Running (Suspended)"},
		{"another branch goes on", func(w *v1alpha1.Workflow) {
			w.Status.Nodes = v1alpha1.Nodes{"a": node(v1alpha1.NodeTypeSuspend, v1alpha1.NodeRunning), "b": node(v1alpha1.NodeTypePod, v1alpha1.NodeRunning)}
		}, "Status", "Running"},
		{"stopping", func(w *v1alpha1.Workflow) { w.Spec.Shutdown = v1alpha1.ShutdownStrategyStop }, "Status", "Running (Stopping)"},
		{"terminating", func(w *v1alpha1.Workflow) { w.Spec.Shutdown = v1alpha1.ShutdownStrategyTerminate }, "Status", "Running (Terminating)"},
		{"stopped", func(w *v1alpha1.Workflow) {
			w.Spec.Shutdown, w.Status.Phase = v1alpha1.ShutdownStrategyStop, v1alpha1.WorkflowFailed
		}, "Status", "Failed"},
		{"deleted", func(w *v1alpha1.Workflow) { at := ago(0); w.DeletionTimestamp = &at }, "Status", "Running (Deleting)"},
		{"progress", func(w *v1alpha1.Workflow) { w.Status.Progress = "3/7" }, "Progress", "3/7"},
		{"long message", func(w *v1alpha1.Workflow) { w.Status.Message = "one\ntwo" }, "Message", "one …"},
		{"entrypoint", func(*v1alpha1.Workflow) {}, "Entrypoint", "main"},
		{"entrypoint of a template", func(w *v1alpha1.Workflow) {
			w.Spec.WorkflowTemplateRef = &v1alpha1.WorkflowTemplateRef{Name: "tmpl"}
		}, "Entrypoint", "tmpl/main"},
		{"template", func(w *v1alpha1.Workflow) {
			w.Spec.Entrypoint, w.Spec.WorkflowTemplateRef = "", &v1alpha1.WorkflowTemplateRef{Name: "tmpl"}
		}, "Entrypoint", "tmpl"},
		{"parameters", func(w *v1alpha1.Workflow) {
			w.Spec.Arguments.Parameters = []v1alpha1.Parameter{{Name: "a", Value: new(v1alpha1.AnyString("1"))}, {Name: "absent"}, {Name: "b", Value: new(v1alpha1.AnyString("x\ny"))}}
		}, "Parameters", "a=1,b=x"},
		{"long parameters", func(w *v1alpha1.Workflow) {
			w.Spec.Arguments.Parameters = []v1alpha1.Parameter{{Name: "a", Value: new(v1alpha1.AnyString(strings.Repeat("ö", 200)))}}
		}, "Parameters", "a=" + strings.Repeat("ö", 78) + "…"},
		{"nodes of a header", func(w *v1alpha1.Workflow) { w.Status.NodeStorage = &v1alpha1.NodeStorage{Nodes: 12_345} }, "Nodes", int64(12_345)},
		{"priority", func(w *v1alpha1.Workflow) { w.Spec.Priority = new(int32(5)) }, "Priority", int64(5)},
	} {
		t.Run(tc.name+" "+tc.column, func(t *testing.T) {
			workflow := newWorkflow("wf")
			workflow.Status = v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, StartedAt: ago(90 * time.Second)}
			tc.change(workflow)
			table, err := newTable(clocktesting.NewFakePassiveClock(now)).ConvertToTable(context.Background(), workflow, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, column := range table.ColumnDefinitions {
				if column.Name == tc.column {
					if got := table.Rows[0].Cells[i]; got != tc.want {
						t.Errorf("got %v, want %v", got, tc.want)
					}
					return
				}
			}
			t.Error("no such column")
		})
	}
}
