//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// post calls a subresource as documented: kubectl create --raw PATH -f FILE.
func post(t *testing.T, namespace, resource, name, verb, body string) (stdout, stderr string, err error) {
	t.Helper()
	verb, query, _ := strings.Cut(verb, "?")
	at := fmt.Sprintf("/apis/%s/namespaces/%s/%s/%s/%s", v1alpha1.SchemeGroupVersion, namespace, resource, name, verb)
	if query != "" {
		at += "?" + query
	}
	return runKubectl(t.Context(), body, "create", "--raw", at, "-f", "-")
}

// do calls a subresource that has to work, and returns the workflow that it answers with.
func do(t *testing.T, namespace, resource, name, verb, body string) *v1alpha1.Workflow {
	t.Helper()
	stdout, stderr, err := post(t, namespace, resource, name, verb, body)
	if err != nil {
		t.Fatalf("%s %s/%s: %v\n%s%s", verb, resource, name, err, stdout, stderr)
	}
	wf := &v1alpha1.Workflow{}
	if err := json.Unmarshal([]byte(stdout), wf); err != nil {
		t.Fatalf("%s answers %q: %v", verb, stdout, err)
	}
	return wf
}

const asks = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: asks-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - [{name: ask, template: ask}]
    - [{name: tell, template: tell, arguments: {parameters: [{name: answer, value: "{{steps.ask.outputs.parameters.answer}}"}]}}]
  - name: ask
    suspend: {}
    outputs: {parameters: [{name: answer, valueFrom: {supplied: {}}}]}
  - name: tell
    inputs: {parameters: [{name: answer}]}
    container: {image: busybox, command: [sh, -c, 'test "{{inputs.parameters.answer}}" = yes']}
`

// A suspended step gets its output, and the run goes on, with nothing but kubectl (OPS-09, OPS-12, OPS-17).
func TestSetAndResumeWithKubectl(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, asks)
	awaitWorkflow(t, ns, name, "to ask", func(wf *v1alpha1.Workflow) bool {
		for _, n := range wf.Status.Nodes {
			if n.DisplayName == "ask" && n.Phase == v1alpha1.NodeRunning {
				return true
			}
		}
		return false
	})
	if _, stderr, err := post(t, ns, "workflows", name, "resume", `{}`); err == nil || !strings.Contains(stderr, "raw output parameter 'answer' has not been set") {
		t.Errorf("resume without the answer: %v, %s", err, stderr)
	}
	do(t, ns, "workflows", name, "set", `{"nodeFieldSelector": "displayName=ask", "outputParameters": {"answer": "yes"}}`)
	wf := do(t, ns, "workflows", name, "resume", `{}`)
	if wf.Labels[v1alpha1.LabelKeyAction] != "Resume" || wf.Labels[v1alpha1.LabelKeyActor] == "" || wf.Annotations[v1alpha1.AnnotationKeyActor] == "" {
		t.Errorf("who resumed is not noted: %v %v", wf.Labels, wf.Annotations)
	}
	awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
}

const flaky = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: flaky-}
spec:
  entrypoint: main
  arguments: {parameters: [{name: ok, value: "no"}]}
  templates:
  - name: main
    steps:
    - [{name: first, template: run, arguments: {parameters: [{name: ok, value: "yes"}]}}]
    - [{name: second, template: run, arguments: {parameters: [{name: ok, value: "{{workflow.parameters.ok}}"}]}}]
    - [{name: third, template: run, arguments: {parameters: [{name: ok, value: "yes"}]}}]
  - name: run
    inputs: {parameters: [{name: ok}]}
    container: {image: busybox, command: [sh, -c, 'test "{{inputs.parameters.ok}}" = yes']}
`

// A retry repeats what failed and only that; the pods of before are gone, and each step has one pod (OPS-13, DESIGN 8).
func TestRetryWithKubectl(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, flaky)
	failed := awaitEnd(t, ns, name, v1alpha1.WorkflowFailed)

	stdout, stderr, err := post(t, ns, "workflows", name, "retry?dryRun=All", `{}`)
	if err != nil || !strings.Contains(stderr, "retry would reset") || !strings.Contains(stderr, name+"[1].second") {
		t.Errorf("dry run: %v, %s%s", err, stdout, stderr)
	}
	// Without a change it fails again; the second round's pod is not the first's.
	do(t, ns, "workflows", name, "retry", `{}`)
	again := awaitEnd(t, ns, name, v1alpha1.WorkflowFailed)
	first, second := nodeNamed(t, failed, "first"), nodeNamed(t, again, "second")
	if was := nodeNamed(t, failed, "second"); second.PodUID == was.PodUID || second.PodUID == "" {
		t.Errorf("the second round of second has pod %q, the first had %q", second.PodUID, was.PodUID)
	}
	do(t, ns, "workflows", name, "retry", `{"parameters": ["ok=yes"]}`)
	done := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	if kept := nodeNamed(t, done, "first"); kept.PodUID != first.PodUID {
		t.Errorf("what had succeeded was repeated: pod %s, before %s", kept.PodUID, first.PodUID)
	}
	if done.Status.Retries != 2 {
		t.Errorf("%d retries", done.Status.Retries)
	}
	eventually(t, "one pod for each of three steps", func(context.Context) (bool, string, error) {
		recorded := map[string]bool{}
		for _, n := range done.Status.Nodes {
			recorded[string(n.PodUID)] = true
		}
		pods := podsOf(t, ns, name)
		for _, pod := range pods {
			if !recorded[string(pod.UID)] {
				return false, "pod " + pod.Name + " is of an earlier round", nil
			}
		}
		return len(pods) == 3, fmt.Sprintf("%d pods", len(pods)), nil
	})
	if _, stderr, err := post(t, ns, "workflows", name, "retry", `{}`); err == nil || !strings.Contains(stderr, "To retry a succeeded workflow") {
		t.Errorf("retry of a success: %v, %s", err, stderr)
	}

	// Again as a new workflow, from the beginning.
	copied := do(t, ns, "workflows", name, "resubmit", `{"parameters": ["ok=no"]}`)
	if copied.Labels[v1alpha1.LabelKeyPreviousWorkflowName] != name || copied.Name == name {
		t.Errorf("resubmitted as %s, labels %v", copied.Name, copied.Labels)
	}
	awaitEnd(t, ns, copied.Name, v1alpha1.WorkflowFailed)
	memoized := do(t, ns, "workflows", copied.Name, "resubmit", `{"memoized": true, "parameters": ["ok=yes"]}`)
	done = awaitEnd(t, ns, memoized.Name, v1alpha1.WorkflowSucceeded)
	if n := nodeNamed(t, done, "first"); n.Phase != v1alpha1.NodeSkipped || !strings.HasPrefix(n.Message, "original pod: ") {
		t.Errorf("what had succeeded was not taken over: %s %s", n.Phase, n.Message)
	}
	if pods := podsOf(t, ns, memoized.Name); len(pods) != 2 {
		t.Errorf("%d pods of the memoized workflow, want those of second and third", len(pods))
	}
}

const runsLong = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: long-}
spec:
  entrypoint: main
  onExit: bye
  templates:
  - {name: main, container: {image: busybox, command: [sleep, "600"]}}
  - {name: bye, container: {image: busybox, command: ["true"]}}
`

// Stop runs the exit handler, terminate does not; a suspended workflow starts nothing (OPS-08, OPS-10, OPS-11).
func TestSuspendStopAndTerminateWithKubectl(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for verb, handler := range map[string]bool{"stop": true, "terminate": false} {
		name := create(t, ns, runsLong)
		awaitWorkflow(t, ns, name, "to run", func(wf *v1alpha1.Workflow) bool { return wf.Status.Nodes[wf.Name].Phase == v1alpha1.NodeRunning })
		do(t, ns, "workflows", name, verb, `{}`)
		wf := awaitEnd(t, ns, name, v1alpha1.WorkflowFailed)
		ran := false
		for _, n := range wf.Status.Nodes {
			ran = ran || n.Name == name+".onExit" && n.Phase == v1alpha1.NodeSucceeded
		}
		if ran != handler {
			t.Errorf("%s: exit handler ran: %v", verb, ran)
		}
		if _, stderr, err := post(t, ns, "workflows", name, "suspend", `{}`); err == nil || !strings.Contains(stderr, "cannot suspend completed workflows") {
			t.Errorf("suspend after the end: %v, %s", err, stderr)
		}
	}
	for _, bad := range []struct{ verb, body, want string }{
		{"retry", `{"parametres": []}`, "unknown field"},
		{"stop", `[]`, "cannot"},
		{"set", `{}`, "nodeFieldSelector: Required value"},
	} {
		name := create(t, ns, runsLong)
		if stdout, stderr, err := post(t, ns, "workflows", name, bad.verb+"?fieldValidation=Strict", bad.body); err == nil || !strings.Contains(stderr, bad.want) {
			t.Errorf("%s %s: %v, %s%s", bad.verb, bad.body, err, stdout, stderr)
		}
	}
}

const sources = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: hello}
spec:
  entrypoint: main
  arguments: {parameters: [{name: word, value: nothing}]}
  templates:
  - {name: main, container: {image: busybox, command: [sh, -c, 'test "{{workflow.parameters.word}}" = hello']}}
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: daily}
spec:
  schedules: ["0 2 * * *"]
  timezone: UTC
  suspend: true
  workflowSpec:
    entrypoint: main
    arguments: {parameters: [{name: cronScheduleTime, value: none}]}
    templates:
    - {name: main, container: {image: busybox, command: [sh, -c, 'test "{{workflow.parameters.cronScheduleTime}}" != none']}}
`

// Workflows are made from templates and cron workflows, counted by quotas, and only for who may create workflows (OPS-02,
// OPS-03, CRON-10, issue 5).
func TestSubmitAndBackfillWithKubectl(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	if stdout, stderr, err := runKubectl(t.Context(), manifest(sources), "create", "-n", ns, "-f", "-"); err != nil {
		t.Fatalf("kubectl create: %v\n%s%s", err, stdout, stderr)
	}
	wf := do(t, ns, "workflowtemplates", "hello", "submit", `{"parameters": ["word=hello"], "labels": {"made": "by-submit"}}`)
	if wf.Labels["made"] != "by-submit" || wf.Labels[v1alpha1.LabelKeyWorkflowTemplate] != "hello" || wf.Labels[v1alpha1.LabelKeyCreator] == "" {
		t.Errorf("labels %v", wf.Labels)
	}
	awaitEnd(t, ns, wf.Name, v1alpha1.WorkflowSucceeded)
	stdout, stderr, err := post(t, ns, "cronworkflows", "daily", "backfill", `{"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T12:00:00Z"}`)
	result := &v1alpha1.BackfillResult{}
	if err != nil || json.Unmarshal([]byte(stdout), result) != nil || len(result.Workflows) != 2 || result.Remaining != 0 {
		t.Fatalf("backfill: %v\n%s%s", err, stdout, stderr)
	}
	for _, made := range result.Workflows {
		awaitEnd(t, ns, made.Name, v1alpha1.WorkflowSucceeded)
	}

	// A right to submit is no right to create workflows.
	submitter := clientOf(t, ns, "submitter", rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"workflowtemplates/submit", "workflows/resubmit", "cronworkflows/backfill"}, Verbs: []string{"create"}})
	eventually(t, "the refusal that names the right", func(ctx context.Context) (bool, string, error) {
		_, err := submitter.ArgoprojV1alpha1().WorkflowTemplates(ns).Submit(ctx, "hello", &v1alpha1.SubmitOptions{}, metav1.CreateOptions{})
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "right to create workflows in namespace"), fmt.Sprint(err), nil
	})

	// Quota counts what is submitted, resubmitted and backfilled.
	count := corev1.ResourceName("count/workflows." + v1alpha1.GroupName)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "four"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{count: resource.MustParse("4")}}}
	if _, err := kube.CoreV1().ResourceQuotas(ns).Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the quota to be counted", func(ctx context.Context) (bool, string, error) {
		q, err := kube.CoreV1().ResourceQuotas(ns).Get(ctx, "four", metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		used, counted := q.Status.Used[count]
		return counted && used.Value() == 3, fmt.Sprintf("%v", q.Status), nil
	})
	stdout, stderr, err = post(t, ns, "cronworkflows", "daily", "backfill", `{"start": "2026-01-01T00:00:00Z", "end": "2026-01-05T12:00:00Z"}`)
	result = &v1alpha1.BackfillResult{}
	if err != nil || json.Unmarshal([]byte(stdout), result) != nil || len(result.Workflows) != 3 || result.Remaining != 2 || !strings.Contains(stderr, "exceeded quota: four") {
		t.Errorf("backfill as far as the quota allows: %v\n%s%s", err, stdout, stderr)
	}
	for _, refused := range [][3]string{{"workflowtemplates", "hello", "submit"}, {"workflows", wf.Name, "resubmit"}, {"cronworkflows", "daily", "submit"}} {
		if stdout, stderr, err := post(t, ns, refused[0], refused[1], refused[2], `{}`); err == nil || !strings.Contains(stderr, "exceeded quota: four") {
			t.Errorf("%s/%s: %v, %s%s; want it refused by the quota", refused[0], refused[2], err, stdout, stderr)
		}
	}
}

const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [argoproj.io], apiVersions: [v1alpha1], operations: [CREATE, UPDATE], resources: [workflows]}]
  validations:
  - {expression: "!has(object.metadata.labels) || !('secret' in object.metadata.labels)", message: no secret workflows here}
  - {expression: "!has(object.spec.suspend) || !object.spec.suspend", message: nothing is suspended here}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec:
  policyName: NAME
  validationActions: [Deny]
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}}
`

// Policies for workflows hold for those that verbs create and change (issue 5, DESIGN 6).
func TestPoliciesSeeWhatVerbsDo(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	text := strings.ReplaceAll(strings.ReplaceAll(policy, "[argoproj.io]", "["+v1alpha1.GroupName+"]"), "NAME", ns)
	t.Cleanup(func() {
		_, _, _ = runKubectl(context.Background(), text, "delete", "--ignore-not-found", "-f", "-")
	})
	for _, part := range []string{text, manifest(sources)} {
		if stdout, stderr, err := runKubectl(t.Context(), part, "create", "-n", ns, "-f", "-"); err != nil {
			t.Fatalf("kubectl create: %v\n%s%s", err, stdout, stderr)
		}
	}
	for _, source := range []string{"workflowtemplates/hello", "cronworkflows/daily"} {
		resource, name, _ := strings.Cut(source, "/")
		// The server hears of a policy in its own time.
		eventually(t, "the policy to refuse what is submitted from "+source, func(context.Context) (bool, string, error) {
			stdout, stderr, err := post(t, ns, resource, name, "submit?dryRun=All", `{"labels": {"secret": "yes"}}`)
			return err != nil && strings.Contains(stderr, "no secret workflows here"), stdout + stderr, nil
		})
		if stdout, stderr, err := post(t, ns, resource, name, "submit?dryRun=All", `{"labels": {"open": "yes"}}`); err != nil {
			t.Errorf("%s: %v, %s%s", source, err, stdout, stderr)
		}
	}
	// What a policy forbids of an update no verb brings about, and what it allows goes through.
	name := create(t, ns, asks)
	for _, verb := range []string{"suspend", "suspend?dryRun=All"} {
		if stdout, stderr, err := post(t, ns, "workflows", name, verb, `{}`); err == nil || !strings.Contains(stderr, "nothing is suspended here") {
			t.Errorf("%s: %v, %s%s", verb, err, stdout, stderr)
		}
	}
	if wf := do(t, ns, "workflows", name, "terminate", `{}`); wf.Spec.Shutdown != v1alpha1.ShutdownStrategyTerminate || wf.Spec.Suspend != nil {
		t.Errorf("terminate: %+v", wf.Spec)
	}
}
