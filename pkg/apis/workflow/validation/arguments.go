package validation

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// workflowArguments checks the arguments of the workflow itself. Values may be absent where they come later (V-033) or
// where the object that workflowTemplateRef names may have them (V-044).
func (c *specChecker) workflowArguments(path *field.Path) field.ErrorList {
	return validateArguments(&c.spec.Arguments, !c.rules.ValuesOptional && c.spec.WorkflowTemplateRef == nil, path)
}

// validateArguments checks V-030 to V-038 and V-040.
func validateArguments(arguments *v1alpha1.Arguments, valueRequired bool, path *field.Path) (errs field.ErrorList) {
	seen := nameSet{}
	for i := range arguments.Parameters {
		parameter := &arguments.Parameters[i]
		parameterPath := path.Child("parameters").Index(i)
		errs = append(errs, validateArgumentName(parameter.Name, parameterPath.Child("name"))...)
		errs = append(errs, seen.add(parameter.Name, parameterPath.Child("name"))...)
		errs = append(errs, validateArgumentValue(parameter, valueRequired, parameterPath)...)
	}
	return append(errs, validateArtifactArguments(arguments.Artifacts, path.Child("artifacts"))...)
}

// validateArgumentValue checks V-033 to V-038.
func validateArgumentValue(parameter *v1alpha1.Parameter, valueRequired bool, path *field.Path) (errs field.ErrorList) {
	if from := parameter.ValueFrom; from != nil {
		allowed := from.ConfigMapKeyRef != nil || from.Event != "" || from.Supplied != nil
		foreign := from.Path != "" || from.JSONPath != "" || from.JQFilter != "" || from.Parameter != "" || from.Expression != ""
		if !allowed || foreign {
			errs = append(errs, field.Invalid(path.Child("valueFrom"), from, "an argument takes its value from configMapKeyRef, event or supplied (with default if there may be none)"))
		}
	} else if parameter.Value == nil && valueRequired {
		errs = append(errs, field.Required(path.Child("value"), fmt.Sprintf("parameter %q needs a value or valueFrom", parameter.Name)))
	}
	if parameter.Enum == nil {
		return errs
	}
	switch {
	case len(parameter.Enum) == 0:
		errs = append(errs, field.Required(path.Child("enum"), "list at least one value, or leave it out"))
	case parameter.Value != nil && !hasTag(string(*parameter.Value)) && !slices.Contains(parameter.Enum, *parameter.Value):
		errs = append(errs, field.NotSupported(path.Child("value"), *parameter.Value, parameter.Enum))
	}
	return errs
}

// validateArtifactArguments checks V-030 to V-032 and V-040.
func validateArtifactArguments(artifacts v1alpha1.Artifacts, path *field.Path) (errs field.ErrorList) {
	errs = append(errs, validateArtifactNames(artifacts, path)...)
	for i := range artifacts {
		if artifacts[i].From != "" && artifacts[i].FromExpression != "" {
			errs = append(errs, field.Forbidden(path.Index(i).Child("fromExpression"), "give from or fromExpression, not both"))
		}
	}
	return errs
}

func validateArtifactNames(artifacts v1alpha1.Artifacts, path *field.Path) (errs field.ErrorList) {
	seen := nameSet{}
	for i := range artifacts {
		namePath := path.Index(i).Child("name")
		errs = append(errs, validateArgumentName(artifacts[i].Name, namePath)...)
		errs = append(errs, seen.add(artifacts[i].Name, namePath)...)
	}
	return errs
}

// requiredInputs checks that a caller gives every parameter that the template cannot do without: V-041.
func (c *specChecker) requiredInputs(template *v1alpha1.Template, given *v1alpha1.Arguments, path *field.Path) {
	for i := range template.Inputs.Parameters {
		input := &template.Inputs.Parameters[i]
		if !input.HasValue() && given.GetParameterByName(input.Name) == nil {
			c.errs = append(c.errs, field.Required(path, fmt.Sprintf("template %q needs a value for its parameter %q", template.Name, input.Name)))
		}
	}
}

// unusedArguments warns of arguments that the template does not take: they are ignored (REF-07).
func (c *specChecker) unusedArguments(template *v1alpha1.Template, given *v1alpha1.Arguments, path *field.Path) {
	for i := range given.Parameters {
		if name := given.Parameters[i].Name; template.Inputs.GetParameterByName(name) == nil {
			c.warn(path.Child("parameters").Index(i), fmt.Sprintf("template %q has no input parameter %q; the argument is ignored", template.Name, name))
		}
	}
}
