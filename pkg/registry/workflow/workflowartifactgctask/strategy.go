// Package workflowartifactgctask decides what is stored of WorkflowArtifactGCTasks.
package workflowartifactgctask

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

// Strategy decides what is stored of WorkflowArtifactGCTasks.
type Strategy struct {
	kind.Strategy
}

// StatusStrategy decides what is stored when the status subresource of a WorkflowArtifactGCTask is written.
type StatusStrategy struct {
	Strategy
}

var (
	_ kind.FullStrategy   = Strategy{}
	_ kind.StatusStrategy = StatusStrategy{}
)

// NewStrategy returns the strategy of WorkflowArtifactGCTasks.
func NewStrategy(typer runtime.ObjectTyper) Strategy {
	return Strategy{Strategy: kind.NewStrategy(typer, kind.Namespaced)}
}

// NewStatusStrategy returns the strategy of their status subresource.
func NewStatusStrategy(typer runtime.ObjectTyper) StatusStrategy {
	return StatusStrategy{Strategy: NewStrategy(typer)}
}

// AllowUnconditionalUpdate is false: the controller and the pod that deletes both write these objects.
func (Strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// PrepareForCreate starts the count of generations, without a status: that is for the subresource.
func (Strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	task := object.(*v1alpha1.WorkflowArtifactGCTask)
	task.Status = v1alpha1.ArtifactGCStatus{}
	kind.StartGeneration(task)
}

// PrepareForUpdate counts a generation when the spec has changed, and keeps the status.
func (Strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	task, before := object.(*v1alpha1.WorkflowArtifactGCTask), old.(*v1alpha1.WorkflowArtifactGCTask)
	before.Status.DeepCopyInto(&task.Status)
	kind.CountGeneration(task, before, !equality.Semantic.DeepEqual(task.Spec, before.Spec))
}

// GetResetFields says that the status is for the subresource.
func (Strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return kind.ResetFields("status")
}

// Validate checks a new object.
func (Strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowArtifactGCTask(object.(*v1alpha1.WorkflowArtifactGCTask))
}

// ValidateUpdate checks a changed object.
func (Strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowArtifactGCTaskUpdate(object.(*v1alpha1.WorkflowArtifactGCTask), old.(*v1alpha1.WorkflowArtifactGCTask))
}

// PrepareForUpdate keeps everything but the status.
func (StatusStrategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	task, before := object.(*v1alpha1.WorkflowArtifactGCTask), old.(*v1alpha1.WorkflowArtifactGCTask)
	before.Spec.DeepCopyInto(&task.Spec)
	kind.KeepMetadata(&task.ObjectMeta, &before.ObjectMeta)
}

// GetResetFields says that the status subresource does not change the spec and the metadata.
func (StatusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return kind.ResetFields("spec", "metadata")
}
