// Package workflowtemplate decides what is stored of WorkflowTemplates.
package workflowtemplate

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

// Strategy decides what is stored of WorkflowTemplates.
type Strategy struct {
	kind.Strategy
}

var _ kind.FullStrategy = Strategy{}

// NewStrategy returns the strategy of WorkflowTemplates.
func NewStrategy(typer runtime.ObjectTyper) Strategy {
	return Strategy{Strategy: kind.NewStrategy(typer, kind.Namespaced)}
}

// PrepareForCreate starts the count of generations.
func (Strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	kind.StartGeneration(object.(*v1alpha1.WorkflowTemplate))
}

// PrepareForUpdate counts a generation when the spec has changed.
func (Strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	template, before := object.(*v1alpha1.WorkflowTemplate), old.(*v1alpha1.WorkflowTemplate)
	kind.CountGeneration(template, before, !equality.Semantic.DeepEqual(template.Spec, before.Spec))
}

// GetResetFields is empty: a write may change every field.
func (Strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set { return nil }

// Validate checks a new object.
func (Strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	errs, _ := validation.ValidateWorkflowTemplate(object.(*v1alpha1.WorkflowTemplate))
	return errs
}

// ValidateUpdate checks a changed object.
func (Strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	errs, _ := validation.ValidateWorkflowTemplateUpdate(object.(*v1alpha1.WorkflowTemplate), old.(*v1alpha1.WorkflowTemplate))
	return errs
}

// WarningsOnCreate tells of what is allowed but hardly meant.
func (Strategy) WarningsOnCreate(_ context.Context, object runtime.Object) []string {
	_, warnings := validation.ValidateWorkflowTemplate(object.(*v1alpha1.WorkflowTemplate))
	return warnings
}

// WarningsOnUpdate tells of what is allowed but hardly meant.
func (Strategy) WarningsOnUpdate(_ context.Context, object, old runtime.Object) []string {
	_, warnings := validation.ValidateWorkflowTemplateUpdate(object.(*v1alpha1.WorkflowTemplate), old.(*v1alpha1.WorkflowTemplate))
	return warnings
}
