package validation

import (
	"fmt"
	"slices"

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

// inputDefaults warns of an input whose own value is none of those that it names: whoever relies on it gets one that was not meant.
func (c *specChecker) inputDefaults(inputs *v1alpha1.Inputs, path *field.Path) {
	for i := range inputs.Parameters {
		parameter := &inputs.Parameters[i]
		value, name := parameter.Value, "value"
		if value == nil {
			value, name = parameter.Default, "default"
		}
		if value != nil && len(parameter.Enum) > 0 && !hasTag(string(*value)) && !slices.Contains(parameter.Enum, *value) {
			c.warn(path.Child("parameters").Index(i).Child(name), fmt.Sprintf("%q is not in the enum of %q", *value, parameter.Name))
		}
	}
}

// validateOutputs checks V-160 and V-165 to V-172.
func validateOutputs(template *v1alpha1.Template, path *field.Path) (errs field.ErrorList) {
	outputs := &template.Outputs
	errs = append(errs, validateParameterNames(outputs.Parameters, path.Child("parameters"))...)
	errs = append(errs, validateArtifactNames(outputs.Artifacts, path.Child("artifacts"))...)
	for i := range outputs.Parameters {
		parameterPath := path.Child("parameters").Index(i)
		if found := validateOutputValue(&outputs.Parameters[i], parameterPath); len(found) > 0 {
			errs = append(errs, found...)
			continue
		}
		errs = append(errs, validateOutputSource(template, outputs.Parameters[i].ValueFrom, parameterPath.Child("valueFrom"))...)
	}
	return errs
}

// validateOutputSource checks that a value comes from where a template of that type has one: V-169 to V-172.
func validateOutputSource(template *v1alpha1.Template, from *v1alpha1.ValueFrom, path *field.Path) field.ErrorList {
	types := template.Types()
	if from == nil || len(types) != 1 {
		return nil
	}
	switch types[0] {
	case v1alpha1.TemplateTypeContainer, v1alpha1.TemplateTypeContainerSet, v1alpha1.TemplateTypeScript:
		if from.Path == "" {
			return field.ErrorList{field.Required(path.Child("path"), fmt.Sprintf("path must be specified for %s templates", types[0]))}
		}
	case v1alpha1.TemplateTypeResource:
		if from.JQFilter == "" && from.JSONPath == "" {
			return field.ErrorList{field.Required(path, "jqFilter or jsonPath must be specified for Resource templates")}
		}
		return validateQuery(from, path)
	case v1alpha1.TemplateTypeSteps, v1alpha1.TemplateTypeDAG:
		if from.Parameter == "" && from.Expression == "" {
			return field.ErrorList{field.Required(path, fmt.Sprintf("parameter or expression must be specified for %s templates", types[0]))}
		}
	}
	return nil
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
		return field.ErrorList{field.Invalid(path.Child("valueFrom"), from, outputSourceProblem(sources))}
	}
	return nil
}

func outputSourceProblem(sources int) string {
	const all = "path, jqFilter, jsonPath, parameter, expression and supplied"
	if sources == 0 {
		return "valueFrom type unspecified: give one of " + all
	}
	return "multiple valueFrom types specified: give one of " + all
}

func validateParameterNames(parameters []v1alpha1.Parameter, path *field.Path) (errs field.ErrorList) {
	seen := nameSet{}
	for i := range parameters {
		namePath := path.Index(i).Child("name")
		errs = append(errs, validateArgumentName(parameters[i].Name, namePath)...)
		errs = append(errs, seen.add(parameters[i].Name, namePath)...)
		if enum := parameters[i].Enum; enum != nil && len(enum) == 0 {
			errs = append(errs, field.Required(path.Index(i).Child("enum"), parameters[i].Name+".enum should contain at least one value"))
		}
	}
	return errs
}
