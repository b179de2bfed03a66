// Package workflowtaskset decides what is stored of WorkflowTaskSets.
package workflowtaskset

import (
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// taskSet: the controller writes the spec, the agent the status.
var taskSet = kind.Divided[*v1alpha1.WorkflowTaskSet, v1alpha1.WorkflowTaskSetSpec, v1alpha1.WorkflowTaskSetStatus]{
	Spec:           func(set *v1alpha1.WorkflowTaskSet) *v1alpha1.WorkflowTaskSetSpec { return &set.Spec },
	Status:         func(set *v1alpha1.WorkflowTaskSet) *v1alpha1.WorkflowTaskSetStatus { return &set.Status },
	Validate:       validation.ValidateWorkflowTaskSet,
	ValidateUpdate: validation.ValidateWorkflowTaskSetUpdate,
}

// NewStrategy returns the strategy of WorkflowTaskSets.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy { return taskSet.Strategy(typer) }

// NewStatusStrategy returns the strategy of their status subresource.
func NewStatusStrategy(typer runtime.ObjectTyper) kind.StatusStrategy {
	return taskSet.StatusStrategy(typer)
}
