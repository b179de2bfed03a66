package validation

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// expressionRule says what to do about a hook other than `exit` that has no expression.
type expressionRule bool

const (
	// expressionRequired refuses it: hooks of workflows (V-012) and of steps (V-127).
	expressionRequired expressionRule = true
	// expressionAdvised warns: hooks of tasks fail only when they are looked at (V-157).
	expressionAdvised expressionRule = false
)

// workflowHooks checks the exit handler and the hooks of the workflow: V-011, V-012.
func (c *specChecker) workflowHooks(path *field.Path) {
	if c.spec.OnExit != "" {
		c.knownTemplate(c.spec.OnExit, path.Child("onExit"))
	}
	c.hooks(c.spec.Hooks, expressionRequired, path.Child("hooks"))
}

func (c *specChecker) hooks(hooks v1alpha1.LifecycleHooks, rule expressionRule, path *field.Path) {
	for _, event := range slices.Sorted(maps.Keys(hooks)) {
		hook := hooks[event]
		hookPath := path.Key(string(event))
		c.hook(event, &hook, hookPath)
		if event == v1alpha1.ExitLifecycleEvent || hook.Expression != "" {
			continue
		}
		const message = "Expression required: every hook but exit says when it runs"
		if rule == expressionRequired {
			c.errs = append(c.errs, field.Required(hookPath.Child("expression"), message))
		} else {
			c.warn(hookPath.Child("expression"), message)
		}
	}
}

func (c *specChecker) hook(event v1alpha1.LifecycleEvent, hook *v1alpha1.LifecycleHook, path *field.Path) {
	switch {
	case hook.Template != "" && hook.TemplateRef != nil:
		c.errs = append(c.errs, field.Forbidden(path, "template name cannot be specified with templateRef"))
	case hook.Template != "":
		c.localTemplate(hook.Template, path.Child("template"))
	case hook.TemplateRef != nil:
		c.errors(validateTemplateRef(hook.TemplateRef, path.Child("templateRef")))
	case event == v1alpha1.ExitLifecycleEvent:
		c.warn(path, "the hook names no template and does nothing")
	default:
		c.errs = append(c.errs, field.Required(path.Child("template"), "say what the hook runs: template or templateRef"))
	}
	c.errors(ValidateArguments(&hook.Arguments, true, path.Child("arguments")))
}
