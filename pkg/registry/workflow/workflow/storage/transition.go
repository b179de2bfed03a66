package storage

import (
	"slices"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Actions, as they are noted on workflows; those of a shutdown are named by its strategy.
const (
	actionSuspend = "Suspend"
	actionResume  = "Resume"
	actionSet     = "Set"
	actionRetry   = "Retry"
)

// recognised tells which action a change of status is that may be made by a write of the workflow itself, empty if it is
// none, and leaves of the new status what such a change may touch. Clients of Argo do these things that way, and the roles
// made for it grant only `update workflows`:
//
//   - a finished workflow is reset for a retry (OPS-13);
//   - suspended steps are resumed, ended, or given outputs (OPS-09, OPS-10, OPS-12).
//
// Suspending and shutting down change the spec only, and a resubmitted workflow brings its status when it is created.
func recognised(old *v1alpha1.Workflow, updated *v1alpha1.WorkflowStatus, stored []v1alpha1.NodeStatus, change *tableChange, now metav1.Time) string {
	known := make(map[string]*v1alpha1.NodeStatus, len(stored))
	for i := range stored {
		known[stored[i].ID] = &stored[i]
	}
	switch {
	case old.Status.Phase.Completed() && (updated.Phase == v1alpha1.WorkflowUnknown || updated.Phase == v1alpha1.WorkflowRunning):
		if retries(old, updated, known, change, now) {
			return actionRetry
		}
	case len(change.set) > 0 && len(change.removed) == 0 && resumesSteps(old, updated, known, change):
		for i := range change.set {
			if change.set[i].Phase != v1alpha1.NodeSucceeded {
				return actionSet
			}
		}
		return actionResume
	}
	return ""
}

// specAction tells which action a change of the spec is, empty if it is none.
func specAction(old, updated *v1alpha1.WorkflowSpec) string {
	suspended := func(spec *v1alpha1.WorkflowSpec) bool { return spec.Suspend != nil && *spec.Suspend }
	switch {
	case updated.Shutdown != old.Shutdown && updated.Shutdown != "":
		return string(updated.Shutdown)
	case suspended(updated) && !suspended(old):
		return actionSuspend
	case suspended(old) && !suspended(updated):
		return actionResume
	}
	return ""
}

// resumesSteps tells whether the change is one of suspended steps and nothing else.
func resumesSteps(old *v1alpha1.Workflow, updated *v1alpha1.WorkflowStatus, known map[string]*v1alpha1.NodeStatus, change *tableChange) bool {
	global := map[string]bool{}
	for i := range change.set {
		before, ok := known[change.set[i].ID]
		if !ok || !resumes(before, &change.set[i], declaredGlobals(old, before)) {
			return false
		}
		for _, p := range parameters(change.set[i].Outputs) {
			if p.GlobalName != "" {
				global[p.GlobalName] = true
			}
		}
	}
	before, after := headerStatus(&old.Status), headerStatus(updated)
	before.Outputs, after.Outputs = nil, nil
	return apiequality.Semantic.DeepEqual(before, after) && publishes(old.Status.Outputs, updated.Outputs, global)
}

// resumedPhases are what a suspended step may become.
var resumedPhases = []v1alpha1.NodePhase{
	v1alpha1.NodeRunning, v1alpha1.NodeSucceeded, v1alpha1.NodeFailed, v1alpha1.NodeError, v1alpha1.NodeSkipped,
}

// resumes tells whether a suspended step was resumed, ended, or given outputs, and nothing else. globals are the names under
// which it may publish outputs.
func resumes(before, after *v1alpha1.NodeStatus, globals map[string]bool) bool {
	if before.Type != v1alpha1.NodeTypeSuspend || before.Fulfilled() || after.Phase != before.Phase && !slices.Contains(resumedPhases, after.Phase) {
		return false
	}
	for _, p := range parameters(after.Outputs) {
		if p.GlobalName != "" && !globals[p.GlobalName] {
			return false
		}
	}
	return apiequality.Semantic.DeepEqual(withoutParameters(before.Outputs), withoutParameters(after.Outputs)) &&
		apiequality.Semantic.DeepEqual(withoutResult(before), withoutResult(after))
}

// declaredGlobals are the names under which a step publishes outputs, by its own account or by its template's.
func declaredGlobals(workflow *v1alpha1.Workflow, n *v1alpha1.NodeStatus) map[string]bool {
	names := map[string]bool{}
	note := func(outputs *v1alpha1.Outputs) {
		for _, p := range parameters(outputs) {
			if p.GlobalName != "" {
				names[p.GlobalName] = true
			}
		}
	}
	note(n.Outputs)
	for _, spec := range []*v1alpha1.WorkflowSpec{&workflow.Spec, workflow.Status.StoredWorkflowSpec} {
		if spec == nil || n.TemplateName == "" {
			continue
		}
		for i := range spec.Templates {
			if spec.Templates[i].Name == n.TemplateName {
				note(&spec.Templates[i].Outputs)
			}
		}
	}
	return names
}

func parameters(outputs *v1alpha1.Outputs) []v1alpha1.Parameter {
	if outputs == nil {
		return nil
	}
	return outputs.Parameters
}

// withoutParameters is what of outputs no user supplies.
func withoutParameters(outputs *v1alpha1.Outputs) v1alpha1.Outputs {
	if outputs == nil {
		return v1alpha1.Outputs{}
	}
	rest := *outputs
	rest.Parameters = nil
	return rest
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
func publishes(old, updated *v1alpha1.Outputs, global map[string]bool) bool {
	rest := func(outputs *v1alpha1.Outputs) v1alpha1.Outputs {
		kept := withoutParameters(outputs)
		for _, p := range parameters(outputs) {
			if !global[p.Name] {
				kept.Parameters = append(kept.Parameters, p)
			}
		}
		return kept
	}
	return apiequality.Semantic.DeepEqual(rest(old), rest(updated))
}
