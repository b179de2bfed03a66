package validation

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// V-002, V-003, V-004
func TestNames(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	template := func(name string) field.ErrorList {
		errs, _ := ValidateWorkflowTemplate(&v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}})
		return errs
	}
	cluster := func(name string) field.ErrorList {
		errs, _ := ValidateClusterWorkflowTemplate(&v1alpha1.ClusterWorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: name}})
		return errs
	}
	cron := func(name string) field.ErrorList {
		errs, _ := ValidateCronWorkflow(&v1alpha1.CronWorkflow{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name},
			Spec:       v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}, WorkflowSpec: runnableSpec()},
		})
		return errs
	}
	for _, tc := range []struct {
		name     string
		validate func(string) field.ErrorList
		object   string
		want     []string
	}{
		{"V-002 template 63", template, long(63), nil},
		{"V-002 template 64", template, long(64), []string{"metadata.name"}},
		{"template, not a DNS name", template, "A_b", []string{"metadata.name"}},
		{"V-003 cluster template 63", cluster, long(63), nil},
		{"V-003 cluster template 64", cluster, long(64), []string{"metadata.name"}},
		{"V-004 cron 52", cron, long(52), nil},
		{"V-004 V-220 cron 53", cron, long(53), []string{"metadata.name"}},
	} {
		t.Run(tc.name, func(t *testing.T) { checkFields(t, tc.validate(tc.object), tc.want) })
	}
}

// V-212, V-221 to V-225
func TestValidateCronWorkflowSpec(t *testing.T) {
	negative, zero := int64(-1), int64(0)
	negative32 := int32(-1)
	for _, tc := range []struct {
		name string
		spec v1alpha1.CronWorkflowSpec
		want []string
	}{
		{"five fields", v1alpha1.CronWorkflowSpec{Schedules: []string{"*/5 0 * * 1-5"}}, nil},
		{"descriptors", v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily", "@every 1h"}}, nil},
		{"V-221 none", v1alpha1.CronWorkflowSpec{}, []string{"spec.schedules"}},
		{"V-222 seconds field", v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily", "0 * * * * *"}}, []string{"spec.schedules[1]"}},
		{"V-212 time zone in the schedule", v1alpha1.CronWorkflowSpec{Schedules: []string{"CRON_TZ=UTC 0 * * * *"}}, []string{"spec.schedules[0]"}},
		{"V-224 policy", v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}, ConcurrencyPolicy: "Maybe"}, []string{"spec.concurrencyPolicy"}},
		{"V-225 deadline", v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}, StartingDeadlineSeconds: &negative}, []string{"spec.startingDeadlineSeconds"}},
		{"deadline 0", v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}, StartingDeadlineSeconds: &zero}, nil},
		{"limits", v1alpha1.CronWorkflowSpec{
			Schedules: []string{"@daily"}, SuccessfulJobsHistoryLimit: &negative32, FailedJobsHistoryLimit: &negative32,
		}, []string{"spec.successfulJobsHistoryLimit", "spec.failedJobsHistoryLimit"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.spec.WorkflowSpec = runnableSpec()
			cron := &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "c", ResourceVersion: "1"}, Spec: tc.spec}
			errs, _ := ValidateCronWorkflow(cron)
			checkFields(t, errs, tc.want)
			sound := cron.DeepCopy()
			sound.Spec = v1alpha1.CronWorkflowSpec{Schedules: []string{"@hourly"}, WorkflowSpec: runnableSpec()}
			errs, _ = ValidateCronWorkflowUpdate(cron, sound)
			checkFields(t, errs, tc.want)
		})
	}
}

func TestValidateWorkflowEventBinding(t *testing.T) {
	for _, tc := range []struct {
		name string
		spec v1alpha1.WorkflowEventBindingSpec
		want []string
	}{
		{"selector alone", v1alpha1.WorkflowEventBindingSpec{Event: v1alpha1.Event{Selector: "true"}}, nil},
		{"empty", v1alpha1.WorkflowEventBindingSpec{Submit: &v1alpha1.Submit{}}, []string{"spec.event.selector", "spec.submit.workflowTemplateRef.name"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			binding := &v1alpha1.WorkflowEventBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "b", ResourceVersion: "1"}, Spec: tc.spec}
			checkFields(t, ValidateWorkflowEventBinding(binding), tc.want)
			sound := binding.DeepCopy()
			sound.Spec = v1alpha1.WorkflowEventBindingSpec{Event: v1alpha1.Event{Selector: "payload.a"}}
			checkFields(t, ValidateWorkflowEventBindingUpdate(binding, sound), tc.want)
		})
	}
}

func checkFields(t *testing.T, errs field.ErrorList, want []string) {
	t.Helper()
	var got []string
	for _, err := range errs {
		got = append(got, err.Field)
	}
	if !slices.Equal(got, want) {
		t.Errorf("errors at %q, want %q: %v", got, want, errs.ToAggregate())
	}
}

// runnableSpec is the smallest spec that a workflow can run.
func runnableSpec() v1alpha1.WorkflowSpec {
	return v1alpha1.WorkflowSpec{
		Entrypoint: "main",
		Templates:  []v1alpha1.Template{{Name: "main", Suspend: &v1alpha1.SuspendTemplate{}}},
	}
}
