package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ValidateWorkflowEventBinding checks a new WorkflowEventBinding.
func ValidateWorkflowEventBinding(binding *v1alpha1.WorkflowEventBinding) field.ErrorList {
	errs := validateMetadata(&binding.ObjectMeta, true, 0)
	return append(errs, validateWorkflowEventBindingSpec(&binding.Spec, field.NewPath("spec"))...)
}

// ValidateWorkflowEventBindingUpdate checks a changed WorkflowEventBinding: of its spec, what the change brings in.
func ValidateWorkflowEventBindingUpdate(binding, old *v1alpha1.WorkflowEventBinding) field.ErrorList {
	errs := validateMetadataUpdate(&binding.ObjectMeta, &old.ObjectMeta)
	if !SpecCounts(&binding.ObjectMeta, &binding.Spec, &old.Spec) {
		return errs
	}
	path := field.NewPath("spec")
	return append(errs, Introduced(validateWorkflowEventBindingSpec(&binding.Spec, path), validateWorkflowEventBindingSpec(&old.Spec, path))...)
}

func validateWorkflowEventBindingSpec(spec *v1alpha1.WorkflowEventBindingSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if spec.Event.Selector == "" {
		errs = append(errs, field.Required(path.Child("event", "selector"), `an expression over the event, such as 'payload.kind == "push"'`))
	}
	if spec.Submit != nil && spec.Submit.WorkflowTemplateRef.Name == "" {
		errs = append(errs, field.Required(path.Child("submit", "workflowTemplateRef", "name"), "the template to submit"))
	}
	return errs
}
