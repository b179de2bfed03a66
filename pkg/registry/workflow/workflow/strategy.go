package workflow

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NewStrategy returns the strategy for the Workflow itself. What becomes of a status in a write of the whole object is
// decided before, in the storage package, because it needs the nodes: a new workflow keeps a status that it brings (a
// resubmitted one the results of steps that it does not repeat, a restored one all), and of a changed one only recognised
// transitions get through. Nobody owns the status by writing the whole object: a record of the owner of each field of each
// node would be larger than the nodes.
func NewStrategy(typer runtime.ObjectTyper, references *kind.References) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, kind.Rules[*v1alpha1.Workflow]{
		Scope:    kind.Namespaced,
		Shared:   true,
		Reset:    []string{"status"},
		Spec:     func(workflow *v1alpha1.Workflow) any { return &workflow.Spec },
		Prepare:  keepOrigin,
		Validate: validation(references),
	})
}

// keepOrigin leaves it to the server who created a workflow, whether it was over by then, and how it is marked.
func keepOrigin(workflow, stored *v1alpha1.Workflow) {
	keepMarks(workflow, stored)
	restored := workflow.Status.Phase.Completed()
	if stored != nil {
		actor.KeepCreator(workflow, stored)
		restored = stored.Annotations[v1alpha1.AnnotationKeyRestored] == "true"
	}
	switch {
	case !restored:
		delete(workflow.Annotations, v1alpha1.AnnotationKeyRestored)
	case workflow.Annotations == nil:
		workflow.Annotations = map[string]string{v1alpha1.AnnotationKeyRestored: "true"}
	default:
		workflow.Annotations[v1alpha1.AnnotationKeyRestored] = "true"
	}
}

// validation looks at an object together with what it refers to.
func validation(references *kind.References) func(context.Context, *v1alpha1.Workflow, *v1alpha1.Workflow) (field.ErrorList, []string) {
	return func(ctx context.Context, workflow, stored *v1alpha1.Workflow) (field.ErrorList, []string) {
		if stored == nil {
			return lint.Workflow(workflow, references.Lookup(ctx))
		}
		return lint.WorkflowUpdate(workflow, stored, references.Lookup(ctx))
	}
}
