package workflow

import (
	"maps"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// LBL-03: what marks a workflow as over is the server's to say. A new one that is marked starts all the same, `kubectl replace` of the file
// that a run was made from takes no mark away, and one that is retried is not over.
func TestMarks_LBL03(t *testing.T) {
	marked := func(phase, completed string) map[string]string {
		return map[string]string{v1alpha1.LabelKeyPhase: phase, v1alpha1.LabelKeyCompleted: completed, "l": "1"}
	}
	plain := map[string]string{"l": "1"}
	of := func(phase v1alpha1.WorkflowPhase, labels map[string]string) *v1alpha1.Workflow {
		return &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(labels)}, Status: v1alpha1.WorkflowStatus{Phase: phase}}
	}
	for _, tc := range []struct {
		name            string
		written, stored *v1alpha1.Workflow
		want            map[string]string
	}{
		{"new, with the marks of another", of("", marked("Succeeded", "true")), nil, plain},
		{"restored without marks", of(v1alpha1.WorkflowFailed, plain), nil, marked("Failed", "true")},
		{"restored with wrong marks", of(v1alpha1.WorkflowFailed, marked("Running", "false")), nil, marked("Failed", "true")},
		{"replaced while it runs", of(v1alpha1.WorkflowRunning, plain), of(v1alpha1.WorkflowRunning, marked("Running", "false")), marked("Running", "false")},
		{"marked as over while it runs", of(v1alpha1.WorkflowRunning, marked("Succeeded", "true")), of(v1alpha1.WorkflowRunning, marked("Running", "false")), marked("Running", "false")},
		{"marked before it runs", of("", marked("Succeeded", "true")), of("", plain), plain},
		{"replaced when it is over", of(v1alpha1.WorkflowSucceeded, plain), of(v1alpha1.WorkflowSucceeded, marked("Succeeded", "true")), marked("Succeeded", "true")},
		{"retried", of("", marked("Failed", "true")), of(v1alpha1.WorkflowFailed, marked("Failed", "true")),
			map[string]string{v1alpha1.LabelKeyPhase: "Failed", "l": "1"}},
		{"no labels at all", of(v1alpha1.WorkflowError, nil), nil, map[string]string{v1alpha1.LabelKeyPhase: "Error", v1alpha1.LabelKeyCompleted: "true"}},
	} {
		keepMarks(tc.written, tc.stored)
		if !maps.Equal(tc.written.Labels, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, tc.written.Labels, tc.want)
		}
	}
}
