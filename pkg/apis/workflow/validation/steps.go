package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// steps checks a steps template: V-120 to V-127.
func (c *specChecker) steps(template *v1alpha1.Template, path *field.Path) {
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
