package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ValidateWorkflowTaskSet checks a new WorkflowTaskSet.
func ValidateWorkflowTaskSet(taskSet *v1alpha1.WorkflowTaskSet) field.ErrorList {
	return validateMetadata(&taskSet.ObjectMeta, true, 0)
}

// ValidateWorkflowTaskSetUpdate checks a changed WorkflowTaskSet.
func ValidateWorkflowTaskSetUpdate(taskSet, old *v1alpha1.WorkflowTaskSet) field.ErrorList {
	return validateMetadataUpdate(&taskSet.ObjectMeta, &old.ObjectMeta)
}

// ValidateWorkflowArtifactGCTask checks a new WorkflowArtifactGCTask.
func ValidateWorkflowArtifactGCTask(task *v1alpha1.WorkflowArtifactGCTask) field.ErrorList {
	return validateMetadata(&task.ObjectMeta, true, 0)
}

// ValidateWorkflowArtifactGCTaskUpdate checks a changed WorkflowArtifactGCTask.
func ValidateWorkflowArtifactGCTaskUpdate(task, old *v1alpha1.WorkflowArtifactGCTask) field.ErrorList {
	return validateMetadataUpdate(&task.ObjectMeta, &old.ObjectMeta)
}
