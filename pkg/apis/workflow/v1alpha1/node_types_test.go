package v1alpha1

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// NOD-03: control flow waits for fulfilled, not for completed.
func TestNodeFulfilled(t *testing.T) {
	yes, no := true, false
	for _, tc := range []struct {
		name                 string
		node                 NodeStatus
		fulfilled, completed bool
	}{
		{"pending", NodeStatus{Phase: NodePending}, false, false},
		{"running", NodeStatus{Phase: NodeRunning}, false, false},
		{"succeeded", NodeStatus{Phase: NodeSucceeded}, true, true},
		{"failed", NodeStatus{Phase: NodeFailed}, true, true},
		{"error", NodeStatus{Phase: NodeError}, true, true},
		{"skipped", NodeStatus{Phase: NodeSkipped}, true, false},
		{"omitted", NodeStatus{Phase: NodeOmitted}, true, false},
		{"result expected", NodeStatus{Phase: NodeSucceeded, TaskResultSynced: &no}, false, true},
		{"result read", NodeStatus{Phase: NodeSucceeded, TaskResultSynced: &yes}, true, true},
		{"daemon that is ready", NodeStatus{Phase: NodeRunning, Daemoned: &yes}, true, false},
		{"daemon that is not", NodeStatus{Phase: NodePending, Daemoned: &yes}, false, false},
		{"no phase", NodeStatus{}, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.node.Fulfilled(); got != tc.fulfilled {
				t.Errorf("fulfilled: %v", got)
			}
			if got := tc.node.Completed(); got != tc.completed {
				t.Errorf("completed: %v", got)
			}
		})
	}
}

// Times that are not set are left out; written as null they would be a change to every merge patch.
func TestEmptyFieldsAreLeftOut(t *testing.T) {
	for _, object := range []any{
		NodeStatus{ID: "a", Name: "a", Type: NodeTypePod},
		Template{Name: "t"},
		WorkflowStep{Name: "s"},
		WorkflowStatus{},
	} {
		data, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		for field, value := range fields {
			if _, isText := value.(string); !isText {
				t.Errorf("%T writes %s: %v", object, field, value)
			}
		}
	}
}

func TestShutdownStrategy(t *testing.T) { // HOOK-05
	for _, tc := range []struct {
		strategy           ShutdownStrategy
		ordinary, handlers bool
	}{
		{ShutdownStrategyNone, true, true},
		{ShutdownStrategyStop, false, true},
		{ShutdownStrategyTerminate, false, false},
	} {
		if got := tc.strategy.ShouldExecute(false); got != tc.ordinary {
			t.Errorf("%q, ordinary node: %v", tc.strategy, got)
		}
		if got := tc.strategy.ShouldExecute(true); got != tc.handlers {
			t.Errorf("%q, exit handler: %v", tc.strategy, got)
		}
	}
}

func TestResourcesDurationAdd(t *testing.T) { // NOD-08
	a := ResourcesDuration{corev1.ResourceCPU: 1}
	b := ResourcesDuration{corev1.ResourceCPU: 2, corev1.ResourceMemory: 3}
	sum := a.Add(b)
	if sum[corev1.ResourceCPU] != 3 || sum[corev1.ResourceMemory] != 3 || a[corev1.ResourceCPU] != 1 || len(b) != 2 {
		t.Errorf("sum %v of %v and %v", sum, a, b)
	}
	if got := ResourcesDuration(nil).Add(nil); got != nil {
		t.Errorf("sum of nothing: %v", got)
	}
}

func TestConditions(t *testing.T) { // NOD-04
	var conditions Conditions
	conditions.UpsertCondition(Condition{Type: ConditionTypePodRunning, Status: "True"})
	conditions.UpsertCondition(Condition{Type: ConditionTypeCompleted, Status: "False"})
	conditions.UpsertCondition(Condition{Type: ConditionTypePodRunning, Status: "False"})
	if len(conditions) != 2 || conditions[0].Status != "False" {
		t.Fatalf("got %v", conditions)
	}
	conditions.RemoveCondition(ConditionTypePodRunning)
	conditions.RemoveCondition(ConditionTypeSpecError)
	if len(conditions) != 1 || conditions[0].Type != ConditionTypeCompleted {
		t.Errorf("got %v", conditions)
	}
}
