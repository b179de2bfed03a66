package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validateInputs checks V-080 and V-084.
func validateInputs(inputs *v1alpha1.Inputs, path *field.Path) (errs field.ErrorList) {
	errs = append(errs, validateParameterNames(inputs.Parameters, path.Child("parameters"))...)
	errs = append(errs, validateArtifactNames(inputs.Artifacts, path.Child("artifacts"))...)
	for i := range inputs.Artifacts {
		if inputs.Artifacts[i].From != "" {
			errs = append(errs, field.Forbidden(path.Child("artifacts").Index(i).Child("from"), "the caller says where an input comes from; move it to the arguments of the step or task"))
		}
	}
	return errs
}

// validateOutputs checks V-160 and V-165 to V-168.
func validateOutputs(outputs *v1alpha1.Outputs, path *field.Path) (errs field.ErrorList) {
	errs = append(errs, validateParameterNames(outputs.Parameters, path.Child("parameters"))...)
	errs = append(errs, validateArtifactNames(outputs.Artifacts, path.Child("artifacts"))...)
	for i := range outputs.Parameters {
		errs = append(errs, validateOutputValue(&outputs.Parameters[i], path.Child("parameters").Index(i))...)
	}
	return errs
}

func validateOutputValue(parameter *v1alpha1.Parameter, path *field.Path) field.ErrorList {
	from := parameter.ValueFrom
	switch {
	case from == nil && parameter.Value == nil:
		return field.ErrorList{field.Required(path.Child("valueFrom"), "say where the value comes from")}
	case from == nil:
		return nil
	case parameter.Value != nil:
		return field.ErrorList{field.Forbidden(path.Child("valueFrom"), "give value or valueFrom, not both")}
	}
	sources := 0
	for _, given := range []bool{
		from.Path != "", from.JQFilter != "", from.JSONPath != "", from.Parameter != "", from.Expression != "", from.Supplied != nil,
	} {
		if given {
			sources++
		}
	}
	if sources != 1 {
		return field.ErrorList{field.Invalid(path.Child("valueFrom"), from, "give exactly one of path, jqFilter, jsonPath, parameter, expression and supplied")}
	}
	return nil
}

func validateParameterNames(parameters []v1alpha1.Parameter, path *field.Path) (errs field.ErrorList) {
	seen := nameSet{}
	for i := range parameters {
		namePath := path.Index(i).Child("name")
		errs = append(errs, validateArgumentName(parameters[i].Name, namePath)...)
		errs = append(errs, seen.add(parameters[i].Name, namePath)...)
	}
	return errs
}
