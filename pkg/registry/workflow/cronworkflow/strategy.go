// Package cronworkflow decides what is stored of CronWorkflows.
package cronworkflow

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

// Strategy decides what is stored of CronWorkflows.
type Strategy struct {
	kind.Strategy
}

var _ kind.FullStrategy = Strategy{}

// NewStrategy returns the strategy of CronWorkflows.
func NewStrategy(typer runtime.ObjectTyper) Strategy {
	return Strategy{Strategy: kind.NewStrategy(typer, kind.Namespaced)}
}

// PrepareForCreate starts the count of generations. A status that comes along stays: an object restored from a backup goes
// on where it was.
func (Strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	kind.StartGeneration(object.(*v1alpha1.CronWorkflow))
}

// PrepareForUpdate counts a generation when the spec has changed. There is no status subresource, so controller and people
// write the same object; one without status, as people keep it in a file, leaves the status as it is.
func (Strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	cron, before := object.(*v1alpha1.CronWorkflow), old.(*v1alpha1.CronWorkflow)
	if equality.Semantic.DeepEqual(cron.Status, v1alpha1.CronWorkflowStatus{}) {
		before.Status.DeepCopyInto(&cron.Status)
	}
	kind.CountGeneration(cron, before, !equality.Semantic.DeepEqual(cron.Spec, before.Spec))
}

// GetResetFields is empty: a write may change every field.
func (Strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set { return nil }

// Validate checks a new object.
func (Strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	errs, _ := validation.ValidateCronWorkflow(object.(*v1alpha1.CronWorkflow))
	return errs
}

// ValidateUpdate checks a changed object.
func (Strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	errs, _ := validation.ValidateCronWorkflowUpdate(object.(*v1alpha1.CronWorkflow), old.(*v1alpha1.CronWorkflow))
	return errs
}

// WarningsOnCreate tells of what is allowed but hardly meant.
func (Strategy) WarningsOnCreate(_ context.Context, object runtime.Object) []string {
	_, warnings := validation.ValidateCronWorkflow(object.(*v1alpha1.CronWorkflow))
	return warnings
}

// WarningsOnUpdate tells of what is allowed but hardly meant.
func (Strategy) WarningsOnUpdate(_ context.Context, object, old runtime.Object) []string {
	_, warnings := validation.ValidateCronWorkflowUpdate(object.(*v1alpha1.CronWorkflow), old.(*v1alpha1.CronWorkflow))
	return warnings
}
