package validation

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// callee is what steps and tasks have in common: which template they run, how often, with which arguments.
type callee struct {
	template     string
	templateRef  *v1alpha1.TemplateRef
	inline       *v1alpha1.Template
	arguments    *v1alpha1.Arguments
	withItems    []v1alpha1.Item
	withParam    string
	withSequence *v1alpha1.Sequence
	onExit       string
	when         string
}

// callee checks the reference, the loop and the arguments of a step or task.
func (c *specChecker) callee(callee callee, path *field.Path) {
	c.calledTemplate(callee, path)
	c.errors(validateLoop(callee, path))
	c.errors(ValidateArguments(callee.arguments, true, path.Child("arguments")))
	if callee.inline != nil {
		c.template(callee.inline, path.Child("inline"))
	}
	if template := c.templates[callee.template]; template != nil {
		errs, warnings := ValidateCall(template, callee.arguments, path.Child("arguments"))
		c.errors(errs)
		c.warnings = append(c.warnings, warnings...)
	}
	if callee.onExit != "" {
		c.localTemplate(callee.onExit, path.Child("onExit"))
		c.warn(path.Child("onExit"), "deprecated; use hooks.exit.template")
	}
}

// calledTemplate checks that exactly one template is given, and that it exists as far as this object tells: V-011, V-071
// to V-073.
func (c *specChecker) calledTemplate(callee callee, path *field.Path) {
	var given []string
	if callee.template != "" {
		given = append(given, "template")
		c.localTemplate(callee.template, path.Child("template"))
	}
	if callee.templateRef != nil {
		given = append(given, "templateRef")
		c.errors(validateTemplateRef(callee.templateRef, path.Child("templateRef")))
	}
	if callee.inline != nil {
		given = append(given, "inline")
	}
	switch {
	case len(given) == 0:
		c.errs = append(c.errs, field.Required(path.Child("template"), "say what to run: one of template, templateRef and inline"))
	case len(given) > 1:
		c.errs = append(c.errs, field.Forbidden(path, calleeProblem(given)))
	}
}

func calleeProblem(given []string) string {
	if slices.Contains(given, "templateRef") && slices.Contains(given, "template") {
		return "template name cannot be specified with templateRef"
	}
	return "give one of template, templateRef and inline; here are " + strings.Join(given, " and ")
}

// validateTemplateRef checks V-072 and V-073.
func validateTemplateRef(ref *v1alpha1.TemplateRef, path *field.Path) (errs field.ErrorList) {
	if ref.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), "resource name is required: that of a WorkflowTemplate or ClusterWorkflowTemplate"))
	}
	if ref.Template == "" {
		errs = append(errs, field.Required(path.Child("template"), "template name is required: that of a template in that object"))
	}
	return errs
}

// validateLoop checks V-123 and V-124.
func validateLoop(callee callee, path *field.Path) (errs field.ErrorList) {
	var given []string
	if len(callee.withItems) > 0 {
		given = append(given, "withItems")
	}
	if callee.withParam != "" {
		given = append(given, "withParam")
	}
	if callee.withSequence != nil {
		given = append(given, "withSequence")
		if callee.withSequence.Count != nil && callee.withSequence.End != nil {
			errs = append(errs, field.Forbidden(path.Child("withSequence"), "only one of count or end can be defined in withSequence"))
		}
	}
	errs = append(errs, validateLoopValues(callee, path)...)
	if len(given) > 1 {
		errs = append(errs, field.Forbidden(path, "only one of withItems, withParam, withSequence can be specified; here are "+strings.Join(given, " and ")))
	}
	return errs
}
