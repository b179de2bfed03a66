// Package workflowartifactgctask decides what is stored of WorkflowArtifactGCTasks.
package workflowartifactgctask

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// rules: the controller and the pod that deletes both write these objects, one the spec and the other, through the subresource, the status.
var rules = kind.Rules[*v1alpha1.WorkflowArtifactGCTask]{
	Scope:    kind.Namespaced,
	Shared:   true,
	Reset:    []string{"status"},
	Spec:     func(task *v1alpha1.WorkflowArtifactGCTask) any { return &task.Spec },
	Prepare:  keepStatus,
	Validate: validate,
}

// NewStrategy returns the strategy of WorkflowArtifactGCTasks.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, rules)
}

// NewStatusStrategy returns the strategy of their status subresource.
func NewStatusStrategy(typer runtime.ObjectTyper) kind.StatusStrategy {
	return kind.NewRuledStatusStrategy(typer, rules, func(task, stored *v1alpha1.WorkflowArtifactGCTask) {
		stored.Spec.DeepCopyInto(&task.Spec)
	})
}

// keepStatus leaves the status to the subresource.
func keepStatus(task, stored *v1alpha1.WorkflowArtifactGCTask) {
	if stored == nil {
		task.Status = v1alpha1.ArtifactGCStatus{}
		return
	}
	stored.Status.DeepCopyInto(&task.Status)
}

func validate(_ context.Context, task, stored *v1alpha1.WorkflowArtifactGCTask) (field.ErrorList, []string) {
	if stored == nil {
		return validation.ValidateWorkflowArtifactGCTask(task), nil
	}
	return validation.ValidateWorkflowArtifactGCTaskUpdate(task, stored), nil
}
