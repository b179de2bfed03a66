// Package workfloweventbinding decides what is stored of WorkflowEventBindings.
package workfloweventbinding

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

// Strategy decides what is stored of WorkflowEventBindings.
type Strategy struct {
	kind.Strategy
}

var _ kind.FullStrategy = Strategy{}

// NewStrategy returns the strategy of WorkflowEventBindings.
func NewStrategy(typer runtime.ObjectTyper) Strategy {
	return Strategy{Strategy: kind.NewStrategy(typer, kind.Namespaced)}
}

// PrepareForCreate starts the count of generations.
func (Strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	kind.StartGeneration(object.(*v1alpha1.WorkflowEventBinding))
}

// PrepareForUpdate counts a generation when the spec has changed.
func (Strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	binding, before := object.(*v1alpha1.WorkflowEventBinding), old.(*v1alpha1.WorkflowEventBinding)
	kind.CountGeneration(binding, before, !equality.Semantic.DeepEqual(binding.Spec, before.Spec))
}

// GetResetFields is empty: a write may change every field.
func (Strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set { return nil }

// Validate checks a new object.
func (Strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowEventBinding(object.(*v1alpha1.WorkflowEventBinding))
}

// ValidateUpdate checks a changed object.
func (Strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowEventBindingUpdate(object.(*v1alpha1.WorkflowEventBinding), old.(*v1alpha1.WorkflowEventBinding))
}

// WarningsOnCreate tells of a binding that does nothing.
func (Strategy) WarningsOnCreate(_ context.Context, object runtime.Object) []string {
	return warnings(object.(*v1alpha1.WorkflowEventBinding))
}

// WarningsOnUpdate tells of a binding that does nothing.
func (Strategy) WarningsOnUpdate(_ context.Context, object, _ runtime.Object) []string {
	return warnings(object.(*v1alpha1.WorkflowEventBinding))
}

func warnings(binding *v1alpha1.WorkflowEventBinding) []string {
	if binding.Spec.Submit == nil {
		return []string{"spec.submit is missing: matching events will not create a workflow"}
	}
	return nil
}
