package verb_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func (f *fixture) sources() {
	f.t.Helper()
	spec := suspending()
	spec.Arguments.Artifacts = v1alpha1.Artifacts{{Name: "a", ArtifactLocation: v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: "old", S3Bucket: v1alpha1.S3Bucket{Bucket: "b"}}}}}
	create(f, "workflowtemplates", &v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{
		Name: "tmpl", Namespace: "ns", Labels: map[string]string{v1alpha1.LabelKeyControllerInstanceID: "two", "other": "label"},
	}, Spec: spec})
	namespaced := f.ctx
	f.ctx = genericapirequest.WithNamespace(f.ctx, "")
	create(f, "clusterworkflowtemplates", &v1alpha1.ClusterWorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "shared"}, Spec: suspending()})
	f.ctx = namespaced
	create(f, "cronworkflows", &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Name: "nightly", Namespace: "ns"}, Spec: v1alpha1.CronWorkflowSpec{
		Schedules: []string{"0 2 * * *", "0 14 * * *"}, Timezone: "UTC", WorkflowSpec: suspending(),
		WorkflowMetadata: &metav1.ObjectMeta{Labels: map[string]string{"team": "a"}, Annotations: map[string]string{"note": "b"}},
	}})
	create(f, "cronworkflows", &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Name: "hourly", Namespace: "ns"}, Spec: v1alpha1.CronWorkflowSpec{
		Schedules: []string{"0 * * * *"}, WorkflowSpec: v1alpha1.WorkflowSpec{WorkflowTemplateRef: &v1alpha1.WorkflowTemplateRef{Name: "tmpl"}},
	}})
	f.admission.seen = nil
}

func TestSubmit_OPS02_OPS03(t *testing.T) {
	f := newFixture(t)
	f.sources()
	wf := f.do("workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{
		Entrypoint: "other", Parameters: []string{"p=x", "q=a=b"}, Artifacts: []string{"a=new/key"}, ServiceAccount: "sa", Priority: new(int32(7)), PodPriorityClassName: "high",
		Labels: map[string]string{"l": "1", v1alpha1.LabelKeyCreator: "forged"}, Annotations: map[string]string{"n": "2"},
		OwnerReference: &metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "cm", UID: "u"},
	})
	arguments := &wf.Spec.Arguments
	if !strings.HasPrefix(wf.Name, "tmpl-") || wf.Namespace != "ns" || wf.Spec.WorkflowTemplateRef.Name != "tmpl" || wf.Spec.Entrypoint != "other" ||
		*arguments.GetParameterByName("p").Value != "x" || *arguments.GetParameterByName("q").Value != "a=b" || wf.Spec.ServiceAccountName != "sa" ||
		*wf.Spec.Priority != 7 || wf.Spec.PodPriorityClassName != "high" || wf.Annotations["n"] != "2" || wf.OwnerReferences[0].Name != "cm" {
		t.Errorf("%+v", wf)
	}
	if a := arguments.Artifacts.GetArtifactByName("a"); a == nil || a.S3.Key != "new/key" || a.S3.Bucket != "b" {
		t.Errorf("artifact %+v", a)
	}
	if wf.Labels[v1alpha1.LabelKeyControllerInstanceID] != "two" || wf.Labels["other"] != "" {
		t.Errorf("labels %v", wf.Labels)
	}
	if wf.Labels[v1alpha1.LabelKeyWorkflowTemplate] != "tmpl" || wf.Labels["l"] != "1" || wf.Labels["admitted"] != "yes" ||
		wf.Labels[v1alpha1.LabelKeyCreator] != "jane.at.example.com" || wf.Annotations[v1alpha1.AnnotationKeyCreator] == "" {
		t.Errorf("labels %v", wf.Labels)
	}

	namespaced := f.ctx
	f.ctx = genericapirequest.WithNamespace(f.ctx, "")
	wf = f.do("clusterworkflowtemplates/submit", "shared", &v1alpha1.SubmitOptions{Namespace: "team", Name: "mine"})
	if wf.Namespace != "team" || wf.Name != "mine" || !wf.Spec.WorkflowTemplateRef.ClusterScope || wf.Labels[v1alpha1.LabelKeyClusterWorkflowTemplate] != "shared" {
		t.Errorf("%+v", wf)
	}
	if _, err := f.post("clusterworkflowtemplates/submit", "shared", &v1alpha1.SubmitOptions{Namespace: "team", Name: "mine"}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("the name is taken: %v", err)
	}
	f.ctx = namespaced

	at := metav1.NewTime(now.Add(-time.Hour))
	wf = f.do("cronworkflows/submit", "nightly", &v1alpha1.SubmitOptions{ScheduledTime: &at})
	if !strings.HasPrefix(wf.Name, "nightly-") || wf.Spec.Entrypoint != "main" || wf.Labels[v1alpha1.LabelKeyCronWorkflow] != "nightly" || wf.Labels["team"] != "a" ||
		wf.Annotations["note"] != "b" || wf.Annotations[v1alpha1.AnnotationKeyCronWfScheduledTime] != "2026-03-04T04:06:07Z" || len(wf.OwnerReferences) != 0 {
		t.Errorf("%+v", wf)
	}
	// The template that a cron workflow refers to says where artifacts are (V-235).
	wf = f.do("cronworkflows/submit", "hourly", &v1alpha1.SubmitOptions{Artifacts: []string{"a=new/key"}})
	if a := wf.Spec.Arguments.Artifacts.GetArtifactByName("a"); a == nil || a.S3.Key != "new/key" || a.S3.Bucket != "b" {
		t.Errorf("artifact %+v", a)
	}
	if want := "[ns jane@example.com dry=false team jane@example.com dry=false"; !strings.HasPrefix(strings.Join([]string{"[" + f.admission.seen[0], f.admission.seen[1]}, " "), want) {
		t.Errorf("admission saw %q", f.admission.seen)
	}
}

func TestSubmitRefusals(t *testing.T) {
	f := newFixture(t)
	f.sources()
	for name, tc := range map[string]struct {
		resource, object string
		body             *v1alpha1.SubmitOptions
		text             string
	}{
		"two names":                  {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Name: "a", GenerateName: "b-"}, "generateName: Invalid value"},
		"another namespace":          {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Namespace: "team"}, "namespace: Invalid value"},
		"no namespace":               {"clusterworkflowtemplates/submit", "shared", &v1alpha1.SubmitOptions{}, "namespace: Required value"},
		"a time":                     {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{ScheduledTime: &metav1.Time{Time: now}}, "scheduledTime: Forbidden"},
		"V-235 a bad pair":           {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Artifacts: []string{"a"}}, "artifacts[0]: Invalid value"},
		"V-235 no key":               {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Artifacts: []string{"a="}}, "artifacts[0]: Invalid value"},
		"V-235 no artifact":          {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Artifacts: []string{"b=k"}}, "matched no artifact: b; spec.arguments declares a"},
		"V-235 of a reference":       {"cronworkflows/submit", "hourly", &v1alpha1.SubmitOptions{Artifacts: []string{"b=k"}}, "matched no artifact: b; spec.arguments declares a"},
		"V-233 no pair":              {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Parameters: []string{"p"}}, "parameters[0]: Invalid value"},
		"a parameter twice":          {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Parameters: []string{"p=1", "p=2"}}, "parameters[1]: Duplicate value"},
		"V-234 a label that is none": {"workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{Labels: map[string]string{"l": "-"}}, "metadata.labels"},
		"no such template":           {"workflowtemplates/submit", "gone", &v1alpha1.SubmitOptions{}, "not found"},
	} {
		if _, err := f.post(tc.resource, tc.object, tc.body); err == nil || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The right to the subresource is not the right to create workflows.
	f.mayCreate = func(string, string) bool { return false }
	for _, resource := range []string{"workflowtemplates/submit tmpl", "cronworkflows/submit nightly"} {
		at, name, _ := strings.Cut(resource, " ")
		if _, err := f.post(at, name, &v1alpha1.SubmitOptions{}); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "right to create workflows in namespace") {
			t.Errorf("%s: %v", at, err)
		}
	}
	if _, err := f.post("cronworkflows/backfill", "nightly", &v1alpha1.BackfillOptions{Start: metav1.NewTime(now.Add(-time.Hour)), End: metav1.NewTime(now)}); !apierrors.IsForbidden(err) {
		t.Errorf("backfill: %v", err)
	}
	// And what admission refuses is not created, in a dry run neither.
	f.mayCreate = nil
	f.admission.refuse = func(a admission.Attributes) error { return admission.NewForbidden(a, errors.New("exceeded quota")) }
	for _, options := range [][]string{nil, {metav1.DryRunAll}} {
		if _, err := f.post("workflowtemplates/submit", "tmpl", &v1alpha1.SubmitOptions{}, options...); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "exceeded quota") {
			t.Errorf("quota: %v", err)
		}
	}
}

func TestResubmit_OPS14(t *testing.T) {
	f := newFixture(t)
	f.run("wf", v1alpha1.WorkflowFailed, 2)
	f.run("large", v1alpha1.WorkflowFailed, 150)
	f.do("workflows/retry", "wf", &v1alpha1.RetryOptions{}) // leaves an actor behind
	wf := f.do("workflows/resubmit", "wf", &v1alpha1.ResubmitOptions{Parameters: []string{"p=new"}, Priority: new(int32(3))})
	if !strings.HasPrefix(wf.Name, "wf-") || wf.Labels[v1alpha1.LabelKeyPreviousWorkflowName] != "wf" || *wf.Spec.Arguments.Parameters[0].Value != "new" ||
		*wf.Spec.Priority != 3 || wf.Status.Phase != "" || len(wf.Status.Nodes) != 0 || wf.Labels[v1alpha1.LabelKeyAction] != "Resubmit" || wf.Labels["admitted"] != "yes" {
		t.Errorf("%+v", wf)
	}
	wf = f.do("workflows/resubmit", "large", &v1alpha1.ResubmitOptions{Memoized: true})
	skipped := 0
	for id, n := range wf.Status.Nodes {
		if n.Phase == v1alpha1.NodeSkipped && n.Message == "original pod: done" {
			skipped++
		}
		if id == wf.Name && n.Phase != v1alpha1.NodePending || n.PodUID != "" {
			t.Errorf("%+v", n)
		}
	}
	if skipped != 1 || len(wf.Status.Nodes) != 152 || wf.Status.NodeStorage == nil || wf.Status.Phase != "" || wf.Status.Retries != 0 {
		t.Errorf("%d skipped of %d nodes, %+v", skipped, len(wf.Status.Nodes), wf.Status.NodeStorage)
	}
	if stored := f.get(wf.Name); len(stored.Status.Nodes) != 152 {
		t.Errorf("%d nodes stored", len(stored.Status.Nodes))
	}
	if dry := f.do("workflows/resubmit", "large", &v1alpha1.ResubmitOptions{Memoized: true, Name: "dry"}, metav1.DryRunAll); dry.Name != "dry" || len(dry.Status.Nodes) != 152 {
		t.Errorf("dry run: %s, %d nodes", dry.Name, len(dry.Status.Nodes))
	}
	f.mayCreate = func(string, string) bool { return false }
	if _, err := f.post("workflows/resubmit", "large", &v1alpha1.ResubmitOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("without the right to create workflows: %v", err)
	}
}

// A memoized resubmission runs by the templates that the old run has read, unless those came with its status when it was
// created (OPS-14).
func TestTemplatesOfAMemoizedResubmission_OPS14(t *testing.T) {
	f := newFixture(t)
	templates := map[string]v1alpha1.Template{"namespaced/lib/main": {Name: "main", Suspend: &v1alpha1.SuspendTemplate{}}}
	seen := f.run("seen", v1alpha1.WorkflowRunning, 1)
	seen.Status.Phase, seen.Status.StoredTemplates = v1alpha1.WorkflowFailed, templates
	if _, _, err := f.storage["workflows/status"].(rest.Updater).Update(f.ctx, "seen", rest.DefaultUpdatedObjectInfo(seen),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	claimed := newWorkflow("claimed")
	claimed.Status = v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowFailed, StoredTemplates: templates}
	create(f, "workflows", claimed)
	for name, want := range map[string]int{"seen": 1, "claimed": 0} {
		if wf := f.do("workflows/resubmit", name, &v1alpha1.ResubmitOptions{Memoized: true}); len(wf.Status.StoredTemplates) != want || wf.Annotations[v1alpha1.AnnotationKeyRestored] != "" {
			t.Errorf("%s: %+v, %v", name, wf.Status, wf.Annotations)
		}
	}
	if warned := strings.Join(f.takeWarnings(), "\n"); strings.Contains(warned, "status") {
		t.Errorf("warnings of what the server itself has put into the status: %s", warned)
	}
}

func TestCronSuspension_CRON04(t *testing.T) {
	f := newFixture(t)
	f.sources()
	for _, step := range []struct {
		resource string
		suspend  bool
	}{{"cronworkflows/suspend", true}, {"cronworkflows/suspend", true}, {"cronworkflows/resume", false}, {"cronworkflows/resume", false}} {
		var answer any
		var err error
		if step.resource == "cronworkflows/suspend" {
			answer, err = f.post(step.resource, "nightly", &v1alpha1.SuspendOptions{})
		} else {
			answer, err = f.post(step.resource, "nightly", &v1alpha1.ResumeOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
		if cron := answer.(*v1alpha1.CronWorkflow); cron.Spec.Suspend != step.suspend || cron.Labels[v1alpha1.LabelKeyActor] == "" {
			t.Errorf("%s: suspend %v, labels %v", step.resource, cron.Spec.Suspend, cron.Labels)
		}
	}
	if _, err := f.post("cronworkflows/resume", "nightly", &v1alpha1.ResumeOptions{NodeFieldSelector: "id=x"}); !apierrors.IsInvalid(err) {
		t.Errorf("a cron workflow has no nodes: %v", err)
	}
}

func TestBackfill_CRON10(t *testing.T) {
	f := newFixture(t)
	f.sources()
	body := &v1alpha1.BackfillOptions{
		Start: metav1.NewTime(time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC)), End: metav1.NewTime(time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC)), Parallelism: 3,
	}
	fill := func(options ...string) *v1alpha1.BackfillResult {
		t.Helper()
		answer, err := f.post("cronworkflows/backfill", "nightly", body, options...)
		if err != nil {
			t.Fatal(err)
		}
		return answer.(*v1alpha1.BackfillResult)
	}
	if dry := fill(metav1.DryRunAll); len(dry.Workflows) != 3 || dry.Remaining != 1 {
		t.Errorf("dry run: %+v", dry)
	}
	result := fill()
	if len(result.Workflows) != 3 || result.Remaining != 1 || result.Workflows[0].Name != "nightly-backfill-1772373600" || !result.Workflows[0].Created {
		t.Fatalf("%+v", result)
	}
	wf := f.get(result.Workflows[0].Name)
	if *wf.Spec.Arguments.GetParameterByName("cronScheduleTime").Value != "2026-03-01T14:00:00Z" || wf.Labels[v1alpha1.LabelKeyCronWorkflowBackfill] != "backfill" ||
		wf.Labels[v1alpha1.LabelKeyCronWorkflow] != "nightly" || wf.Annotations[v1alpha1.AnnotationKeyCronWfScheduledTime] != "2026-03-01T14:00:00Z" {
		t.Errorf("%+v", wf)
	}
	if again := fill(); len(again.Workflows) != 3 || again.Remaining != 1 || again.Workflows[0].Created {
		t.Errorf("repeated while all run: %+v", again)
	}
	body.Parallelism = 0
	if rest := fill(); len(rest.Workflows) != 4 || rest.Remaining != 0 || rest.Workflows[2].Created || !rest.Workflows[3].Created {
		t.Errorf("the rest: %+v", rest)
	}
	for name, change := range map[string]func(*v1alpha1.BackfillOptions){
		"end: Invalid value":          func(o *v1alpha1.BackfillOptions) { o.End = metav1.NewTime(now.Add(time.Hour)) },
		"end: Required value":         func(o *v1alpha1.BackfillOptions) { o.End = metav1.Time{} },
		"is before start":             func(o *v1alpha1.BackfillOptions) { o.Start, o.End = o.End, o.Start },
		"maxWorkflows: Invalid value": func(o *v1alpha1.BackfillOptions) { o.MaxWorkflows = 2 },
		"name: Invalid value":         func(o *v1alpha1.BackfillOptions) { o.Name = "A b" },
	} {
		wrong := body.DeepCopy()
		change(wrong)
		if _, err := f.post("cronworkflows/backfill", "nightly", wrong); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
