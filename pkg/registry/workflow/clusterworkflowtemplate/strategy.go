// Package clusterworkflowtemplate decides what is stored of ClusterWorkflowTemplates.
package clusterworkflowtemplate

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

// Strategy decides what is stored of ClusterWorkflowTemplates.
type Strategy struct {
	kind.Strategy
}

var _ kind.FullStrategy = Strategy{}

// NewStrategy returns the strategy of ClusterWorkflowTemplates.
func NewStrategy(typer runtime.ObjectTyper) Strategy {
	return Strategy{Strategy: kind.NewStrategy(typer, kind.Cluster)}
}

// PrepareForCreate starts the count of generations.
func (Strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	kind.StartGeneration(object.(*v1alpha1.ClusterWorkflowTemplate))
}

// PrepareForUpdate counts a generation when the spec has changed.
func (Strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	template, before := object.(*v1alpha1.ClusterWorkflowTemplate), old.(*v1alpha1.ClusterWorkflowTemplate)
	kind.CountGeneration(template, before, !equality.Semantic.DeepEqual(template.Spec, before.Spec))
}

// GetResetFields is empty: a write may change every field.
func (Strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set { return nil }

// Validate checks a new object.
func (Strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	errs, _ := validation.ValidateClusterWorkflowTemplate(object.(*v1alpha1.ClusterWorkflowTemplate))
	return errs
}

// ValidateUpdate checks a changed object.
func (Strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	errs, _ := validation.ValidateClusterWorkflowTemplateUpdate(object.(*v1alpha1.ClusterWorkflowTemplate), old.(*v1alpha1.ClusterWorkflowTemplate))
	return errs
}

// WarningsOnCreate tells of what is allowed but hardly meant.
func (Strategy) WarningsOnCreate(_ context.Context, object runtime.Object) []string {
	_, warnings := validation.ValidateClusterWorkflowTemplate(object.(*v1alpha1.ClusterWorkflowTemplate))
	return warnings
}

// WarningsOnUpdate tells of what is allowed but hardly meant.
func (Strategy) WarningsOnUpdate(_ context.Context, object, old runtime.Object) []string {
	_, warnings := validation.ValidateClusterWorkflowTemplateUpdate(object.(*v1alpha1.ClusterWorkflowTemplate), old.(*v1alpha1.ClusterWorkflowTemplate))
	return warnings
}
