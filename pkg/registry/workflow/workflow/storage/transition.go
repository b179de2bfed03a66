package storage

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// recognised tells whether a change of status may be made by a write of the workflow itself. Clients of Argo do these
// things that way, and the roles made for it grant only `update workflows`:
//
//   - a finished workflow is reset for a retry;
//   - suspended steps are resumed, ended, or given outputs (SUS, OPS-13…16).
//
// Suspending and shutting down change the spec only, and a resubmitted workflow brings its status when it is created.
func recognised(old, updated *v1alpha1.WorkflowStatus, stored []v1alpha1.NodeStatus, change tableChange) bool {
	if old.Phase.Completed() && !updated.Phase.Completed() {
		return true
	}
	if len(change.removed) > 0 || !apiequality.Semantic.DeepEqual(headerStatus(old), headerStatus(updated)) {
		return false
	}
	known := make(map[string]*v1alpha1.NodeStatus, len(stored))
	for i := range stored {
		known[stored[i].ID] = &stored[i]
	}
	for i := range change.set {
		before, ok := known[change.set[i].ID]
		if !ok || !resumes(before, &change.set[i]) {
			return false
		}
	}
	return true
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
