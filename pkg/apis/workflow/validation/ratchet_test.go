package validation

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// A cron workflow that older rules let in: its status, which comes with the whole object, its labels and its end are not
// held up by V-221 to V-224. A change of the spec answers for what it brings in.
func TestCronWorkflowUpdateRatchets(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*v1alpha1.CronWorkflow)
		want   []string
	}{
		{"nothing", func(*v1alpha1.CronWorkflow) {}, nil},
		{"the status", func(c *v1alpha1.CronWorkflow) { c.Status.Succeeded, c.Status.LastScheduledTime = 7, new(metav1.Now()) }, nil},
		{"a label", func(c *v1alpha1.CronWorkflow) { c.Labels = map[string]string{"a": "b"} }, nil},
		{"an empty map for none", func(c *v1alpha1.CronWorkflow) { c.Spec.WorkflowSpec.NodeSelector = map[string]string{} }, nil},
		{"suspended, for it is wrong", func(c *v1alpha1.CronWorkflow) { c.Spec.Suspend = true }, nil},
		{"one more mistake", func(c *v1alpha1.CronWorkflow) { c.Spec.ConcurrencyPolicy = "Maybe" }, []string{"spec.concurrencyPolicy"}},
		{"one mistake for another", func(c *v1alpha1.CronWorkflow) { c.Spec.Schedules[0] = "25 25 * * *" }, []string{"spec.schedules[0]"}},
		{"set right", func(c *v1alpha1.CronWorkflow) { c.Spec.Schedules[0], c.Spec.Timezone = "@daily", "UTC" }, nil},
		{"the last finalizer, whatever the spec becomes", func(c *v1alpha1.CronWorkflow) {
			c.DeletionTimestamp, c.Finalizers, c.Spec.ConcurrencyPolicy = new(metav1.Now()), nil, "Maybe"
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			old := &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "c", ResourceVersion: "1"}, Spec: v1alpha1.CronWorkflowSpec{
				Schedules: []string{"0 0 0 * * *"}, Timezone: "Atlantis", WorkflowSpec: runnableSpec(),
			}}
			changed := old.DeepCopy()
			tc.change(changed)
			if changed.DeletionTimestamp != nil {
				old.DeletionTimestamp = changed.DeletionTimestamp
			}
			errs, _ := ValidateCronWorkflowUpdate(changed, old)
			checkFields(t, errs, tc.want)
		})
	}
}

func TestWorkflowEventBindingUpdateRatchets(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*v1alpha1.WorkflowEventBinding)
		want   []string
	}{
		{"a label", func(b *v1alpha1.WorkflowEventBinding) { b.Labels = map[string]string{"a": "b"} }, nil},
		{"elsewhere in the spec", func(b *v1alpha1.WorkflowEventBinding) { b.Spec.Submit = nil }, nil},
		{"one more mistake", func(b *v1alpha1.WorkflowEventBinding) { b.Spec.Submit.WorkflowTemplateRef.Name = "" }, []string{"spec.submit.workflowTemplateRef.name"}},
		{"while it is being deleted", func(b *v1alpha1.WorkflowEventBinding) {
			b.DeletionTimestamp, b.Spec.Submit.WorkflowTemplateRef.Name = new(metav1.Now()), ""
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			old := &v1alpha1.WorkflowEventBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "b", ResourceVersion: "1"}}
			old.Spec.Submit = &v1alpha1.Submit{WorkflowTemplateRef: v1alpha1.WorkflowTemplateRef{Name: "t"}}
			changed := old.DeepCopy()
			tc.change(changed)
			if changed.DeletionTimestamp != nil {
				old.DeletionTimestamp = changed.DeletionTimestamp
			}
			checkFields(t, ValidateWorkflowEventBindingUpdate(changed, old), tc.want)
		})
	}
}
