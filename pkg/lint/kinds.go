package lint

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
)

// Workflow returns what is wrong with a new Workflow, and what is worth a warning.
func Workflow(workflow *v1alpha1.Workflow, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateWorkflow(workflow)
}

// WorkflowUpdate returns what is wrong with a changed Workflow. A spec that has not changed, and that of a workflow that is
// being deleted, are not looked at; neither does what was wrong before stand in the way.
func WorkflowUpdate(workflow, old *v1alpha1.Workflow, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateWorkflowUpdate(workflow, old)
}

// WorkflowTemplate returns what is wrong with a new WorkflowTemplate. References to what is not there are warnings, so that
// templates can be made in any order.
func WorkflowTemplate(template *v1alpha1.WorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateWorkflowTemplate(template)
}

// WorkflowTemplateUpdate is WorkflowTemplate for one that was changed, under the rules of WorkflowUpdate.
func WorkflowTemplateUpdate(template, old *v1alpha1.WorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateWorkflowTemplateUpdate(template, old)
}

// ClusterWorkflowTemplate returns what is wrong with a new ClusterWorkflowTemplate, as WorkflowTemplate does.
func ClusterWorkflowTemplate(template *v1alpha1.ClusterWorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateClusterWorkflowTemplate(template)
}

// ClusterWorkflowTemplateUpdate is ClusterWorkflowTemplate for one that was changed, under the rules of WorkflowUpdate.
func ClusterWorkflowTemplateUpdate(template, old *v1alpha1.ClusterWorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateClusterWorkflowTemplateUpdate(template, old)
}

// CronWorkflow returns what is wrong with a new CronWorkflow. References to what is not there are warnings.
func CronWorkflow(cron *v1alpha1.CronWorkflow, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateCronWorkflow(cron)
}

// CronWorkflowUpdate is CronWorkflow for one that was changed, under the rules of WorkflowUpdate.
func CronWorkflowUpdate(cron, old *v1alpha1.CronWorkflow, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateCronWorkflowUpdate(cron, old)
}

// WorkflowEventBinding returns what is wrong with a new WorkflowEventBinding. A template that is not there is a warning.
func WorkflowEventBinding(binding *v1alpha1.WorkflowEventBinding, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateWorkflowEventBinding(binding), nil
}

// WorkflowEventBindingUpdate is WorkflowEventBinding for one that was changed, under the rules of WorkflowUpdate.
func WorkflowEventBindingUpdate(binding, old *v1alpha1.WorkflowEventBinding, lookup Lookup) (field.ErrorList, []string) {
	return validation.ValidateWorkflowEventBindingUpdate(binding, old), nil
}
