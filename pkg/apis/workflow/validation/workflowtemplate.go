package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ValidateWorkflowTemplate returns what is wrong with a new WorkflowTemplate, and what is worth a warning.
func ValidateWorkflowTemplate(template *v1alpha1.WorkflowTemplate) (field.ErrorList, []string) {
	errs := validateMetadata(&template.ObjectMeta, true, MaxTemplateNameLength)
	specErrs, warnings := ValidateWorkflowSpec(&template.Spec, templateRules, field.NewPath("spec"))
	return append(errs, specErrs...), warnings
}

// ValidateWorkflowTemplateUpdate returns what is wrong with a changed WorkflowTemplate, and what is worth a warning.
func ValidateWorkflowTemplateUpdate(template, old *v1alpha1.WorkflowTemplate) (field.ErrorList, []string) {
	errs := validateMetadataUpdate(&template.ObjectMeta, &old.ObjectMeta)
	specErrs, warnings := validateSpecUpdate(&template.ObjectMeta, &template.Spec, &old.Spec, templateRules, field.NewPath("spec"))
	return append(errs, specErrs...), warnings
}

// ValidateClusterWorkflowTemplate returns what is wrong with a new ClusterWorkflowTemplate, and what is worth a warning.
func ValidateClusterWorkflowTemplate(template *v1alpha1.ClusterWorkflowTemplate) (field.ErrorList, []string) {
	errs := validateMetadata(&template.ObjectMeta, false, MaxTemplateNameLength)
	specErrs, warnings := ValidateWorkflowSpec(&template.Spec, clusterTemplateRules, field.NewPath("spec"))
	return append(errs, specErrs...), warnings
}

// ValidateClusterWorkflowTemplateUpdate returns what is wrong with a changed ClusterWorkflowTemplate, and what is worth a warning.
func ValidateClusterWorkflowTemplateUpdate(template, old *v1alpha1.ClusterWorkflowTemplate) (field.ErrorList, []string) {
	errs := validateMetadataUpdate(&template.ObjectMeta, &old.ObjectMeta)
	specErrs, warnings := validateSpecUpdate(&template.ObjectMeta, &template.Spec, &old.Spec, clusterTemplateRules, field.NewPath("spec"))
	return append(errs, specErrs...), warnings
}
