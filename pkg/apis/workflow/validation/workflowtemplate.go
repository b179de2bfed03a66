package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ValidateWorkflowTemplate checks a new WorkflowTemplate.
func ValidateWorkflowTemplate(template *v1alpha1.WorkflowTemplate) field.ErrorList {
	return validateMetadata(&template.ObjectMeta, true, MaxTemplateNameLength)
}

// ValidateWorkflowTemplateUpdate checks a changed WorkflowTemplate.
func ValidateWorkflowTemplateUpdate(template, old *v1alpha1.WorkflowTemplate) field.ErrorList {
	return validateMetadataUpdate(&template.ObjectMeta, &old.ObjectMeta)
}

// ValidateClusterWorkflowTemplate checks a new ClusterWorkflowTemplate.
func ValidateClusterWorkflowTemplate(template *v1alpha1.ClusterWorkflowTemplate) field.ErrorList {
	return validateMetadata(&template.ObjectMeta, false, MaxTemplateNameLength)
}

// ValidateClusterWorkflowTemplateUpdate checks a changed ClusterWorkflowTemplate.
func ValidateClusterWorkflowTemplateUpdate(template, old *v1alpha1.ClusterWorkflowTemplate) field.ErrorList {
	return validateMetadataUpdate(&template.ObjectMeta, &old.ObjectMeta)
}
