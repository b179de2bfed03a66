package validation

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// template checks one template, also one written in place of a name.
func (c *specChecker) template(template *v1alpha1.Template, path *field.Path) {
	c.errors(validateTemplateType(template, path))
	c.errors(validateInputs(&template.Inputs, path.Child("inputs")))
	c.errors(validateOutputs(&template.Outputs, path.Child("outputs")))
	c.errors(validateTemplateFields(template, path))
	c.errors(validateRetryStrategy(template.RetryStrategy, path.Child("retryStrategy")))
	if len(template.Steps) > 0 {
		c.steps(template, path.Child("steps"))
	}
	if template.DAG != nil {
		c.dag(template.DAG, path.Child("dag"))
	}
	if template.ContainerSet != nil {
		c.errors(validateContainerSet(template, path.Child("containerSet")))
	}
	if template.Resource != nil {
		c.errors(validateResource(template, path.Child("resource")))
	}
}

// validateTemplateType checks V-050 and V-051.
func validateTemplateType(template *v1alpha1.Template, path *field.Path) field.ErrorList {
	const all = "container, containerSet, script, resource, data, http, plugin, suspend, steps, dag"
	types := template.Types()
	switch len(types) {
	case 0:
		return field.ErrorList{field.Required(path, "say what the template does: set one of "+all)}
	case 1:
		return nil
	}
	set := make([]string, len(types))
	for i := range types {
		set[i] = string(types[i])
	}
	return field.ErrorList{field.Forbidden(path, fmt.Sprintf("a template has one type, this one has %s; keep one of them", strings.Join(set, ", ")))}
}

// validateTemplateFields checks fields that only some types have: V-052 to V-055, V-058, V-062, V-063.
func validateTemplateFields(template *v1alpha1.Template, path *field.Path) (errs field.ErrorList) {
	types := template.Types()
	if len(types) != 1 {
		return nil
	}
	is := types[0]
	composite := template.IsComposite()
	if template.Timeout != "" {
		if !template.IsLeaf() {
			errs = append(errs, field.Forbidden(path.Child("timeout"), fmt.Sprintf("a %s template cannot have a timeout", is)))
		} else if _, err := v1alpha1.ParseTimeout(template.Timeout); err != nil && !hasTag(template.Timeout) {
			errs = append(errs, field.Invalid(path.Child("timeout"), template.Timeout, err.Error()))
		}
	}
	if template.PendingTimeout != "" && !template.IsLeaf() {
		errs = append(errs, field.Forbidden(path.Child("pendingTimeout"), fmt.Sprintf("a %s template never waits for a pod", is)))
	}
	if template.ActiveDeadlineSeconds != nil && composite {
		errs = append(errs, field.Forbidden(path.Child("activeDeadlineSeconds"), "set it in the templates that the steps or tasks run, or for the whole workflow"))
	}
	if template.Parallelism != nil && !composite {
		errs = append(errs, field.Forbidden(path.Child("parallelism"), "only steps and dag templates have children to limit"))
	}
	for i := range template.InitContainers {
		if template.InitContainers[i].Name == "" {
			errs = append(errs, field.Required(path.Child("initContainers").Index(i).Child("name"), "give it a name"))
		}
	}
	for i := range template.Sidecars {
		if name := template.Sidecars[i].Name; reservedContainerName(name) {
			errs = append(errs, field.Invalid(path.Child("sidecars").Index(i).Child("name"), name, "the name is reserved for helper containers"))
		}
	}
	return errs
}

// reservedContainerName tells whether a container of the user must not have this name.
func reservedContainerName(name string) bool {
	return name == "wait" || name == "supervisor" || strings.HasPrefix(name, "artifact-plugin-")
}

// validateRetryStrategy checks V-064.
func validateRetryStrategy(strategy *v1alpha1.RetryStrategy, path *field.Path) field.ErrorList {
	if strategy == nil {
		return nil
	}
	return validateChoice(strategy.RetryPolicy, []v1alpha1.RetryPolicy{
		"", v1alpha1.RetryPolicyAlways, v1alpha1.RetryPolicyOnFailure, v1alpha1.RetryPolicyOnError, v1alpha1.RetryPolicyOnTransientError,
	}, path.Child("retryPolicy"))
}
