package validation

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ValidateWorkflowTaskSet checks a new WorkflowTaskSet.
func ValidateWorkflowTaskSet(taskSet *v1alpha1.WorkflowTaskSet) field.ErrorList {
	return append(validateMetadata(&taskSet.ObjectMeta, true, 0), validateTasks(taskSet, field.NewPath("spec", "tasks"))...)
}

// ValidateWorkflowTaskSetUpdate checks a changed WorkflowTaskSet.
func ValidateWorkflowTaskSetUpdate(taskSet, old *v1alpha1.WorkflowTaskSet) field.ErrorList {
	errs := validateMetadataUpdate(&taskSet.ObjectMeta, &old.ObjectMeta)
	if taskSet.DeletionTimestamp != nil {
		return errs
	}
	path := field.NewPath("spec", "tasks")
	return append(errs, Introduced(validateTasks(taskSet, path), validateTasks(old, path))...)
}

// ValidateWorkflowArtifactGCTask checks a new WorkflowArtifactGCTask.
func ValidateWorkflowArtifactGCTask(task *v1alpha1.WorkflowArtifactGCTask) field.ErrorList {
	return append(validateMetadata(&task.ObjectMeta, true, 0), validateGarbage(task, field.NewPath("spec", "artifactsByNode"))...)
}

// ValidateWorkflowArtifactGCTaskUpdate checks a changed WorkflowArtifactGCTask.
func ValidateWorkflowArtifactGCTaskUpdate(task, old *v1alpha1.WorkflowArtifactGCTask) field.ErrorList {
	errs := validateMetadataUpdate(&task.ObjectMeta, &old.ObjectMeta)
	if task.DeletionTimestamp != nil {
		return errs
	}
	path := field.NewPath("spec", "artifactsByNode")
	return append(errs, Introduced(validateGarbage(task, path), validateGarbage(old, path))...)
}

// validateTasks checks that each task, by the ID of its node, says one thing to do.
func validateTasks(taskSet *v1alpha1.WorkflowTaskSet, path *field.Path) (errs field.ErrorList) {
	for _, id := range slices.Sorted(maps.Keys(taskSet.Spec.Tasks)) {
		template := taskSet.Spec.Tasks[id]
		errs = append(errs, validateTemplateType(&template, path.Key(id))...)
	}
	return errs
}

// validateGarbage checks that each artifact to remove is in one place.
func validateGarbage(task *v1alpha1.WorkflowArtifactGCTask, path *field.Path) (errs field.ErrorList) {
	for _, id := range slices.Sorted(maps.Keys(task.Spec.ArtifactsByNode)) {
		node := task.Spec.ArtifactsByNode[id]
		at := path.Key(id)
		if node.ArchiveLocation != nil {
			errs = append(errs, validateLocation(node.ArchiveLocation, at.Child("archiveLocation"))...)
		}
		for _, name := range slices.Sorted(maps.Keys(node.Artifacts)) {
			artifact := node.Artifacts[name]
			errs = append(errs, validateLocation(&artifact.ArtifactLocation, at.Child("artifacts").Key(name))...)
		}
	}
	return errs
}
