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
	c.inputDefaults(&template.Inputs, path.Child("inputs"))
	c.errors(validateTemplateArtifacts(template, path))
	c.outputSources(template, path)
	c.errors(validateInputMounts(template, path))
	c.errors(validateOutputs(template, path.Child("outputs")))
	c.errors(validateTemplateFields(template, path))
	c.errors(validatePods(template, path))
	c.errors(validateMetrics(template.Metrics, path.Child("metrics")))
	c.errors(validateRetryStrategy(template.RetryStrategy, path.Child("retryStrategy")))
	c.baseDuration(c.withDefaultBackoff(template.RetryStrategy), path.Child("retryStrategy"))
	c.errors(validateLocks(template.Synchronization, path.Child("synchronization")))
	c.errors(validateMemoize(template.Memoize, path.Child("memoize")))
	c.errors(validatePodSpecPatch(template.PodSpecPatch, path.Child("podSpecPatch")))
	c.errors(validateDisplayName(template.Annotations, path.Child("annotations")))
	c.images(template, path)
	c.mountedVolumes(template, path)
	c.podFields(template, path)
	c.templateExecutor(template, path)
	if len(template.Steps) > 0 {
		c.steps(template, path.Child("steps"))
	}
	if template.DAG != nil {
		c.dag(template.DAG, path.Child("dag"))
	}
	if template.ContainerSet != nil {
		c.errors(validateContainerSet(template, path.Child("containerSet")))
	}
	if template.Data != nil {
		c.errors(validateData(template.Data, path.Child("data")))
	}
	if template.HTTP != nil && template.HTTP.URL == "" && (c.spec.TemplateDefaults == nil || c.spec.TemplateDefaults.HTTP == nil) {
		c.errs = append(c.errs, field.Required(path.Child("http", "url"), "say what to call"))
	}
	if template.Resource != nil {
		c.errors(validateResource(template, path.Child("resource")))
	}
}

// withDefaultBackoff gives a strategy the base duration of templateDefaults if it has none itself (RTY-04, TPL-18).
func (c *specChecker) withDefaultBackoff(strategy *v1alpha1.RetryStrategy) *v1alpha1.RetryStrategy {
	defaults := c.spec.TemplateDefaults
	if strategy == nil || strategy.Backoff == nil || strategy.Backoff.Duration != "" ||
		defaults == nil || defaults.RetryStrategy == nil || defaults.RetryStrategy.Backoff == nil {
		return strategy
	}
	shell, backoff := *strategy, *strategy.Backoff
	backoff.Duration, shell.Backoff = defaults.RetryStrategy.Backoff.Duration, &backoff
	return &shell
}

// templateDefaults checks what is laid under every template, as far as it means the same in all of them.
func (c *specChecker) templateDefaults(path *field.Path) {
	defaults := c.spec.TemplateDefaults
	if defaults == nil {
		return
	}
	c.errors(validateTimeout(defaults.Timeout, path.Child("timeout")))
	c.errors(validateDuration(defaults.PendingTimeout, path.Child("pendingTimeout")))
	c.errors(validateDeadline(defaults.ActiveDeadlineSeconds, path.Child("activeDeadlineSeconds")))
	c.errors(validateMetrics(defaults.Metrics, path.Child("metrics")))
	c.errors(validateRetryStrategy(defaults.RetryStrategy, path.Child("retryStrategy")))
	c.baseDuration(defaults.RetryStrategy, path.Child("retryStrategy"))
	c.errors(validateLocks(defaults.Synchronization, path.Child("synchronization")))
	c.errors(validateMemoize(defaults.Memoize, path.Child("memoize")))
	c.errors(validatePodSpecPatch(defaults.PodSpecPatch, path.Child("podSpecPatch")))
	c.errors(validateDisplayName(defaults.Annotations, path.Child("annotations")))
}

// validateTimeout checks V-053.
func validateTimeout(timeout string, path *field.Path) field.ErrorList {
	if timeout == "" || hasTag(timeout) {
		return nil
	}
	if _, err := v1alpha1.ParseTimeout(timeout); err != nil {
		return field.ErrorList{field.Invalid(path, timeout, err.Error())}
	}
	return nil
}

// validateTemplateType checks V-050 and V-051.
func validateTemplateType(template *v1alpha1.Template, path *field.Path) field.ErrorList {
	const all = "container, containerSet, script, resource, data, http, plugin, suspend, steps, dag"
	types := template.Types()
	switch len(types) {
	case 0:
		if template.Steps != nil {
			return field.ErrorList{field.Required(path, "template type unspecified: the list of steps is empty; give it at least one group with one step")} // V-203
		}
		return field.ErrorList{field.Required(path, "template type unspecified: set one of "+all)}
	case 1:
		return nil
	}
	set := make([]string, len(types))
	for i := range types {
		set[i] = string(types[i])
	}
	return field.ErrorList{field.Forbidden(path, fmt.Sprintf("multiple template types specified: %s; keep one of them", strings.Join(set, ", ")))}
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
			errs = append(errs, field.Forbidden(path.Child("timeout"), fmt.Sprintf("%s template doesn't support timeout field", is)))
		} else {
			errs = append(errs, validateTimeout(template.Timeout, path.Child("timeout"))...)
		}
	}
	if template.PendingTimeout != "" && !template.IsLeaf() {
		errs = append(errs, field.Forbidden(path.Child("pendingTimeout"), fmt.Sprintf("%s template doesn't support pendingTimeout field", is)))
	}
	if template.ActiveDeadlineSeconds != nil && composite {
		errs = append(errs, field.Forbidden(path.Child("activeDeadlineSeconds"), "activeDeadlineSeconds is only valid for leaf templates; set it in those that the steps or tasks run, or for the whole workflow"))
	}
	if template.IsLeaf() {
		errs = append(errs, validateDeadline(template.ActiveDeadlineSeconds, path.Child("activeDeadlineSeconds"))...)
	}
	if template.Parallelism != nil && *template.Parallelism < 1 {
		errs = append(errs, field.Invalid(path.Child("parallelism"), *template.Parallelism, "must be 1 or more"))
	}
	if template.Suspend != nil {
		errs = append(errs, validateDuration(template.Suspend.Duration, path.Child("suspend", "duration"))...)
	}
	if template.IsLeaf() {
		errs = append(errs, validateDuration(template.PendingTimeout, path.Child("pendingTimeout"))...)
	}
	if template.Parallelism != nil && !composite {
		errs = append(errs, field.Forbidden(path.Child("parallelism"), "parallelism is only valid for steps and dag templates"))
	}
	for i := range template.InitContainers {
		if template.InitContainers[i].Name == "" {
			errs = append(errs, field.Required(path.Child("initContainers").Index(i).Child("name"), "initContainers must all have container name"))
		}
	}
	for i := range template.Sidecars {
		if name := template.Sidecars[i].Name; reservedContainerName(name) {
			errs = append(errs, field.Invalid(path.Child("sidecars").Index(i).Child("name"), name, fmt.Sprintf("%q is a reserved Argo container name", name)))
		}
	}
	return errs
}

// reservedContainerName tells whether a container of the user must not have this name.
func reservedContainerName(name string) bool {
	return name == "wait" || name == "supervisor" || strings.HasPrefix(name, "artifact-plugin-")
}
