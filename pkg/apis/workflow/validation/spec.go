package validation

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// SpecRules say what a spec has to have besides being well-formed.
type SpecRules struct {
	// EntrypointOptional is set for libraries of templates.
	EntrypointOptional bool
	// ValuesOptional is set where arguments get their values later, at submission.
	ValuesOptional bool
	// ImagesRequired: templateDefaults do not stand in for an image (V-100).
	ImagesRequired bool
}

var (
	// workflowRules are for specs that run as they are.
	workflowRules = SpecRules{}
	// templateRules are for specs that are kept for later.
	templateRules = SpecRules{EntrypointOptional: true, ValuesOptional: true}
	// clusterTemplateRules are templateRules for a cluster's templates.
	clusterTemplateRules = SpecRules{EntrypointOptional: true, ValuesOptional: true, ImagesRequired: true}
)

// ValidateWorkflowSpec checks the spec of a workflow, or of an object that workflows are made from. Warnings are about
// what is allowed but probably not meant. References to other objects are not followed.
func ValidateWorkflowSpec(spec *v1alpha1.WorkflowSpec, rules SpecRules, path *field.Path) (field.ErrorList, []string) {
	c := newSpecChecker(spec, rules)
	c.errors(validateTemplateSource(spec, path))
	c.templateNames(path.Child("templates"))
	c.entrypoint(path)
	c.errors(c.workflowArguments(path.Child("arguments")))
	c.workflowHooks(path)
	c.errors(validatePodGC(spec.PodGC, path.Child("podGC")))
	c.errors(validateRunSettings(spec, path))
	c.baseDuration(spec.RetryStrategy, path.Child("retryStrategy"))
	c.workflowExecutor(path)
	c.workflowPodFields(path)
	c.templateDefaults(path.Child("templateDefaults"))
	for i := range spec.Templates {
		c.template(&spec.Templates[i], path.Child("templates").Index(i))
	}
	return c.errs, c.warnings
}

// specChecker walks through one spec and collects what it finds.
type specChecker struct {
	spec      *v1alpha1.WorkflowSpec
	rules     SpecRules
	templates map[string]*v1alpha1.Template
	names     []string // of templates, in the order written

	errs     field.ErrorList
	warnings []string
}

func newSpecChecker(spec *v1alpha1.WorkflowSpec, rules SpecRules) *specChecker {
	c := &specChecker{spec: spec, rules: rules, templates: make(map[string]*v1alpha1.Template, len(spec.Templates))}
	for i := range spec.Templates {
		template := &spec.Templates[i]
		if template.Name == "" || c.templates[template.Name] != nil {
			continue
		}
		c.templates[template.Name] = template
		c.names = append(c.names, template.Name)
	}
	return c
}

func (c *specChecker) errors(errs field.ErrorList) { c.errs = append(c.errs, errs...) }

func (c *specChecker) warn(path *field.Path, message string) {
	c.warnings = append(c.warnings, path.String()+": "+message)
}

// validateTemplateSource checks that templates come from one place: V-006.
func validateTemplateSource(spec *v1alpha1.WorkflowSpec, path *field.Path) (errs field.ErrorList) {
	if spec.WorkflowTemplateRef == nil {
		return nil
	}
	if spec.WorkflowTemplateRef.Name == "" {
		errs = append(errs, field.Required(path.Child("workflowTemplateRef", "name"), "name the template to run"))
	}
	if len(spec.Templates) > 0 {
		errs = append(errs, field.Forbidden(path.Child("templates"), "templates is invalid field in spec if workflow referred WorkflowTemplate reference; leave out one of the two"))
	}
	return errs
}

// templateNames checks V-008, V-009 and V-010.
func (c *specChecker) templateNames(path *field.Path) {
	seen := nameSet{}
	for i := range c.spec.Templates {
		name := c.spec.Templates[i].Name
		namePath := path.Index(i).Child("name")
		c.errors(validateName(name, namePath))
		c.errors(seen.add(name, namePath))
	}
}

// entrypoint checks V-005 and V-011, and that the entry point gets what it needs from the workflow's arguments (V-041).
func (c *specChecker) entrypoint(specPath *field.Path) {
	path := specPath.Child("entrypoint")
	name := c.spec.Entrypoint
	if name == "" {
		if c.spec.WorkflowTemplateRef == nil && !c.rules.EntrypointOptional {
			c.errs = append(c.errs, field.Required(path, "spec.entrypoint is required: name the template to start with; "+oneOf(c.names)))
		}
		return
	}
	c.knownTemplate(name, path)
	if template := c.templates[name]; template != nil && !c.rules.ValuesOptional {
		errs, _ := ValidateCall(template, &c.spec.Arguments, specPath.Child("arguments"))
		c.errors(errs)
	}
}

// localTemplate checks that a template of this name exists: V-011. Names with tags are known only at run time, and with
// workflowTemplateRef the templates are in another object.
func (c *specChecker) localTemplate(name string, path *field.Path) {
	if !hasTag(name) {
		c.knownTemplate(name, path)
	} else {
		c.errors(validateNameWithTags(name, path))
	}
}

// knownTemplate is localTemplate for names that are never put together at run time: entrypoint and exit handler.
func (c *specChecker) knownTemplate(name string, path *field.Path) {
	if c.spec.WorkflowTemplateRef != nil || c.templates[name] != nil {
		return
	}
	c.errs = append(c.errs, field.Invalid(path, name, fmt.Sprintf("template name '%s' undefined; %s", name, oneOf(c.names))))
}

// validatePodGC checks V-013 and V-014.
func validatePodGC(podGC *v1alpha1.PodGC, path *field.Path) (errs field.ErrorList) {
	if podGC == nil {
		return nil
	}
	strategies := []v1alpha1.PodGCStrategy{
		v1alpha1.PodGCOnPodNone, v1alpha1.PodGCOnPodCompletion, v1alpha1.PodGCOnPodSuccess,
		v1alpha1.PodGCOnWorkflowCompletion, v1alpha1.PodGCOnWorkflowSuccess,
	}
	errs = append(errs, validateChoice(podGC.Strategy, strategies, path.Child("strategy"))...)
	errs = append(errs, validateDuration(podGC.DeleteDelayDuration, path.Child("deleteDelayDuration"))...)
	if podGC.LabelSelector != nil {
		if _, err := metav1.LabelSelectorAsSelector(podGC.LabelSelector); err != nil {
			errs = append(errs, field.Invalid(path.Child("labelSelector"), podGC.LabelSelector, err.Error()))
		}
	}
	return errs
}

// validateChoice checks a value of a closed list; the empty value is in the list where it is allowed.
func validateChoice[T ~string](value T, choices []T, path *field.Path) field.ErrorList {
	for _, choice := range choices {
		if value == choice {
			return nil
		}
	}
	named := make([]T, 0, len(choices))
	for _, choice := range choices {
		if choice != "" {
			named = append(named, choice)
		}
	}
	return field.ErrorList{field.NotSupported(path, value, named)}
}
