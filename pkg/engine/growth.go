package engine

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// A template that calls itself twice doubles with each call: before it is too deep (REF-05) it has more nodes than there is
// memory for. Nothing need happen outside for that, so two limits hold it: each decision makes so many nodes and no more, which
// gives other workflows their turn and the user's wish to stop its chance; and a run has so many nodes and no more.

const (
	// DefaultMaxNodes is how many nodes a run may have unless Options.MaxNodes says otherwise. A node takes about 2.5 KiB of a
	// controller's memory.
	DefaultMaxNodes = 250_000
	// defaultNodesPerDecision is what a worker makes and stores well within a second.
	defaultNodesPerDecision = 10_000
	// exitNodes are set apart for exit handlers, so that they run also when a workflow ends for its number of nodes.
	exitNodes = 1000
)

// ration is how many nodes a decision makes. It is asked before what a call makes: a call makes two at the most.
func (r *Run) ration() int {
	if r.opts.NodesPerDecision > 0 {
		return r.opts.NodesPerDecision
	}
	return defaultNodesPerDecision
}

// atLimit reports whether a run has all the nodes that it may have.
func (r *Run) atLimit(onExit bool) bool {
	limit := r.maxNodes()
	if onExit {
		limit += exitNodes
	}
	return r.opts.MaxNodes >= 0 && len(r.order) >= limit || r.overgrown != "" && !onExit
}

func (r *Run) maxNodes() int {
	if r.opts.MaxNodes == 0 {
		return DefaultMaxNodes
	}
	return r.opts.MaxNodes
}

// outgrows ends a run that is about to have more nodes than it may. Why is kept among its conditions, for the user and for
// whoever takes the run up again.
func (r *Run) outgrows(boundary *entry, onExit bool) bool {
	if !r.atLimit(onExit) {
		return false
	}
	if r.overgrown == "" {
		template := r.spec.Entrypoint
		if boundary != nil {
			template = boundary.st.TemplateName
		}
		r.overgrown = fmt.Sprintf("the workflow has reached %d nodes, the most that this installation lets a workflow have, and template %q was about to start more: "+
			"give its recursion or loop an end (a 'when' that becomes false, fewer items), divide the work among several workflows, or have the administrator raise --max-workflow-nodes of the controller",
			len(r.order), template)
		r.outgrew = true
		r.status.Conditions = slices.Clone(r.status.Conditions)
		r.status.Conditions.UpsertCondition(v1alpha1.Condition{Type: v1alpha1.ConditionTypeSpecError, Status: metav1.ConditionTrue, Message: r.overgrown})
		r.statusChanged = true
	}
	return true
}

// outgrown is what outgrows has left in a stored header.
func outgrown(status *v1alpha1.WorkflowStatus) string {
	for _, c := range status.Conditions {
		if c.Type == v1alpha1.ConditionTypeSpecError && c.Status == metav1.ConditionTrue {
			return c.Message
		}
	}
	return ""
}
