package integration

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// post sends a verb as a program of that name.
func post(t *testing.T, server *harness.Server, agent, resource, name, verb, body string, query ...string) *metav1.ObjectMeta {
	t.Helper()
	request := server.Client.ArgoprojV1alpha1().RESTClient().Post().Namespace(namespace).Resource(resource).Name(name).SubResource(verb).
		SetHeader("User-Agent", agent).SetHeader("Content-Type", "application/json").Body([]byte(body))
	for i := 0; i < len(query); i += 2 {
		request = request.Param(query[i], query[i+1])
	}
	data, err := request.DoRaw(t.Context())
	if err != nil {
		t.Fatalf("%s %s: %v: %s", verb, name, err, data)
	}
	object := struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
	}{}
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	return &object.Metadata
}

// ownersOf are the managers of a field, as MANAGER/SUBRESOURCE; the field is given as in fieldsV1: f:spec.f:suspend.
func ownersOf(t *testing.T, meta *metav1.ObjectMeta, path string) []string {
	t.Helper()
	var owners []string
	for _, entry := range meta.ManagedFields {
		var fields map[string]any
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
			t.Fatal(err)
		}
		at, found := any(fields), true
		for part := range strings.SplitSeq(path, " ") {
			object, ok := at.(map[string]any)
			if at, found = object[part]; !ok || !found {
				break
			}
		}
		if found {
			owners = append(owners, entry.Manager+"/"+entry.Subresource)
		}
	}
	slices.Sort(owners)
	return owners
}

// A verb records who changed what, as every write does; the rest of the object keeps its managers.
func TestVerbsRecordManagers(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "managed")
	owned := func(meta *metav1.ObjectMeta, path string, want ...string) {
		t.Helper()
		if got := ownersOf(t, meta, path); !slices.Equal(got, want) {
			t.Errorf("%s belongs to %q, want %q", path, got, want)
		}
	}
	before, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Get(t.Context(), "managed", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	creator := ownersOf(t, &before.ObjectMeta, "f:spec f:entrypoint")
	if len(creator) != 1 {
		t.Fatalf("created by %q", creator)
	}

	dry := post(t, server, "kubectl-workflow/v1", "workflows", "managed", "suspend", "{}", "dryRun", "All")
	owned(dry, "f:spec f:suspend", "kubectl-workflow/suspend")
	suspended := post(t, server, "kubectl-workflow/v1 (linux)", "workflows", "managed", "suspend", "{}")
	owned(suspended, "f:spec f:suspend", "kubectl-workflow/suspend")
	owned(suspended, "f:metadata f:labels f:"+v1alpha1.LabelKeyAction, "kubectl-workflow/suspend")
	owned(suspended, "f:spec f:entrypoint", creator...)
	owned(suspended, "f:status")

	resumed := post(t, server, "kubectl-workflow/v1", "workflows", "managed", "resume", "{}", "fieldManager", "mine")
	owned(resumed, "f:spec f:suspend")
	owned(resumed, "f:metadata f:labels f:"+v1alpha1.LabelKeyAction, "mine/resume")
	stopped := post(t, server, "curl/8", "workflows", "managed", "stop", "{}")
	owned(stopped, "f:spec f:shutdown", "curl/stop")
	if again := post(t, server, "other/1", "workflows", "managed", "stop", "{}"); again.ResourceVersion != stopped.ResourceVersion {
		t.Error("what changes nothing was noted")
	}
	terminated := post(t, server, "other/1", "workflows", "managed", "terminate", "{}")
	owned(terminated, "f:spec f:shutdown", "other/terminate")
	owned(terminated, "f:spec f:entrypoint", creator...)

	// What is created belongs to whoever had it created.
	resubmitted := post(t, server, "maker/1", "workflows", "managed", "resubmit", "{}")
	owned(resubmitted, "f:spec f:entrypoint", "maker/")
	owned(resubmitted, "f:spec f:shutdown")

	cron := `apiVersion: ` + v1alpha1.SchemeGroupVersion.String() + `
kind: CronWorkflow
metadata: {name: nightly}
spec: {schedules: ["0 0 * * *"], workflowSpec: {entrypoint: a, templates: [{name: a, suspend: {}}]}}`
	if code, answer := send(t, server, "POST", path("cronworkflows"), "application/yaml", strings.NewReader(cron)); code != 201 {
		t.Fatalf("%s", answer)
	}
	owned(post(t, server, "pauser/1", "cronworkflows", "nightly", "suspend", "{}"), "f:spec f:suspend", "pauser/suspend")
	owned(post(t, server, "pauser/1", "cronworkflows", "nightly", "resume", "{}", "fieldManager", "mine"), "f:spec f:workflowSpec f:entrypoint", "Go-http-client/")
	owned(post(t, server, "maker/1", "cronworkflows", "nightly", "submit", "{}"), "f:spec f:entrypoint", "maker/")

	bad := server.Client.ArgoprojV1alpha1().RESTClient().Post().Namespace(namespace).Resource("workflows").Name("managed").SubResource("stop").
		SetHeader("Content-Type", "application/json").Body([]byte("{}")).Param("fieldManager", strings.Repeat("x", 200)).Do(t.Context()).Error()
	if !apierrors.IsInvalid(bad) || !strings.Contains(bad.Error(), "fieldManager") {
		t.Errorf("a manager whose name is too long: %v", bad)
	}
}

// Somebody applies a manifest again after verbs have acted: nothing of what they did is undone unless the manifest says otherwise,
// and then whoever applies is told.
func TestApplyAfterVerbs(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	client := server.Client.ArgoprojV1alpha1().Workflows(namespace)
	manifest := func(spec string) []byte {
		return []byte(`{"apiVersion": "` + v1alpha1.SchemeGroupVersion.String() + `", "kind": "Workflow", "metadata": {"name": "applied", "labels": {"team": "web"}}, "spec": {` + spec +
			`"entrypoint": "a", "arguments": {"parameters": [{"name": "p", "value": "1"}, {"name": "q", "value": "1"}]}, "templates": [{"name": "a", "suspend": {}}]}}`)
	}
	apply := func(spec string, force bool) (*v1alpha1.Workflow, error) {
		return client.Patch(t.Context(), "applied", types.ApplyPatchType, manifest(spec), metav1.PatchOptions{FieldManager: "kubectl", Force: &force})
	}
	if _, err := apply("", false); err != nil {
		t.Fatal(err)
	}
	post(t, server, "kubectl-workflow/v1", "workflows", "applied", "suspend", "{}")
	again, err := apply("", false)
	if err != nil || again.Spec.Suspend == nil || !*again.Spec.Suspend || again.Labels[v1alpha1.LabelKeyAction] != "Suspend" {
		t.Errorf("the manifest says nothing of it: %v, %v", err, again.Spec.Suspend)
	}
	if _, err := apply(`"suspend": false, `, false); !apierrors.IsConflict(err) || !strings.Contains(err.Error(), `"kubectl-workflow" with subresource "suspend"`) || !strings.Contains(err.Error(), ".spec.suspend") {
		t.Errorf("the manifest says otherwise: %v", err)
	}
	if forced, err := apply(`"suspend": false, `, true); err != nil || *forced.Spec.Suspend {
		t.Errorf("by force: %v", err)
	}
	post(t, server, "kubectl-workflow/v1", "workflows", "applied", "stop", "{}")
	if stopped, err := apply(`"suspend": false, `, false); err != nil || stopped.Spec.Shutdown != v1alpha1.ShutdownStrategyStop {
		t.Errorf("applied after a stop: %v", err)
	}

	// A retry with other parameters takes them over; the others stay with the manifest.
	wf, err := client.Get(t.Context(), "applied", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wf.Status = v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowFailed, FinishedAt: metav1.Now()}
	if _, err = client.UpdateStatus(t.Context(), wf, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	retried := post(t, server, "kubectl-workflow/v1", "workflows", "applied", "retry", `{"parameters": ["p=2"]}`)
	if owners := ownersOf(t, retried, `f:spec f:arguments f:parameters k:{"name":"p"} f:value`); !slices.Equal(owners, []string{"kubectl-workflow/retry"}) {
		t.Errorf("the new value belongs to %q", owners)
	}
	if owners := ownersOf(t, retried, `f:spec f:arguments f:parameters k:{"name":"q"} f:value`); !slices.Equal(owners, []string{"kubectl/"}) {
		t.Errorf("the old value belongs to %q", owners)
	}
	if _, err := apply(`"suspend": false, `, false); !apierrors.IsConflict(err) || !strings.Contains(err.Error(), `with subresource "retry"`) {
		t.Errorf("the manifest has the old value: %v", err)
	}
	managers := map[string]bool{}
	for _, entry := range retried.ManagedFields {
		managers[entry.Manager+"/"+entry.Subresource] = true
	}
	if len(managers) > 6 {
		t.Errorf("managers pile up: %v", slices.Sorted(maps.Keys(managers)))
	}
}
