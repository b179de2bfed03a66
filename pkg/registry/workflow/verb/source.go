package verb

import (
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// fromTemplate makes a workflow that refers to a template: it runs what the template is when it starts.
func fromTemplate(object runtime.Object, _ *v1alpha1.SubmitOptions) (*v1alpha1.Workflow, *v1alpha1.WorkflowSpec) {
	template := object.(*v1alpha1.WorkflowTemplate)
	wf := referring(template, v1alpha1.LabelKeyWorkflowTemplate, false)
	wf.Namespace = template.Namespace
	return wf, &template.Spec
}

// fromClusterTemplate makes a workflow that refers to a cluster template.
func fromClusterTemplate(object runtime.Object, _ *v1alpha1.SubmitOptions) (*v1alpha1.Workflow, *v1alpha1.WorkflowSpec) {
	template := object.(*v1alpha1.ClusterWorkflowTemplate)
	return referring(template, v1alpha1.LabelKeyClusterWorkflowTemplate, true), &template.Spec
}

func referring(template metav1.Object, label string, clusterScope bool) *v1alpha1.Workflow {
	wf := &v1alpha1.Workflow{}
	wf.GenerateName = template.GetName() + "-"
	wf.Spec.WorkflowTemplateRef = &v1alpha1.WorkflowTemplateRef{Name: template.GetName(), ClusterScope: clusterScope}
	wf.Labels = withLabel(withInstance(nil, template), label, template.GetName())
	return wf
}

// withInstance gives a workflow to the controller that takes care of what it is made from.
func withInstance(labels map[string]string, source metav1.Object) map[string]string {
	id, ok := source.GetLabels()[v1alpha1.LabelKeyControllerInstanceID]
	if !ok {
		return labels
	}
	return merged(labels, map[string]string{v1alpha1.LabelKeyControllerInstanceID: id})
}

// fromCron makes a copy of what a cron workflow runs. Unlike one that comes at its time it has no owner: it stays when the
// cron workflow goes.
func fromCron(object runtime.Object, options *v1alpha1.SubmitOptions) (*v1alpha1.Workflow, *v1alpha1.WorkflowSpec) {
	cron := object.(*v1alpha1.CronWorkflow)
	var scheduled time.Time
	if options.ScheduledTime != nil {
		scheduled = options.ScheduledTime.Time
	}
	wf := cronRun(cron, scheduled)
	wf.GenerateName = cron.Name + "-"
	return wf, &cron.Spec.WorkflowSpec
}

// cronRun is a workflow of a cron workflow, without a name. A zero time is none.
func cronRun(cron *v1alpha1.CronWorkflow, scheduled time.Time) *v1alpha1.Workflow {
	wf := &v1alpha1.Workflow{Spec: *cron.Spec.WorkflowSpec.DeepCopy()}
	wf.Namespace = cron.Namespace
	if m := cron.Spec.WorkflowMetadata; m != nil {
		wf.Labels, wf.Annotations, wf.Finalizers = maps.Clone(m.Labels), maps.Clone(m.Annotations), m.Finalizers
	}
	wf.Labels = withLabel(withInstance(wf.Labels, cron), v1alpha1.LabelKeyCronWorkflow, cron.Name)
	if !scheduled.IsZero() {
		wf.Annotations = merged(wf.Annotations, map[string]string{v1alpha1.AnnotationKeyCronWfScheduledTime: scheduled.Format(time.RFC3339)})
	}
	return wf
}

// withLabel sets a label to a name, unless the name is too long for one.
func withLabel(labels map[string]string, key, name string) map[string]string {
	if len(validation.IsValidLabelValue(name)) > 0 {
		return labels
	}
	return merged(labels, map[string]string{key: name})
}
