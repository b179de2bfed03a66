// Package workflowtaskset decides what is stored of WorkflowTaskSets.
package workflowtaskset

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

// Strategy decides what is stored of WorkflowTaskSets.
type Strategy struct {
	kind.Strategy
}

// StatusStrategy decides what is stored when the status subresource of a WorkflowTaskSet is written.
type StatusStrategy struct {
	Strategy
}

var (
	_ kind.FullStrategy   = Strategy{}
	_ kind.StatusStrategy = StatusStrategy{}
)

// NewStrategy returns the strategy of WorkflowTaskSets.
func NewStrategy(typer runtime.ObjectTyper) Strategy {
	return Strategy{Strategy: kind.NewStrategy(typer, kind.Namespaced)}
}

// NewStatusStrategy returns the strategy of their status subresource.
func NewStatusStrategy(typer runtime.ObjectTyper) StatusStrategy {
	return StatusStrategy{Strategy: NewStrategy(typer)}
}

// AllowUnconditionalUpdate is false: the controller and the agent both write these objects.
func (Strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// PrepareForCreate starts the count of generations, without a status: that is for the subresource.
func (Strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	taskSet := object.(*v1alpha1.WorkflowTaskSet)
	taskSet.Status = v1alpha1.WorkflowTaskSetStatus{}
	kind.StartGeneration(taskSet)
}

// PrepareForUpdate counts a generation when the spec has changed, and keeps the status.
func (Strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	taskSet, before := object.(*v1alpha1.WorkflowTaskSet), old.(*v1alpha1.WorkflowTaskSet)
	before.Status.DeepCopyInto(&taskSet.Status)
	kind.CountGeneration(taskSet, before, !equality.Semantic.DeepEqual(taskSet.Spec, before.Spec))
}

// GetResetFields says that the status is for the subresource.
func (Strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return kind.ResetFields("status")
}

// Validate checks a new object.
func (Strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowTaskSet(object.(*v1alpha1.WorkflowTaskSet))
}

// ValidateUpdate checks a changed object.
func (Strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowTaskSetUpdate(object.(*v1alpha1.WorkflowTaskSet), old.(*v1alpha1.WorkflowTaskSet))
}

// PrepareForUpdate keeps everything but the status.
func (StatusStrategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	taskSet, before := object.(*v1alpha1.WorkflowTaskSet), old.(*v1alpha1.WorkflowTaskSet)
	before.Spec.DeepCopyInto(&taskSet.Spec)
	kind.KeepMetadata(&taskSet.ObjectMeta, &before.ObjectMeta)
}

// GetResetFields says that the status subresource does not change the spec and the metadata.
func (StatusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return kind.ResetFields("spec", "metadata")
}
