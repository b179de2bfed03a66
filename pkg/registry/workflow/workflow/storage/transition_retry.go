package storage

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
)

// retries tells whether a finished workflow is reset: nodes are forgotten or run again, and none gets a result that it did
// not have. Of the header only what a retry changes is taken.
func retries(old *v1alpha1.Workflow, updated *v1alpha1.WorkflowStatus, known map[string]*v1alpha1.NodeStatus, change *tableChange, now metav1.Time) bool {
	if change.empty() || len(change.records) == 0 && !retriesOnlyNode(updated, change) {
		return false // a new phase alone is no retry: nothing would run again
	}
	again := make(map[string]*v1alpha1.NodeStatus, len(change.set))
	for i := range change.set {
		after := &change.set[i]
		before, ok := known[after.ID]
		if !ok {
			return false
		}
		if apiequality.Semantic.DeepEqual(withoutEdges(before), withoutEdges(after)) {
			continue
		}
		if !resets(before, after) {
			return false
		}
		again[after.ID] = after
	}
	for _, after := range again {
		after.StartedAt, after.FinishedAt = now, metav1.Time{}
		// The client may have changed parameters as well; groups that run again work their inputs out anew.
		if after.Type != v1alpha1.NodeTypeSuspend && (after.PodUID == "" || !apiequality.Semantic.DeepEqual(after.Inputs, known[after.ID].Inputs)) {
			after.Inputs = nil
		}
	}
	for i := range change.records { // they are copies of their own
		if after := again[change.records[i].ID]; after != nil {
			change.records[i] = *after
		}
	}
	*updated = retriedStatus(old, updated, now)
	return true
}

// retriesOnlyNode tells whether a workflow of one pod is retried: its only node is forgotten. That no nodes are given could
// also mean that the client does not speak of them; one that retries says when the workflow starts again.
func retriesOnlyNode(updated *v1alpha1.WorkflowStatus, change *tableChange) bool {
	return len(change.removed) == 1 && change.removed[0].Type == v1alpha1.NodeTypePod && change.removed[0].FailedOrError() &&
		!updated.StartedAt.IsZero() && updated.FinishedAt.IsZero()
}

// resets tells whether a node is to run again, and nothing else.
func resets(before, after *v1alpha1.NodeStatus) bool {
	switch after.Phase {
	case "", v1alpha1.NodePending, v1alpha1.NodeRunning:
	default:
		return false
	}
	switch {
	case after.IsDaemoned(): // as good as finished
	case after.TaskResultSynced != nil && !apiequality.Semantic.DeepEqual(before.TaskResultSynced, after.TaskResultSynced):
	case after.Outputs != nil && !apiequality.Semantic.DeepEqual(before.Outputs, after.Outputs):
	case after.Type == v1alpha1.NodeTypeSuspend && after.Inputs != nil && !apiequality.Semantic.DeepEqual(before.Inputs, after.Inputs):
	default:
		return apiequality.Semantic.DeepEqual(withoutAttempt(before), withoutAttempt(after))
	}
	return false
}

// withoutAttempt is a node without what resetting it changes.
func withoutAttempt(n *v1alpha1.NodeStatus) v1alpha1.NodeStatus {
	rest := withoutEdges(n)
	rest.Phase, rest.Message, rest.StartedAt, rest.FinishedAt = "", "", metav1.Time{}, metav1.Time{}
	rest.Daemoned, rest.TaskResultSynced, rest.Progress, rest.Inputs, rest.Outputs = nil, nil, "", nil, nil
	return rest
}

// withoutEdges is a node without what the removal of others changes in it.
func withoutEdges(n *v1alpha1.NodeStatus) v1alpha1.NodeStatus {
	rest := *n
	rest.Parents, rest.OutboundNodes, rest.Children = nil, nil, nil
	return rest
}

// retriedStatus is the header of a workflow that is retried: the stored one, with what a retry changes. Deadlines count from
// when it starts again, by the server's clock.
func retriedStatus(stored *v1alpha1.Workflow, updated *v1alpha1.WorkflowStatus, now metav1.Time) v1alpha1.WorkflowStatus {
	known := *stored
	lifecycle.ForgetUnseenTemplates(&known)
	old := &known.Status
	reset := headerStatus(old)
	reset.Message, reset.StartedAt, reset.FinishedAt = "", now, metav1.Time{}
	// Whatever the client wrote there, the controller has to begin with a first look.
	reset.Phase = v1alpha1.WorkflowUnknown
	reset.Retries = old.Retries + 1
	reset.Nodes = updated.Nodes

	reset.Conditions = nil
	for _, c := range old.Conditions {
		if c.Type != v1alpha1.ConditionTypeCompleted {
			reset.Conditions = append(reset.Conditions, c)
		}
	}
	for _, c := range updated.Conditions {
		if c.Type == v1alpha1.ConditionTypeCompleted && c.Status == metav1.ConditionFalse {
			reset.Conditions.UpsertCondition(c)
		}
	}
	if len(updated.PersistentVolumeClaims) == 0 {
		reset.PersistentVolumeClaims = nil
	}
	if given := updated.StoredWorkflowSpec; given != nil && old.StoredWorkflowSpec != nil {
		// The spec was checked when it was stored; a retry may bring other parameters, and takes back how the run was ended.
		spec := old.StoredWorkflowSpec.DeepCopy()
		spec.Arguments, spec.Shutdown, spec.ActiveDeadlineSeconds = given.Arguments, given.Shutdown, given.ActiveDeadlineSeconds
		reset.StoredWorkflowSpec = spec
	}
	return reset
}
