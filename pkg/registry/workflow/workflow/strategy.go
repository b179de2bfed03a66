package workflow

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// strategy is that of the Workflow itself. What becomes of a status in a write of the whole object is decided before, in
// the storage package, because it needs the nodes.
type strategy struct {
	kind.Strategy
}

var (
	_ rest.RESTCreateStrategy = strategy{}
	_ rest.RESTUpdateStrategy = strategy{}
	_ rest.RESTDeleteStrategy = strategy{}
)

// NewStrategy returns the strategy for the Workflow itself.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy {
	return strategy{kind.NewStrategy(typer, kind.Namespaced)}
}

// AllowUnconditionalUpdate is false: controllers and people write the same object, and the last one must not win unseen.
func (strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// PrepareForCreate keeps a status that was given: a resubmitted workflow brings the results of steps that it does not
// repeat, and a restored one brings all.
func (strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	kind.StartGeneration(object.(*v1alpha1.Workflow))
}

// Validate checks a new workflow.
func (strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	errs, _ := validation.ValidateWorkflow(object.(*v1alpha1.Workflow))
	return errs
}

// WarningsOnCreate tells of what is allowed but probably not meant.
func (strategy) WarningsOnCreate(_ context.Context, object runtime.Object) []string {
	_, warnings := validation.ValidateWorkflow(object.(*v1alpha1.Workflow))
	return warnings
}

// PrepareForUpdate counts changes of the spec.
func (strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	workflow, before := object.(*v1alpha1.Workflow), old.(*v1alpha1.Workflow)
	kind.CountGeneration(workflow, before, !apiequality.Semantic.DeepEqual(&workflow.Spec, &before.Spec))
}

// ValidateUpdate checks a changed workflow.
func (strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	errs, _ := validation.ValidateWorkflowUpdate(object.(*v1alpha1.Workflow), old.(*v1alpha1.Workflow))
	return errs
}

// WarningsOnUpdate tells of what is allowed but probably not meant.
func (strategy) WarningsOnUpdate(_ context.Context, object, old runtime.Object) []string {
	_, warnings := validation.ValidateWorkflowUpdate(object.(*v1alpha1.Workflow), old.(*v1alpha1.Workflow))
	return warnings
}

// GetResetFields says that nobody owns the status by writing the whole object: only recognised transitions get through,
// and a record of the owner of each field of each node would be larger than the nodes.
func (strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return kind.ResetFields("status")
}
