package storage

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// recognised tells whether a change of status may be made by a write of the workflow itself, and leaves of the new status
// what such a change may touch. Clients of Argo do these things that way, and the roles made for it grant only `update
// workflows`:
//
//   - a finished workflow is reset for a retry (OPS-13);
//   - suspended steps are resumed, ended, or given outputs (OPS-09, OPS-10, OPS-12).
//
// Suspending and shutting down change the spec only, and a resubmitted workflow brings its status when it is created.
func recognised(old, updated *v1alpha1.WorkflowStatus, stored []v1alpha1.NodeStatus, change tableChange) bool {
	known := make(map[string]*v1alpha1.NodeStatus, len(stored))
	for i := range stored {
		known[stored[i].ID] = &stored[i]
	}
	if old.Phase.Completed() && (updated.Phase == v1alpha1.WorkflowUnknown || updated.Phase == v1alpha1.WorkflowRunning) {
		return retries(old, updated, known, change)
	}
	return len(change.removed) == 0 && resumesSteps(old, updated, known, change)
}

// resumesSteps tells whether the change is one of suspended steps and nothing else.
func resumesSteps(old, updated *v1alpha1.WorkflowStatus, known map[string]*v1alpha1.NodeStatus, change tableChange) bool {
	for i := range change.set {
		before, ok := known[change.set[i].ID]
		if !ok || !resumes(before, &change.set[i]) {
			return false
		}
	}
	before, after := headerStatus(old), headerStatus(updated)
	before.Outputs, after.Outputs = nil, nil
	return apiequality.Semantic.DeepEqual(before, after) && publishes(old.Outputs, updated.Outputs, change)
}

// resumes tells whether a suspended step was resumed, ended, or given outputs, and nothing else.
func resumes(before, after *v1alpha1.NodeStatus) bool {
	if before.Type != v1alpha1.NodeTypeSuspend || before.Fulfilled() {
		return false
	}
	return apiequality.Semantic.DeepEqual(withoutResult(before), withoutResult(after))
}

// withoutResult is a node without what resuming it changes.
func withoutResult(n *v1alpha1.NodeStatus) v1alpha1.NodeStatus {
	rest := *n
	rest.Phase, rest.Message, rest.Outputs, rest.Progress, rest.FinishedAt = "", "", nil, "", metav1.Time{}
	// Edges are the server's own business; compareTables has told apart what the client did to them.
	rest.OutboundNodes, rest.Children = nil, nil
	return rest
}

// publishes tells whether the outputs of the workflow change only by what the changed steps publish with a globalName.
func publishes(old, updated *v1alpha1.Outputs, change tableChange) bool {
	if apiequality.Semantic.DeepEqual(old, updated) {
		return true
	}
	global := map[string]bool{}
	for i := range change.set {
		if outputs := change.set[i].Outputs; outputs != nil {
			for j := range outputs.Parameters {
				global[outputs.Parameters[j].GlobalName] = true
			}
		}
	}
	rest := func(outputs *v1alpha1.Outputs) v1alpha1.Outputs {
		if outputs == nil {
			return v1alpha1.Outputs{}
		}
		kept := *outputs
		kept.Parameters = nil
		for _, p := range outputs.Parameters {
			if !global[p.Name] {
				kept.Parameters = append(kept.Parameters, p)
			}
		}
		return kept
	}
	return apiequality.Semantic.DeepEqual(rest(old), rest(updated))
}

// retries tells whether a finished workflow is reset: nodes are forgotten or run again, and none gets a result that it did
// not have. Of the header only what a retry changes is taken.
func retries(old, updated *v1alpha1.WorkflowStatus, known map[string]*v1alpha1.NodeStatus, change tableChange) bool {
	for i := range change.set {
		after := &change.set[i]
		before, ok := known[after.ID]
		if !ok || after.Fulfilled() && !apiequality.Semantic.DeepEqual(withoutEdges(before), withoutEdges(after)) {
			return false
		}
	}
	// The client may have changed parameters as well; groups that run again work their inputs out anew.
	forgetInputs(change.set)
	reset := headerStatus(old)
	reset.Phase, reset.Message, reset.StartedAt, reset.FinishedAt = updated.Phase, updated.Message, updated.StartedAt, updated.FinishedAt
	// Whatever the client wrote there, the controller has to begin with a first look.
	reset.Phase = v1alpha1.WorkflowUnknown
	reset.Conditions, reset.PersistentVolumeClaims, reset.StoredWorkflowSpec = updated.Conditions, updated.PersistentVolumeClaims, updated.StoredWorkflowSpec
	reset.Retries = old.Retries + 1
	reset.Nodes = updated.Nodes
	*updated = reset
	return true
}

// withoutEdges is a node without what the removal of others changes in it.
func withoutEdges(n *v1alpha1.NodeStatus) v1alpha1.NodeStatus {
	rest := *n
	rest.Parents, rest.OutboundNodes, rest.Children = nil, nil, nil
	return rest
}
