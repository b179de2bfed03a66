// Package workflowtaskset decides what is stored of WorkflowTaskSets.
package workflowtaskset

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// rules: the controller and the agent both write these objects, one the spec and the other, through the subresource, the status.
var rules = kind.Rules[*v1alpha1.WorkflowTaskSet]{
	Scope:    kind.Namespaced,
	Shared:   true,
	Reset:    []string{"status"},
	Spec:     func(taskSet *v1alpha1.WorkflowTaskSet) any { return &taskSet.Spec },
	Prepare:  keepStatus,
	Validate: validate,
}

// NewStrategy returns the strategy of WorkflowTaskSets.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, rules)
}

// NewStatusStrategy returns the strategy of their status subresource.
func NewStatusStrategy(typer runtime.ObjectTyper) kind.StatusStrategy {
	return kind.NewRuledStatusStrategy(typer, rules, func(taskSet, stored *v1alpha1.WorkflowTaskSet) {
		stored.Spec.DeepCopyInto(&taskSet.Spec)
	})
}

// keepStatus leaves the status to the subresource.
func keepStatus(taskSet, stored *v1alpha1.WorkflowTaskSet) {
	if stored == nil {
		taskSet.Status = v1alpha1.WorkflowTaskSetStatus{}
		return
	}
	stored.Status.DeepCopyInto(&taskSet.Status)
}

func validate(_ context.Context, taskSet, stored *v1alpha1.WorkflowTaskSet) (field.ErrorList, []string) {
	if stored == nil {
		return validation.ValidateWorkflowTaskSet(taskSet), nil
	}
	return validation.ValidateWorkflowTaskSetUpdate(taskSet, stored), nil
}
