package integration

import (
	"encoding/json"
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

const freeJSON = `
spec:
  entrypoint: main
  arguments:
    parameters:
    - {name: text, value: "5"}
    - {name: flag, value: true}
    - {name: ratio, value: 1.5, enum: [1.5, "2", false]}
  hooks:
    exit: {template: ask}
    started: {template: ask, expression: workflow.status == "Running"}
  templates:
  - name: main
    steps:
    - - name: each
        template: ask
        withItems: [1, "a", true, [1, 2], {k: v, deep: {m: [1]}}, "<b>"]
        arguments: {parameters: [{name: item, value: "{{item}}"}]}
  - name: ask
    inputs: {parameters: [{name: item, default: none}]}
    plugin: {slack: {text: "{{inputs.parameters.item}}", to: [a, {b: c}]}}
`

// RES-11, RES-13: what may hold any JSON holds it through every way of writing.
func TestFreeJSON(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	client := server.Dynamic.Resource(gvr("workflowtemplates")).Namespace(namespace)
	object := newObject(t, "WorkflowTemplate", "free", freeJSON)
	write := map[string]func() (*unstructured.Unstructured, error){
		"create": func() (*unstructured.Unstructured, error) {
			return client.Create(t.Context(), object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		},
		"server-side apply": func() (*unstructured.Unstructured, error) {
			return client.Apply(t.Context(), "free", object, metav1.ApplyOptions{FieldManager: "test"})
		},
	}
	for name, write := range write {
		t.Run(name, func(t *testing.T) {
			written, err := write()
			if err != nil {
				t.Fatal(err)
			}
			templates, _, _ := unstructured.NestedSlice(written.Object, "spec", "templates")
			want := []any{
				[]any{json.Number("1"), "a", true, []any{json.Number("1"), json.Number("2")},
					map[string]any{"k": "v", "deep": map[string]any{"m": []any{json.Number("1")}}}, "<b>"},
				map[string]any{"slack": map[string]any{"text": "{{inputs.parameters.item}}", "to": []any{"a", map[string]any{"b": "c"}}}},
			}
			step := templates[0].(map[string]any)["steps"].([]any)[0].([]any)[0].(map[string]any)
			got := []any{step["withItems"], templates[1].(map[string]any)["plugin"]}
			if !sameJSON(t, got, want) {
				t.Errorf("items and plugin: %v", got)
			}
			if err := client.Delete(t.Context(), "free", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// kubectl apply sends strategic merge patches: maps of objects and free JSON are replaced as a whole, lists with names
// are merged.
func TestStrategicMergePatch(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	client := server.Client.ArgoprojV1alpha1().WorkflowTemplates(namespace)
	if _, err := server.Dynamic.Resource(gvr("workflowtemplates")).Namespace(namespace).Create(
		t.Context(), newObject(t, "WorkflowTemplate", "free", freeJSON), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	patched, err := client.Patch(t.Context(), "free", types.StrategicMergePatchType, []byte(`{"spec": {
		"hooks": {"exit": {"template": "other"}},
		"arguments": {"parameters": [{"name": "flag", "value": false}]},
		"templates": [{"name": "ask", "plugin": {"mail": {"to": "b"}}}, {"name": "other", "suspend": {}}]
	}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(patched.Spec.Hooks) != 1 || patched.Spec.Hooks["exit"].Template != "other" {
		t.Errorf("hooks: %v", patched.Spec.Hooks)
	}
	if len(patched.Spec.Arguments.Parameters) != 3 || patched.Spec.Arguments.Parameters[1].Value.String() != "false" {
		t.Errorf("parameters: %v", patched.Spec.Arguments.Parameters)
	}
	byName := map[string]v1alpha1.Template{}
	for _, template := range patched.Spec.Templates {
		byName[template.Name] = template
	}
	if len(byName) != 3 || string(byName["ask"].Plugin.Value) != `{"mail":{"to":"b"}}` {
		t.Errorf("templates: %v", byName)
	}
}

// RES-15, CRON-09: controller and people write the same object, and neither loses what the other wrote.
func TestCronWorkflowStatus(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	client := server.Client.ArgoprojV1alpha1().CronWorkflows(namespace)
	cron := &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Name: "restored"}}
	cron.Spec.Schedules = []string{"@daily"}
	cron.Spec.WorkflowSpec = newWorkflow("").Spec
	cron.Status = v1alpha1.CronWorkflowStatus{Phase: v1alpha1.ActivePhase, Succeeded: 3}
	created, err := client.Create(t.Context(), cron, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if created.Status.Succeeded != 3 {
		t.Errorf("created with status %+v", created.Status)
	}
	file := cron.DeepCopy()
	file.ResourceVersion, file.Status, file.Spec.Suspend = created.ResourceVersion, v1alpha1.CronWorkflowStatus{}, true
	updated, err := client.Update(t.Context(), file, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if updated.Status.Succeeded != 3 || !updated.Spec.Suspend || updated.Generation != 2 {
		t.Errorf("after an update without status: generation %d, %+v", updated.Generation, updated.Status)
	}
}

// RES-06: the agent writes the status through its subresource, the controller the spec beside it.
func TestTaskSetStatus(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	client := server.Client.ArgoprojV1alpha1().WorkflowTaskSets(namespace)
	taskSet := &v1alpha1.WorkflowTaskSet{ObjectMeta: metav1.ObjectMeta{Name: "agent"}}
	taskSet.Spec.Tasks = map[string]v1alpha1.Template{"n": {Name: "call", HTTP: &v1alpha1.HTTP{URL: "http://example.org"}}}
	taskSet.Status.Nodes = map[string]v1alpha1.NodeResult{"n": {Message: "dropped"}}
	created, err := client.Create(t.Context(), taskSet, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(created.Status.Nodes) != 0 {
		t.Errorf("created with status %+v", created.Status)
	}
	patched, err := client.Patch(t.Context(), "agent", types.MergePatchType,
		[]byte(`{"spec": {"tasks": null}, "status": {"nodes": {"n": {"phase": "Succeeded"}}}}`), metav1.PatchOptions{}, "status")
	if err != nil {
		t.Fatal(err)
	}
	if len(patched.Spec.Tasks) != 1 || patched.Status.Nodes["n"].Phase != v1alpha1.NodeSucceeded {
		t.Errorf("after a patch of the status: %+v, %+v", patched.Spec, patched.Status)
	}
	patched, err = client.Patch(t.Context(), "agent", types.MergePatchType,
		[]byte(`{"spec": {"tasks": {"n": null}}, "status": {"nodes": null}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(patched.Spec.Tasks) != 0 || len(patched.Status.Nodes) != 1 {
		t.Errorf("after a patch of the spec: %+v, %+v", patched.Spec, patched.Status)
	}
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	return reflect.DeepEqual(throughJSON(t, a), throughJSON(t, b))
}

func throughJSON(t *testing.T, value any) any {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var back any
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	return back
}
