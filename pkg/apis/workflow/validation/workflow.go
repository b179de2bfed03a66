package validation

import (
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// MaxWorkflowNameLength is the limit of workflows: pods carry the name of their workflow as a label value (V-001).
const MaxWorkflowNameLength = validation.LabelValueMaxLength

// ValidateWorkflow returns what is wrong with a new Workflow, and what is worth a warning.
func ValidateWorkflow(workflow *v1alpha1.Workflow) (field.ErrorList, []string) {
	errs := validateMetadata(&workflow.ObjectMeta, true, MaxWorkflowNameLength)
	specErrs, warnings := ValidateWorkflowSpec(&workflow.Spec, workflowRules, field.NewPath("spec"))
	return append(errs, specErrs...), warnings
}

// ValidateWorkflowUpdate returns what is wrong with a changed Workflow, and what is worth a warning. A spec that has not
// changed is not looked at again, and what was wrong with it before does not stand in the way of other changes, such as
// stopping the workflow.
func ValidateWorkflowUpdate(workflow, old *v1alpha1.Workflow) (field.ErrorList, []string) {
	errs := validateMetadataUpdate(&workflow.ObjectMeta, &old.ObjectMeta)
	specErrs, warnings := validateSpecUpdate(&workflow.ObjectMeta, &workflow.Spec, &old.Spec, workflowRules, field.NewPath("spec"))
	return append(errs, specErrs...), warnings
}
