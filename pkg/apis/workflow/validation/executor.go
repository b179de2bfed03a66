package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const executorAccountMessage = "only resource and data steps act as this account; other steps report as their own pod, for which no rights are needed"

// workflowExecutor warns of a service account for the executor that none of the workflow's steps acts as (POD-09). Where steps may be
// written elsewhere, nothing is known.
func (c *specChecker) workflowExecutor(path *field.Path) {
	if !namesAccount(c.spec.Executor) || c.spec.WorkflowTemplateRef != nil {
		return
	}
	for i := range c.spec.Templates {
		if t := &c.spec.Templates[i]; actsAsExecutor(t) || callsElsewhere(t) {
			return
		}
	}
	c.warn(path.Child("executor", "serviceAccountName"), executorAccountMessage)
}

// templateExecutor does so for one template.
func (c *specChecker) templateExecutor(template *v1alpha1.Template, path *field.Path) {
	if namesAccount(template.Executor) && !actsAsExecutor(template) {
		c.warn(path.Child("executor", "serviceAccountName"), executorAccountMessage)
	}
}

func namesAccount(e *v1alpha1.ExecutorConfig) bool { return e != nil && e.ServiceAccountName != "" }

func actsAsExecutor(t *v1alpha1.Template) bool { return t.Resource != nil || t.Data != nil }

// callsElsewhere tells whether a template runs ones of other objects, or ones written in place of a name.
func callsElsewhere(t *v1alpha1.Template) bool {
	for i := range t.Steps {
		for j := range t.Steps[i].Steps {
			if s := &t.Steps[i].Steps[j]; s.TemplateRef != nil || s.Inline != nil {
				return true
			}
		}
	}
	if t.DAG == nil {
		return false
	}
	for i := range t.DAG.Tasks {
		if task := &t.DAG.Tasks[i]; task.TemplateRef != nil || task.Inline != nil {
			return true
		}
	}
	return false
}
