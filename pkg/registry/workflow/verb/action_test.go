package verb_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// actions are the verbs that change an object in place, with a body that changes something.
var actions = []struct {
	resource string
	phase    v1alpha1.WorkflowPhase
	body     runtime.Object
	action   string
}{
	{"workflows/suspend", v1alpha1.WorkflowRunning, &v1alpha1.SuspendOptions{}, "Suspend"},
	{"workflows/resume", v1alpha1.WorkflowRunning, &v1alpha1.ResumeOptions{}, "Resume"},
	{"workflows/resume", v1alpha1.WorkflowRunning, &v1alpha1.ResumeOptions{NodeFieldSelector: "displayName=wait"}, "Resume"},
	{"workflows/stop", v1alpha1.WorkflowRunning, &v1alpha1.StopOptions{}, "Stop"},
	{"workflows/stop", v1alpha1.WorkflowRunning, &v1alpha1.StopOptions{NodeFieldSelector: "displayName=wait"}, "Stop"},
	{"workflows/terminate", v1alpha1.WorkflowRunning, &v1alpha1.TerminateOptions{}, "Terminate"},
	{"workflows/set", v1alpha1.WorkflowRunning, &v1alpha1.SetOptions{NodeFieldSelector: "displayName=wait", Message: "m"}, "Set"},
	{"workflows/retry", v1alpha1.WorkflowFailed, &v1alpha1.RetryOptions{}, "Retry"},
	{"cronworkflows/suspend", "", &v1alpha1.SuspendOptions{}, "Suspend"},
	{"cronworkflows/resume", "", &v1alpha1.ResumeOptions{}, "Resume"},
}

// target makes an object that the verb changes, inside the object or with its nodes in pages.
func (f *fixture) target(resource string, phase v1alpha1.WorkflowPhase, name string, pods int) {
	f.t.Helper()
	if !strings.HasPrefix(resource, "cron") {
		f.run(name, phase, pods)
		return
	}
	create(f, "cronworkflows", &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"}, Spec: v1alpha1.CronWorkflowSpec{
		Schedules: []string{"0 2 * * *"}, WorkflowSpec: suspending(), Suspend: resource == "cronworkflows/resume",
	}})
}

// Every verb notes who did what (OPS-17), in the message of resumed steps too, and is admitted as an update of the object that
// it changes: plugins see old and new, may change metadata and spec and refuse it; dry runs are marked as such and change nothing.
func TestEveryAction_OPS17(t *testing.T) {
	for _, tc := range actions {
		for _, pods := range []int{2, 150} {
			t.Run(fmt.Sprintf("%s of %d %T", tc.resource, pods, tc.body), func(t *testing.T) {
				f := newFixture(t)
				f.target(tc.resource, tc.phase, "x", pods)
				version := f.version(tc.resource, "x")
				f.admission.seen = nil
				parent, _, _ := strings.Cut(tc.resource, "/")

				if _, err := f.post(tc.resource, "x", tc.body, metav1.DryRunAll); err != nil || f.version(tc.resource, "x") != version {
					t.Fatalf("dry run: %v", err)
				}
				f.admission.refuse = func(a admission.Attributes) error { return admission.NewForbidden(a, errors.New("frozen")) }
				if _, err := f.post(tc.resource, "x", tc.body); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "frozen") || f.version(tc.resource, "x") != version {
					t.Errorf("what a policy forbids: %v", err)
				}
				f.admission.refuse = nil
				answer, err := f.post(tc.resource, "x", tc.body)
				if err != nil {
					t.Fatal(err)
				}
				object := answer.(metav1.Object)
				labels, annotations := object.GetLabels(), object.GetAnnotations()
				if labels[v1alpha1.LabelKeyActor] != "jane.at.example.com" || labels[v1alpha1.LabelKeyAction] != tc.action ||
					annotations[v1alpha1.AnnotationKeyActor] != `{"action":"`+tc.action+`","user":"jane@example.com","groups":["dev"],"time":"2026-03-04T05:06:07Z"}` {
					t.Errorf("%v %v", labels, annotations)
				}
				if labels["admitted"] != "again" {
					t.Errorf("plugins have not changed the update: %v", labels)
				}
				if wf, ok := answer.(*v1alpha1.Workflow); ok && wf.Status.Message != "" {
					t.Errorf("a plugin wrote the status: %q", wf.Status.Message)
				}
				want := fmt.Sprintf("update %s/x by jane@example.com dry=", parent)
				// They are asked again when the object turns out to be newer.
				if got := slices.Compact(f.admission.seen); !slices.Equal(got, []string{want + "true", want + "false"}) {
					t.Errorf("admission saw %q", got)
				}
			})
		}
	}
}

// version is the resource version of the object that a verb is for.
func (f *fixture) version(resource, name string) string {
	f.t.Helper()
	parent, _, _ := strings.Cut(resource, "/")
	return f.object(parent, name).(metav1.Object).GetResourceVersion()
}

// A body that names an instance ID acts on objects of that controller only; others are not found (OPS-19, V-238).
func TestInstanceGuard_OPS19_V238(t *testing.T) {
	f := newFixture(t)
	f.sources() // the template tmpl belongs to the instance two
	f.run("wf", v1alpha1.WorkflowRunning, 0)
	of := func(id string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Labels: map[string]string{v1alpha1.LabelKeyControllerInstanceID: id}}
	}
	for _, tc := range []struct {
		resource, name string
		body           runtime.Object
		found          bool
	}{
		{"workflows/suspend", "wf", &v1alpha1.SuspendOptions{ObjectMeta: of("two")}, false},
		{"workflows/suspend", "wf", &v1alpha1.SuspendOptions{ObjectMeta: of("")}, true},
		{"workflows/resubmit", "wf", &v1alpha1.ResubmitOptions{ObjectMeta: of("two")}, false},
		{"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{ObjectMeta: of("two")}, true},
		{"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{ObjectMeta: of("")}, false},
		{"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{}, true},
		{"cronworkflows/suspend", "nightly", &v1alpha1.SuspendOptions{ObjectMeta: of("two")}, false},
		{"cronworkflows/backfill", "nightly", &v1alpha1.BackfillOptions{ObjectMeta: of("two"), Start: metav1.NewTime(now), End: metav1.NewTime(now)}, false},
	} {
		_, err := f.post(tc.resource, tc.name, tc.body)
		if tc.found && err != nil || !tc.found && (!apierrors.IsNotFound(err) || !strings.Contains(err.Error(), "belongs to the controller with instance ID")) {
			t.Errorf("%s %s: %v", tc.resource, tc.name, err)
		}
	}
}

// Whoever has a workflow created is its creator, whatever the one that it comes from says (LBL-03, LBL-04).
func TestCreatorOfDerivedWorkflows_LBL03_LBL04(t *testing.T) {
	f := newFixture(t)
	f.sources()
	forged := map[string]string{v1alpha1.LabelKeyCreator: "mallory", v1alpha1.LabelKeyCreatorEmail: "mallory", v1alpha1.LabelKeyActor: "mallory"}
	f.run("wf", v1alpha1.WorkflowFailed, 1)
	create(f, "cronworkflows", &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Name: "forging", Namespace: "ns"}, Spec: v1alpha1.CronWorkflowSpec{
		Schedules: []string{"0 2 * * *"}, WorkflowSpec: suspending(), WorkflowMetadata: &metav1.ObjectMeta{Labels: forged},
	}})
	filled, err := f.post("cronworkflows/backfill", "forging", &v1alpha1.BackfillOptions{Start: metav1.NewTime(now.AddDate(0, 0, -1)), End: metav1.NewTime(now)})
	if err != nil || len(filled.(*v1alpha1.BackfillResult).Workflows) == 0 {
		t.Fatal(err)
	}
	for what, wf := range map[string]*v1alpha1.Workflow{
		"create":   create(f, "workflows", &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "plain", Namespace: "ns", Labels: forged}, Spec: suspending()}),
		"submit":   f.do("workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Labels: forged}),
		"cron":     f.do("cronworkflows/submit", "forging", &v1alpha1.SubmitOptions{}),
		"resubmit": f.do("workflows/resubmit", "wf", &v1alpha1.ResubmitOptions{}),
		"memoized": f.do("workflows/resubmit", "wf", &v1alpha1.ResubmitOptions{Memoized: true}),
		"backfill": f.get(filled.(*v1alpha1.BackfillResult).Workflows[0].Name),
	} {
		if wf.Labels[v1alpha1.LabelKeyCreator] != "jane.at.example.com" || wf.Labels[v1alpha1.LabelKeyCreatorEmail] != "" || wf.Labels[v1alpha1.LabelKeyActor] == "mallory" ||
			wf.Annotations[v1alpha1.AnnotationKeyCreator] != `{"user":"jane@example.com","groups":["dev"],"time":"2026-03-04T05:06:07Z"}` {
			t.Errorf("%s: %v %v", what, wf.Labels, wf.Annotations)
		}
	}
}
