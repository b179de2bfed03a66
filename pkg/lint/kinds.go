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

// kind is how objects of one kind are checked.
type kind[T any] struct {
	// alone and aloneUpdate look at nothing but a new object, or a changed one and how it was.
	alone       func(object *T) (field.ErrorList, []string)
	aloneUpdate func(object, old *T) (field.ErrorList, []string)
	// around looks at an object together with what it refers to and what is laid under it.
	around func(object *T, u *underlay, lookup Lookup) (field.ErrorList, []string)
	// meta are the metadata of an object, and under is the object with the controller's defaults under it; nil: it gets none.
	meta  func(object *T) *metav1.ObjectMeta
	under func(object *T, u *underlay) *T
	// counts tells whether a change concerns the spec of an object that stays.
	counts func(object, old *T) bool
}

// created returns what is wrong with a new object.
func (k kind[T]) created(object *T, lookup Lookup) (field.ErrorList, []string) {
	object, u := k.complete(object, lookup)
	errs, warnings := k.alone(object)
	more, moreWarnings := k.around(object, u, lookup)
	return u.judge(join(errs, more, warnings, moreWarnings))
}

// complete lays under an object what its controller will.
func (k kind[T]) complete(object *T, lookup Lookup) (*T, *underlay) {
	if k.under == nil {
		return object, &underlay{}
	}
	u := underlayOf(k.meta(object), lookup)
	return k.under(object, u), u
}

// changed returns what is wrong with an object that was changed: nothing of the spec if that is as it was or the object is
// being deleted, and otherwise what the change brings in.
func (k kind[T]) changed(object, old *T, lookup Lookup) (field.ErrorList, []string) {
	if !k.counts(object, old) {
		return k.aloneUpdate(object, old)
	}
	object, u := k.complete(object, lookup)
	old, below := k.complete(old, lookup)
	errs, warnings := k.aloneUpdate(object, old)
	more, moreWarnings := k.around(object, u, lookup)
	if len(more) > 0 {
		before, _ := k.around(old, below, lookup)
		more = validation.Introduced(more, before)
	}
	return u.judge(join(errs, more, warnings, moreWarnings))
}

var workflows = kind[v1alpha1.Workflow]{
	alone: validation.ValidateWorkflow, aloneUpdate: validation.ValidateWorkflowUpdate, around: checkWorkflow,
	meta: func(w *v1alpha1.Workflow) *metav1.ObjectMeta { return &w.ObjectMeta }, under: workflowUnder,
	counts: func(w, old *v1alpha1.Workflow) bool { return validation.SpecCounts(&w.ObjectMeta, &w.Spec, &old.Spec) },
}

var workflowTemplates = kind[v1alpha1.WorkflowTemplate]{
	alone: validation.ValidateWorkflowTemplate, aloneUpdate: validation.ValidateWorkflowTemplateUpdate,
	around: func(t *v1alpha1.WorkflowTemplate, u *underlay, lookup Lookup) (field.ErrorList, []string) {
		return checkTemplate(&t.Spec, &t.ObjectMeta, u, lookup)
	},
	meta: func(t *v1alpha1.WorkflowTemplate) *metav1.ObjectMeta { return &t.ObjectMeta }, under: templateUnder,
	counts: func(t, old *v1alpha1.WorkflowTemplate) bool {
		return validation.SpecCounts(&t.ObjectMeta, &t.Spec, &old.Spec)
	},
}

var clusterWorkflowTemplates = kind[v1alpha1.ClusterWorkflowTemplate]{
	alone: validation.ValidateClusterWorkflowTemplate, aloneUpdate: validation.ValidateClusterWorkflowTemplateUpdate,
	around: func(t *v1alpha1.ClusterWorkflowTemplate, u *underlay, lookup Lookup) (field.ErrorList, []string) {
		return checkTemplate(&t.Spec, &t.ObjectMeta, u, lookup)
	},
	counts: func(t, old *v1alpha1.ClusterWorkflowTemplate) bool {
		return validation.SpecCounts(&t.ObjectMeta, &t.Spec, &old.Spec)
	},
}

var cronWorkflows = kind[v1alpha1.CronWorkflow]{
	alone: validation.ValidateCronWorkflow, aloneUpdate: validation.ValidateCronWorkflowUpdate, around: checkCron,
	meta: func(c *v1alpha1.CronWorkflow) *metav1.ObjectMeta { return &c.ObjectMeta }, under: cronUnder,
	counts: func(c, old *v1alpha1.CronWorkflow) bool {
		return validation.SpecCounts(&c.ObjectMeta, &c.Spec, &old.Spec)
	},
}

var workflowEventBindings = kind[v1alpha1.WorkflowEventBinding]{
	alone: func(b *v1alpha1.WorkflowEventBinding) (field.ErrorList, []string) {
		return validation.ValidateWorkflowEventBinding(b), nil
	},
	aloneUpdate: func(b, old *v1alpha1.WorkflowEventBinding) (field.ErrorList, []string) {
		return validation.ValidateWorkflowEventBindingUpdate(b, old), nil
	},
	around: func(b *v1alpha1.WorkflowEventBinding, _ *underlay, lookup Lookup) (field.ErrorList, []string) {
		return checkBinding(b, lookup)
	},
	counts: func(b, old *v1alpha1.WorkflowEventBinding) bool {
		return validation.SpecCounts(&b.ObjectMeta, &b.Spec, &old.Spec)
	},
}

// Workflow returns what is wrong with a new Workflow, and what is worth a warning.
func Workflow(workflow *v1alpha1.Workflow, lookup Lookup) (field.ErrorList, []string) {
	return workflows.created(workflow, lookup)
}

// WorkflowUpdate returns what is wrong with a changed Workflow. A spec that has not changed, and that of a workflow that is
// being deleted, are not looked at; neither does what was wrong before stand in the way.
func WorkflowUpdate(workflow, old *v1alpha1.Workflow, lookup Lookup) (field.ErrorList, []string) {
	return workflows.changed(workflow, old, lookup)
}

// WorkflowTemplate returns what is wrong with a new WorkflowTemplate. References to what is not there are warnings, so that
// templates can be made in any order.
func WorkflowTemplate(template *v1alpha1.WorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	return workflowTemplates.created(template, lookup)
}

// WorkflowTemplateUpdate is WorkflowTemplate for one that was changed, under the rules of WorkflowUpdate.
func WorkflowTemplateUpdate(template, old *v1alpha1.WorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	return workflowTemplates.changed(template, old, lookup)
}

// ClusterWorkflowTemplate returns what is wrong with a new ClusterWorkflowTemplate, as WorkflowTemplate does.
func ClusterWorkflowTemplate(template *v1alpha1.ClusterWorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	return clusterWorkflowTemplates.created(template, lookup)
}

// ClusterWorkflowTemplateUpdate is ClusterWorkflowTemplate for one that was changed, under the rules of WorkflowUpdate.
func ClusterWorkflowTemplateUpdate(template, old *v1alpha1.ClusterWorkflowTemplate, lookup Lookup) (field.ErrorList, []string) {
	return clusterWorkflowTemplates.changed(template, old, lookup)
}

// CronWorkflow returns what is wrong with a new CronWorkflow. References to what is not there are warnings.
func CronWorkflow(cron *v1alpha1.CronWorkflow, lookup Lookup) (field.ErrorList, []string) {
	return cronWorkflows.created(cron, lookup)
}

// CronWorkflowUpdate is CronWorkflow for one that was changed, under the rules of WorkflowUpdate.
func CronWorkflowUpdate(cron, old *v1alpha1.CronWorkflow, lookup Lookup) (field.ErrorList, []string) {
	return cronWorkflows.changed(cron, old, lookup)
}

// WorkflowEventBinding returns what is wrong with a new WorkflowEventBinding. A template that is not there is a warning.
func WorkflowEventBinding(binding *v1alpha1.WorkflowEventBinding, lookup Lookup) (field.ErrorList, []string) {
	return workflowEventBindings.created(binding, lookup)
}

// WorkflowEventBindingUpdate is WorkflowEventBinding for one that was changed, under the rules of WorkflowUpdate.
func WorkflowEventBindingUpdate(binding, old *v1alpha1.WorkflowEventBinding, lookup Lookup) (field.ErrorList, []string) {
	return workflowEventBindings.changed(binding, old, lookup)
}

func checkWorkflow(workflow *v1alpha1.Workflow, u *underlay, lookup Lookup) (field.ErrorList, []string) {
	missing := Error
	if workflow.Status.Phase.Completed() {
		missing = Warning // restored from a backup: it does not run any more
	}
	return checkSpec(&workflow.Spec, workflow.Namespace, metadataOf(&workflow.ObjectMeta), rules{missing: missing, path: field.NewPath("spec"), alone: u.unknown, under: u}, lookup)
}

func checkTemplate(spec *v1alpha1.WorkflowSpec, meta *metav1.ObjectMeta, u *underlay, lookup Lookup) (field.ErrorList, []string) {
	return checkSpec(spec, meta.Namespace, metadataOf(meta), rules{missing: Warning, alone: true, path: field.NewPath("spec"), under: u}, lookup)
}

func checkCron(cron *v1alpha1.CronWorkflow, u *underlay, lookup Lookup) (field.ErrorList, []string) {
	meta := metadata{labels: map[string]bool{}, annotations: map[string]bool{}}
	if cron.Spec.WorkflowMetadata != nil {
		meta = metadataOf(cron.Spec.WorkflowMetadata)
	}
	path := field.NewPath("spec")
	errs, warnings := checkSpec(&cron.Spec.WorkflowSpec, cron.Namespace, meta, rules{missing: Warning, scheduled: true, path: path.Child("workflowSpec"), alone: u.unknown, under: u}, lookup)
	more, moreWarnings := checkSchedule(&cron.Spec, path)
	return append(more, errs...), append(moreWarnings, warnings...)
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
