package workflow

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// statusStrategy is that of workflows/status.
type statusStrategy struct {
	kind.Strategy
}

var _ kind.StatusStrategy = statusStrategy{}

// NewStatusStrategy returns the strategy for workflows/status.
func NewStatusStrategy(typer runtime.ObjectTyper) kind.StatusStrategy {
	return statusStrategy{kind.NewStrategy(typer, kind.Namespaced)}
}

// AllowUnconditionalUpdate is false, as for the workflow itself.
func (statusStrategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// PrepareForUpdate takes nothing but the status from the new object.
func (statusStrategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	workflow, before := object.(*v1alpha1.Workflow), old.(*v1alpha1.Workflow)
	workflow.Spec = before.Spec
	kind.KeepMetadata(&workflow.ObjectMeta, &before.ObjectMeta)
}

// ValidateUpdate has nothing to check: a status is what happened.
func (statusStrategy) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}

// GetResetFields returns what a write of the status cannot change, and the nodes: a record of the owner of each field of
// each node would be larger than the nodes.
func (statusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	fields := kind.ResetFields("spec", "metadata")
	for _, set := range fields {
		set.Insert(fieldpath.MakePathOrDie("status", "nodes"))
	}
	return fields
}

// nodesStrategy is that of workflows/nodes: the header that it stores is the server's own work.
type nodesStrategy struct {
	kind.Strategy
}

var _ rest.RESTUpdateStrategy = nodesStrategy{}

// NewNodesStrategy returns the strategy for workflows/nodes.
func NewNodesStrategy(typer runtime.ObjectTyper) rest.RESTUpdateStrategy {
	return nodesStrategy{kind.NewStrategy(typer, kind.Namespaced)}
}

// PrepareForUpdate leaves the object as it is.
func (nodesStrategy) PrepareForUpdate(context.Context, runtime.Object, runtime.Object) {}

// ValidateUpdate has nothing to check: labels were checked when they came in.
func (nodesStrategy) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}

// verbStrategy is that of the subresources that act on a workflow: what they store is the server's own work.
type verbStrategy struct {
	nodesStrategy
	whole kind.FullStrategy
}

// NewVerbStrategy returns the strategy of suspend, resume, stop, terminate, retry and set; whole is the workflow's own.
func NewVerbStrategy(typer runtime.ObjectTyper, whole kind.FullStrategy) rest.RESTUpdateStrategy {
	return verbStrategy{nodesStrategy: nodesStrategy{kind.NewStrategy(typer, kind.Namespaced)}, whole: whole}
}

// PrepareForUpdate counts changes of the spec.
func (s verbStrategy) PrepareForUpdate(ctx context.Context, object, old runtime.Object) {
	s.whole.PrepareForUpdate(ctx, object, old)
}

// ValidateUpdate checks a changed task, as an update of the workflow would. What was wrong before is no reason not to stop.
func (s verbStrategy) ValidateUpdate(ctx context.Context, object, old runtime.Object) field.ErrorList {
	if apiequality.Semantic.DeepEqual(task(object), task(old)) {
		return nil
	}
	return s.whole.ValidateUpdate(ctx, object, old)
}

// task is what a workflow is to do, without what verbs say about how long it may go on.
func task(object runtime.Object) v1alpha1.WorkflowSpec {
	spec := object.(*v1alpha1.Workflow).Spec
	spec.Suspend, spec.Shutdown, spec.ActiveDeadlineSeconds = nil, "", nil
	return spec
}
