package storage

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// statusForgotten is the warning for a new workflow that brings more of a status than it may.
const statusForgotten = "of the status only nodes and outputs were stored, without what the new workflow works out itself (%s): it is yet to run"

type ownStatusKey struct{}

// WithOwnStatus returns a context in which the status of a new workflow is the server's own work: a memoized resubmission then
// keeps the templates that the old workflow has read (OPS-14).
func WithOwnStatus(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownStatusKey{}, true)
}

// scopeOfCreate says what of a status a new workflow may bring.
func scopeOfCreate(ctx context.Context) scope {
	if own, _ := ctx.Value(ownStatusKey{}).(bool); own {
		return ownStatus
	}
	return wholeObject
}

// startingStatus is what a workflow that is yet to run may bring: the results of a memoized resubmission. All else is the
// controller's to find out. Who may only create workflows could otherwise claim that his had started already, by a spec or a
// template that no policy has seen, or name volume claims of others as its own.
func startingStatus(given *v1alpha1.WorkflowStatus, s scope) v1alpha1.WorkflowStatus {
	status := v1alpha1.WorkflowStatus{Nodes: given.Nodes, Outputs: given.Outputs}
	if s == ownStatus {
		status.StoredTemplates = given.StoredTemplates
	}
	return status
}

// forgotten names the fields of a given status that startingStatus leaves out and that somebody might miss. A phase of a
// workflow that is not over, and that it is not over, go without saying.
func forgotten(given *v1alpha1.WorkflowStatus, s scope) []string {
	var names []string
	note := func(name string, set bool) {
		if set {
			names = append(names, name)
		}
	}
	note("phase", given.Phase == v1alpha1.WorkflowRunning)
	note("startedAt", !given.StartedAt.IsZero())
	note("finishedAt", !given.FinishedAt.IsZero())
	note("message", given.Message != "")
	note("conditions", !onlyIncomplete(given.Conditions))
	note("storedTemplates", len(given.StoredTemplates) > 0 && s != ownStatus)
	note("storedWorkflowTemplateSpec", given.StoredWorkflowSpec != nil)
	note("persistentVolumeClaims", len(given.PersistentVolumeClaims) > 0)
	note("synchronization", given.Synchronization != nil)
	note("artifactRepositoryRef", given.ArtifactRepositoryRef != nil)
	note("resourcesDuration", len(given.ResourcesDuration) > 0)
	return names
}

func onlyIncomplete(conditions v1alpha1.Conditions) bool {
	for _, c := range conditions {
		if c.Type != v1alpha1.ConditionTypeCompleted || c.Status != metav1.ConditionFalse {
			return false
		}
	}
	return true
}

// prepareCreate puts the nodes of a new workflow where their number belongs.
func (w *writer) prepareCreate(workflow *v1alpha1.Workflow) {
	status := &workflow.Status
	if w.err = decodeCompressedNodes(status); w.err != nil {
		return
	}
	status.OffloadNodeStatusVersion, status.NodeStorage = "", nil
	finished := status.Phase.Completed()
	if !finished {
		if forgotten := forgotten(status, w.scope); len(forgotten) > 0 {
			w.warned = fmt.Sprintf(statusForgotten, strings.Join(forgotten, ", "))
		}
		*status = startingStatus(status, w.scope)
	}
	if len(status.Nodes) > 0 {
		records := node.FromWire(status.Nodes)
		if !finished {
			for i := range records {
				records[i].PodUID = "" // no pod is this workflow's yet
			}
			forgetInputs(records)
		}
		w.place(status, records)
	}
}

// forgetInputs takes the inputs of nodes that have yet to run: of a resubmitted workflow they are those of the old one, and
// the new one may have other parameters. They are worked out anew.
func forgetInputs(records []v1alpha1.NodeStatus) {
	for i := range records {
		if !records[i].Fulfilled() && records[i].PodUID == "" && records[i].Type != v1alpha1.NodeTypeSuspend {
			records[i].Inputs = nil
		}
	}
}

// place stores all nodes inside the object, or plans the first pages when they are too large for that.
func (w *writer) place(status *v1alpha1.WorkflowStatus, records []v1alpha1.NodeStatus) {
	wire := node.ToWire(records)
	if fitsInline(wire, w.inlineBytes) {
		status.Nodes = wire
		return
	}
	w.commit.first, w.commit.changes = true, firstPages(records)
	w.records = records
	status.Nodes = nil
}
