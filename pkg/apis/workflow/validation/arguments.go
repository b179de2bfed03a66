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
	return ValidateArguments(&c.spec.Arguments, !c.rules.ValuesOptional && c.spec.WorkflowTemplateRef == nil, path)
}

// ValidateArguments checks V-030 to V-040. With valueRequired every parameter needs a value.
func ValidateArguments(arguments *v1alpha1.Arguments, valueRequired bool, path *field.Path) (errs field.ErrorList) {
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
			errs = append(errs, field.Invalid(path.Child("valueFrom"), from, "valueFrom only allows: default, configMapKeyRef and supplied (and event, in what an event submits)"))
		}
	} else if parameter.Value == nil && valueRequired {
		errs = append(errs, field.Required(path.Child("value"), fmt.Sprintf("%s.value or %s.valueFrom is required", parameter.Name, parameter.Name)))
	}
	if parameter.Enum == nil {
		return errs
	}
	switch {
	case len(parameter.Enum) == 0:
		errs = append(errs, field.Required(path.Child("enum"), parameter.Name+".enum should contain at least one value"))
	case parameter.Value == nil && parameter.ValueFrom != nil && valueRequired: // V-037; without either it is V-033
		errs = append(errs, field.Required(path.Child("value"), parameter.Name+".value is required: it has an enum"))
	case parameter.Value != nil && !hasTag(string(*parameter.Value)) && !slices.Contains(parameter.Enum, *parameter.Value):
		errs = append(errs, notInEnum(parameter, path.Child("value")))
	}
	return errs
}

func notInEnum(parameter *v1alpha1.Parameter, path *field.Path) *field.Error {
	err := field.NotSupported(path, *parameter.Value, parameter.Enum)
	err.Detail = fmt.Sprintf("%s.value should be present in %s.enum list: %s", parameter.Name, parameter.Name, err.Detail)
	return err
}

// validateArtifactArguments checks V-030 to V-032, V-039, V-040 and V-205 to V-207.
func validateArtifactArguments(artifacts v1alpha1.Artifacts, path *field.Path) (errs field.ErrorList) {
	errs = append(errs, validateArtifactNames(artifacts, path)...)
	for i := range artifacts {
		if artifacts[i].From != "" && artifacts[i].FromExpression != "" {
			errs = append(errs, field.Forbidden(path.Index(i).Child("fromExpression"), "shouldn't have both from and fromExpression"))
		}
		if artifacts[i].From == "" && artifacts[i].FromExpression == "" && !placed(&artifacts[i]) && !artifacts[i].Optional {
			errs = append(errs, field.Required(path.Index(i), artifacts[i].Name+".from, artifact location, or key is required"))
		}
		errs = append(errs, validateArtifact(&artifacts[i], path.Index(i))...)
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

// ValidateCall checks that a caller gives everything that the template cannot do without (V-041, V-042) and warns of
// arguments that it does not take: they are ignored (REF-07).
func ValidateCall(template *v1alpha1.Template, given *v1alpha1.Arguments, path *field.Path) (errs field.ErrorList, warnings []string) {
	name := template.Name
	if name == "" {
		name = "inline"
	}
	for i := range template.Inputs.Parameters {
		input := &template.Inputs.Parameters[i]
		if !gives(input) && !gives(given.GetParameterByName(input.Name)) {
			errs = append(errs, field.Required(path.Child("parameters"), fmt.Sprintf("templates.%s inputs.parameters.%s was not supplied", name, input.Name)))
		}
	}
	for i := range template.Inputs.Artifacts {
		input := &template.Inputs.Artifacts[i]
		if !input.Optional && !placed(input) && given.Artifacts.GetArtifactByName(input.Name) == nil {
			errs = append(errs, field.Required(path.Child("artifacts"), fmt.Sprintf("templates.%s inputs.artifacts.%s was not supplied", name, input.Name)))
		}
	}
	for i := range given.Parameters {
		if argument := given.Parameters[i].Name; template.Inputs.GetParameterByName(argument) == nil {
			warnings = append(warnings, fmt.Sprintf("%s: template %q has no input parameter %q; the argument is ignored", path.Child("parameters").Index(i), name, argument))
		}
	}
	return errs, warnings
}

// gives tells whether a parameter brings a value into a template: only a ConfigMap is read there, and what a person supplies
// is an output (PRM-02).
func gives(parameter *v1alpha1.Parameter) bool {
	if parameter == nil {
		return false
	}
	from := parameter.ValueFrom
	return parameter.Value != nil || parameter.Default != nil || from != nil && (from.ConfigMapKeyRef != nil || from.Event != "")
}

// placed tells whether an artifact says by itself where it is.
func placed(artifact *v1alpha1.Artifact) bool {
	return len(locationsOf(&artifact.ArtifactLocation)) > 0
}
