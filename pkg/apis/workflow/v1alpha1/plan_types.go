package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowPlan is the answer of GET workflows/{name}/plan: what the workflow would run, as far as that can be known before it
// runs.
type WorkflowPlan struct {
	metav1.TypeMeta `json:",inline"`
	// Name, namespace, UID and resource version of the workflow that the plan is of.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// How many pods the workflow makes when every step succeeds at its first attempt. What is decided at run time counts as
	// follows: a condition as true, a loop as one value.
	Pods int64 `json:"pods"`
	// The number of pods is exact: nothing in the plan is decided at run time.
	Exact bool `json:"exact"`
	// The plan ends with the last of its nodes: the workflow has more than a plan shows. Their pods count as many as other calls of
	// the same templates make, so that the number is an estimate.
	// +optional
	Truncated bool `json:"truncated,omitempty"`
	// What is wrong with the workflow as a whole, so that nothing of it would run.
	// +optional
	Error string `json:"error,omitempty"`
	// What would run: each composite before what is inside it, and members in the order in which they can start.
	// +listType=atomic
	Nodes []PlanNode `json:"nodes"`
}

// PlanOutcome is what is known before a run about whether a step runs.
// +enum
type PlanOutcome string

const (
	// PlanRuns is a step that runs, unless something before it fails.
	PlanRuns PlanOutcome = "Runs"
	// PlanSkipped is a step whose condition is false, or whose loop has no values.
	PlanSkipped PlanOutcome = "Skipped"
	// PlanUndecided is a step whose condition or loop depends on what others will have done.
	PlanUndecided PlanOutcome = "Undecided"
	// PlanFails is a step that cannot run: its template or its inputs cannot be found.
	PlanFails PlanOutcome = "Fails"
)

// PlanNode is one step, task, template or hook of a plan. A loop is one node, for all its values.
type PlanNode struct {
	// The name that the node will have; of a loop, without the part in parentheses.
	Name string `json:"name"`
	// Its last part.
	DisplayName string `json:"displayName"`
	// Name of the node that this one is inside of; empty: the entry, and the exit handler of the workflow.
	// +optional
	Parent string `json:"parent,omitempty"`
	// Names of the nodes that have to be over before this one is considered.
	// +optional
	// +listType=atomic
	After []string `json:"after,omitempty"`
	// `Pod`, `Steps`, `DAG`, `Suspend`, `HTTP`, `Plugin`, or empty when the template is not known.
	// +optional
	Type NodeType `json:"type,omitempty"`
	// The template.
	// +optional
	TemplateName string `json:"templateName,omitempty"`
	// Where the template is, if it belongs to another object.
	// +optional
	TemplateRef *TemplateRef `json:"templateRef,omitempty"`
	// Whether it runs.
	Outcome PlanOutcome `json:"outcome"`
	// Why it is skipped or fails, or what the outcome depends on.
	// +optional
	Reason string `json:"reason,omitempty"`
	// `depends` of a task, where it says more than that others succeed.
	// +optional
	Depends string `json:"depends,omitempty"`
	// How many values its loop has; nil: no loop, or not known before the run.
	// +optional
	Items *int64 `json:"items,omitempty"`
	// How many more attempts a failure leads to; empty: none.
	// +optional
	Retries string `json:"retries,omitempty"`
	// Image of the main container.
	// +optional
	Image string `json:"image,omitempty"`
	// Pods of this node and of all below it, for all values of its loop.
	Pods int64 `json:"pods"`
	// What is inside is not shown again: the template calls itself.
	// +optional
	Recursive bool `json:"recursive,omitempty"`
	// The phase of the node of this name, if the workflow has run so far.
	// +optional
	Phase NodePhase `json:"phase,omitempty"`
}
