package lint

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
)

// MaxErrors is how many errors of one object are reported; an answer with more serves nobody.
const MaxErrors = 100

// MaxWarnings is the same for warnings.
const MaxWarnings = 50

// Workflow returns what is wrong with a new Workflow, and what is worth a warning.
func Workflow(workflow *v1alpha1.Workflow, lookup Lookup) (field.ErrorList, []string) {
	errs, warnings := validation.ValidateWorkflow(workflow)
	more, moreWarnings := checkWorkflow(workflow, lookup)
	return join(errs, more, warnings, moreWarnings)
}

// WorkflowUpdate returns what is wrong with a changed Workflow. A spec that has not changed, and that of a workflow that is
// being deleted, are not looked at; neither does what was wrong before stand in the way.
func WorkflowUpdate(workflow, old *v1alpha1.Workflow, lookup Lookup) (field.ErrorList, []string) {
	errs, warnings := validation.ValidateWorkflowUpdate(workflow, old)
	if !validation.SpecCounts(&workflow.ObjectMeta, &workflow.Spec, &old.Spec) {
		return errs, warnings
	}
	more, moreWarnings := checkWorkflow(workflow, lookup)
	if len(more) > 0 {
		before, _ := checkWorkflow(old, lookup)
		more = validation.Introduced(more, before)
	}
	return join(errs, more, warnings, moreWarnings)
}

func checkWorkflow(workflow *v1alpha1.Workflow, lookup Lookup) (field.ErrorList, []string) {
	missing := Error
	if workflow.Status.Phase.Completed() {
		missing = Warning // restored from a backup: it does not run any more
	}
	return checkSpec(&workflow.Spec, workflow.Namespace, metadataOf(&workflow.ObjectMeta), rules{missing: missing, path: field.NewPath("spec")}, lookup)
}

// WorkflowTemplate returns what is wrong with a new WorkflowTemplate. References to what is not there are warnings, so that
// templates can be made in any order.
func WorkflowTemplate(template *v1alpha1.WorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	errs, warnings := validation.ValidateWorkflowTemplate(template)
	more, moreWarnings := checkTemplate(&template.Spec, &template.ObjectMeta, lookup)
	return join(errs, more, warnings, moreWarnings)
}

// WorkflowTemplateUpdate is WorkflowTemplate for one that was changed, under the rules of WorkflowUpdate.
func WorkflowTemplateUpdate(template, old *v1alpha1.WorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	errs, warnings := validation.ValidateWorkflowTemplateUpdate(template, old)
	return checkTemplateUpdate(&template.ObjectMeta, &template.Spec, &old.Spec, lookup, errs, warnings)
}

// ClusterWorkflowTemplate returns what is wrong with a new ClusterWorkflowTemplate, as WorkflowTemplate does.
func ClusterWorkflowTemplate(template *v1alpha1.ClusterWorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	errs, warnings := validation.ValidateClusterWorkflowTemplate(template)
	more, moreWarnings := checkTemplate(&template.Spec, &template.ObjectMeta, lookup)
	return join(errs, more, warnings, moreWarnings)
}

// ClusterWorkflowTemplateUpdate is ClusterWorkflowTemplate for one that was changed, under the rules of WorkflowUpdate.
func ClusterWorkflowTemplateUpdate(template, old *v1alpha1.ClusterWorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	errs, warnings := validation.ValidateClusterWorkflowTemplateUpdate(template, old)
	return checkTemplateUpdate(&template.ObjectMeta, &template.Spec, &old.Spec, lookup, errs, warnings)
}

func checkTemplate(spec *v1alpha1.WorkflowSpec, meta *metav1.ObjectMeta, lookup Lookup) (field.ErrorList, []string) {
	return checkSpec(spec, meta.Namespace, metadataOf(meta), rules{missing: Warning, alone: true, path: field.NewPath("spec")}, lookup)
}

func checkTemplateUpdate(meta *metav1.ObjectMeta, spec, old *v1alpha1.WorkflowSpec, lookup Lookup, errs field.ErrorList, warnings []string) (field.ErrorList, []string) {
	if !validation.SpecCounts(meta, spec, old) {
		return errs, warnings
	}
	more, moreWarnings := checkTemplate(spec, meta, lookup)
	if len(more) > 0 {
		before, _ := checkTemplate(old, meta, lookup)
		more = validation.Introduced(more, before)
	}
	return join(errs, more, warnings, moreWarnings)
}

// CronWorkflow returns what is wrong with a new CronWorkflow. References to what is not there are warnings.
func CronWorkflow(cron *v1alpha1.CronWorkflow, lookup Lookup) (field.ErrorList, []string) {
	errs, warnings := validation.ValidateCronWorkflow(cron)
	more, moreWarnings := checkCron(cron, lookup)
	return join(errs, more, warnings, moreWarnings)
}

// CronWorkflowUpdate is CronWorkflow for one that was changed, under the rules of WorkflowUpdate.
func CronWorkflowUpdate(cron, old *v1alpha1.CronWorkflow, lookup Lookup) (field.ErrorList, []string) {
	errs, warnings := validation.ValidateCronWorkflowUpdate(cron, old)
	if !validation.SpecCounts(&cron.ObjectMeta, &cron.Spec, &old.Spec) {
		return errs, warnings
	}
	more, moreWarnings := checkCron(cron, lookup)
	if len(more) > 0 {
		before, _ := checkCron(old, lookup)
		more = validation.Introduced(more, before)
	}
	return join(errs, more, warnings, moreWarnings)
}

func checkCron(cron *v1alpha1.CronWorkflow, lookup Lookup) (field.ErrorList, []string) {
	meta := metadata{labels: map[string]bool{}, annotations: map[string]bool{}}
	if cron.Spec.WorkflowMetadata != nil {
		meta = metadataOf(cron.Spec.WorkflowMetadata)
	}
	path := field.NewPath("spec")
	errs, warnings := checkSpec(&cron.Spec.WorkflowSpec, cron.Namespace, meta, rules{missing: Warning, path: path.Child("workflowSpec")}, lookup)
	more, moreWarnings := checkSchedule(&cron.Spec, path)
	return append(more, errs...), append(moreWarnings, warnings...)
}

// WorkflowEventBinding returns what is wrong with a new WorkflowEventBinding. A template that is not there is a warning.
func WorkflowEventBinding(binding *v1alpha1.WorkflowEventBinding, lookup Lookup) (field.ErrorList, []string) {
	more, warnings := checkBinding(binding, lookup)
	return join(validation.ValidateWorkflowEventBinding(binding), more, nil, warnings)
}

// WorkflowEventBindingUpdate is WorkflowEventBinding for one that was changed, under the rules of WorkflowUpdate.
func WorkflowEventBindingUpdate(binding, old *v1alpha1.WorkflowEventBinding, lookup Lookup) (field.ErrorList, []string) {
	errs := validation.ValidateWorkflowEventBindingUpdate(binding, old)
	if !validation.SpecCounts(&binding.ObjectMeta, &binding.Spec, &old.Spec) {
		return errs, nil
	}
	more, warnings := checkBinding(binding, lookup)
	if len(more) > 0 {
		before, _ := checkBinding(old, lookup)
		more = validation.Introduced(more, before)
	}
	return join(errs, more, nil, warnings)
}

func metadataOf(meta *metav1.ObjectMeta) metadata {
	m := metadata{labels: make(map[string]bool, len(meta.Labels)), annotations: make(map[string]bool, len(meta.Annotations))}
	for key := range meta.Labels {
		m.labels[key] = true
	}
	for key := range meta.Annotations {
		m.annotations[key] = true
	}
	return m
}

// join puts the findings about an object alone before those about its surroundings, once each and not too many.
func join(errs, more field.ErrorList, warnings, moreWarnings []string) (field.ErrorList, []string) {
	errs = append(errs, validation.Introduced(more, errs)...)
	if len(errs) > MaxErrors {
		rest := len(errs) - MaxErrors
		errs = append(errs[:MaxErrors:MaxErrors], field.TooMany(field.NewPath("spec"), len(errs), MaxErrors))
		errs[MaxErrors].Detail = fmt.Sprintf("there are %d more errors", rest)
	}
	all := slices.Concat(warnings, moreWarnings)
	if len(all) > MaxWarnings {
		all = append(all[:MaxWarnings:MaxWarnings], fmt.Sprintf("there are %d more warnings", len(all)-MaxWarnings))
	}
	return errs, all
}
