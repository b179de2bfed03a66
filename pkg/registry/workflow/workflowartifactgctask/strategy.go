// Package workflowartifactgctask decides what is stored of WorkflowArtifactGCTasks.
package workflowartifactgctask

import (
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// task: the controller writes the spec, the pod that deletes the status.
var task = kind.Divided[*v1alpha1.WorkflowArtifactGCTask, v1alpha1.ArtifactGCSpec, v1alpha1.ArtifactGCStatus]{
	Spec:           func(task *v1alpha1.WorkflowArtifactGCTask) *v1alpha1.ArtifactGCSpec { return &task.Spec },
	Status:         func(task *v1alpha1.WorkflowArtifactGCTask) *v1alpha1.ArtifactGCStatus { return &task.Status },
	Validate:       validation.ValidateWorkflowArtifactGCTask,
	ValidateUpdate: validation.ValidateWorkflowArtifactGCTaskUpdate,
}

// NewStrategy returns the strategy of WorkflowArtifactGCTasks.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy { return task.Strategy(typer) }

// NewStatusStrategy returns the strategy of their status subresource.
func NewStatusStrategy(typer runtime.ObjectTyper) kind.StatusStrategy {
	return task.StatusStrategy(typer)
}
