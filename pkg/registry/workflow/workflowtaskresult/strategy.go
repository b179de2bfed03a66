// Package workflowtaskresult decides what is stored of WorkflowTaskResults.
package workflowtaskresult

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// Strategy decides what is stored of WorkflowTaskResults.
type Strategy struct {
	kind.Strategy
}

var _ kind.FullStrategy = Strategy{}

// NewStrategy returns the strategy of WorkflowTaskResults.
func NewStrategy(typer runtime.ObjectTyper) Strategy {
	return Strategy{Strategy: kind.NewStrategy(typer, kind.Namespaced)}
}

// AllowUnconditionalUpdate is false: who replaces a report must have seen the one before.
func (Strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// PrepareForCreate starts the count of generations.
func (Strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	kind.StartGeneration(object.(*v1alpha1.WorkflowTaskResult))
}

// PrepareForUpdate counts a generation when something else is reported than before.
func (Strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	result, before := object.(*v1alpha1.WorkflowTaskResult), old.(*v1alpha1.WorkflowTaskResult)
	kind.CountGeneration(result, before, !equality.Semantic.DeepEqual(result.NodeResult, before.NodeResult))
}

// GetResetFields is empty: a write may change every field.
func (Strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set { return nil }

// Validate checks a new object.
func (Strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowTaskResult(object.(*v1alpha1.WorkflowTaskResult))
}

// ValidateUpdate checks a changed object.
func (Strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowTaskResultUpdate(object.(*v1alpha1.WorkflowTaskResult), old.(*v1alpha1.WorkflowTaskResult))
}
