package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// steps checks a steps template: V-120 to V-127.
func (c *specChecker) steps(template *v1alpha1.Template, path *field.Path) {
	c.emptyGroups(template, path)
	seen := nameSet{}
	for i := range template.Steps {
		for j := range template.Steps[i].Steps {
			step := &template.Steps[i].Steps[j]
			stepPath := path.Index(i).Index(j)
			c.errors(validateNameWithTags(step.Name, stepPath.Child("name")))
			c.errors(seen.add(step.Name, stepPath.Child("name")))
			c.callee(callee{
				template: step.Template, templateRef: step.TemplateRef, inline: step.Inline, arguments: &step.Arguments,
				withItems: step.WithItems, withParam: step.WithParam, withSequence: step.WithSequence, onExit: step.OnExit, when: step.When,
			}, stepPath)
			c.hooks(step.Hooks, expressionRequired, stepPath.Child("hooks"))
		}
	}
}

// emptyGroups refuses steps of which there is none (V-203), and warns of groups without any.
func (c *specChecker) emptyGroups(template *v1alpha1.Template, path *field.Path) {
	var empty []int
	for i := range template.Steps {
		if len(template.Steps[i].Steps) == 0 {
			empty = append(empty, i)
		}
	}
	for _, i := range empty {
		if len(empty) == len(template.Steps) {
			c.errs = append(c.errs, field.Required(path.Index(i), "the group is empty: give it at least one step"))
		} else {
			c.warn(path.Index(i), "the group is empty")
		}
	}
}
