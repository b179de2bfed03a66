package integration

import (
	"errors"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// admission is a client that keeps warnings, as kubectl shows them.
type admission struct {
	t        *testing.T
	client   dynamic.Interface
	warnings *collectedWarnings
}

func newAdmission(t *testing.T, options ...harness.Option) *admission {
	t.Helper()
	server := harness.StartServer(t, options...)
	a := &admission{t: t, warnings: &collectedWarnings{}}
	config := rest.CopyConfig(server.Config)
	config.WarningHandler = a.warnings
	var err error
	if a.client, err = dynamicFor(config); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *admission) resource(resource string) dynamic.ResourceInterface {
	if resource == "clusterworkflowtemplates" {
		return a.client.Resource(gvr(resource))
	}
	return a.client.Resource(gvr(resource)).Namespace(namespace)
}

// create gives the paths of the causes if the object is refused, and the warnings.
func (a *admission) create(resource, kind, name, spec string, options metav1.CreateOptions) (causes []string, warnings string) {
	a.t.Helper()
	a.warnings.mu.Lock()
	a.warnings.text = nil
	a.warnings.mu.Unlock()
	_, err := a.resource(resource).Create(a.t.Context(), newObject(a.t, kind, name, `{"spec": `+spec+`}`), options)
	return a.causes(err), a.warnings.String()
}

func (a *admission) causes(err error) (paths []string) {
	a.t.Helper()
	if err == nil {
		return nil
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || !apierrors.IsInvalid(err) {
		a.t.Fatalf("not refused as invalid: %v", err)
	}
	for _, cause := range status.Status().Details.Causes {
		paths = append(paths, cause.Field)
	}
	return paths
}

// All mistakes of a manifest come at once, each with its path; a dry run is the linter.
func TestAdmissionFindsAllMistakes(t *testing.T) {
	t.Parallel()
	a := newAdmission(t)
	const spec = `{"entrypoint": "main", "podGC": {"strategy": "Sometimes"}, "templates": [
		{"name": "main", "steps": [[{"name": "a", "template": "leaf", "when": "{{inputs.parameters.x}} == 1"}], [{"name": "b", "templateRef": {"name": "gone", "template": "t"}, "arguments": {"parameters": [{"name": "p", "value": "{{steps.a.outputs.reslt}}"}]}}]]},
		{"name": "leaf", "container": {"args": ["{{=inputs.parameters.y}}"]}}]}`
	want := []string{
		"spec.podGC.strategy", "spec.templates[1].container.image", // the object alone
		"spec.templates[0].steps[1][0].templateRef.name", // what it refers to
		"spec.templates[0].steps[0][0].when", "spec.templates[0].steps[1][0].arguments.parameters[0].value", "spec.templates[1].container.args[0]",
	}
	for _, options := range []metav1.CreateOptions{{}, {DryRun: []string{metav1.DryRunAll}}} {
		if causes, _ := a.create("workflows", "Workflow", "wrong", spec, options); !slices.Equal(causes, want) {
			t.Errorf("refused for %q, want %q", causes, want)
		}
	}
}

// References are read as they are stored now. What is missing refuses a workflow; libraries are only warned of, so that
// a directory can be applied in any order.
func TestAdmissionFollowsReferences(t *testing.T) {
	t.Parallel()
	a := newAdmission(t)
	const refers = `{"entrypoint": "main", "templates": [{"name": "main", "steps": [[{"name": "a", "templateRef": {"name": "lib", "template": "leaf"}}]]}]}`
	const path = "spec.templates[0].steps[0][0].templateRef.name"

	if causes, _ := a.create("workflows", "Workflow", "w", refers, metav1.CreateOptions{}); !slices.Equal(causes, []string{path}) { // V-074
		t.Errorf("workflow: refused for %q", causes)
	}
	if causes, _ := a.create("workflows", "Workflow", "w", `{"workflowTemplateRef": {"name": "lib"}}`, metav1.CreateOptions{}); !slices.Equal(causes, []string{"spec.workflowTemplateRef.name"}) { // V-007
		t.Errorf("workflow: refused for %q", causes)
	}
	for _, tc := range []struct{ resource, kind, spec string }{
		{"workflowtemplates", "WorkflowTemplate", refers},
		{"clusterworkflowtemplates", "ClusterWorkflowTemplate", strings.Replace(refers, `"leaf"}`, `"leaf", "clusterScope": true}`, 1)},
	} {
		causes, warnings := a.create(tc.resource, tc.kind, "refers", tc.spec, metav1.CreateOptions{})
		if len(causes) > 0 || !strings.Contains(warnings, path+": template reference lib.leaf not found") {
			t.Errorf("%s: refused for %q, warned of %q", tc.kind, causes, warnings)
		}
	}
	causes, warnings := a.create("cronworkflows", "CronWorkflow", "refers", `{"schedules": ["@daily"], "workflowSpec": `+refers+`}`, metav1.CreateOptions{})
	if len(causes) > 0 || !strings.Contains(warnings, "spec.workflowSpec.templates[0].steps[0][0].templateRef.name") {
		t.Errorf("CronWorkflow: refused for %q, warned of %q", causes, warnings)
	}

	const lib = `{"entrypoint": "leaf", "templates": [{"name": "leaf", "container": {"image": "busybox"}}]}`
	if causes, warnings := a.create("workflowtemplates", "WorkflowTemplate", "lib", lib, metav1.CreateOptions{}); len(causes) > 0 || warnings != "" {
		t.Fatalf("library: refused for %q, warned of %q", causes, warnings)
	}
	// A template that was made a moment ago is there.
	for name, spec := range map[string]string{"by-template": refers, "whole": `{"workflowTemplateRef": {"name": "lib"}}`} {
		if causes, warnings := a.create("workflows", "Workflow", name, spec, metav1.CreateOptions{}); len(causes) > 0 || warnings != "" {
			t.Errorf("%s: refused for %q, warned of %q", name, causes, warnings)
		}
	}
}

// What became wrong later, because a template went away, stands in the way of nothing but new mistakes.
func TestAdmissionOfUpdates(t *testing.T) {
	t.Parallel()
	a := newAdmission(t)
	a.create("workflowtemplates", "WorkflowTemplate", "lib", `{"templates": [{"name": "leaf", "container": {"image": "busybox"}}]}`, metav1.CreateOptions{})
	if causes, _ := a.create("workflows", "Workflow", "w", `{"entrypoint": "main", "templates": [{"name": "main", "steps": [[{"name": "a", "templateRef": {"name": "lib", "template": "leaf"}}]]}]}`, metav1.CreateOptions{}); len(causes) > 0 {
		t.Fatal(causes)
	}
	if err := a.resource("workflowtemplates").Delete(t.Context(), "lib", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	patch := func(body string) (*unstructured.Unstructured, error) {
		return a.resource("workflows").Patch(t.Context(), "w", types.MergePatchType, []byte(body), metav1.PatchOptions{})
	}
	for _, body := range []string{
		`{"metadata": {"labels": {"a": "b"}, "finalizers": ["example.com/keep"]}}`, `{"spec": {"suspend": true}}`, `{"spec": {"shutdown": "Stop"}}`,
	} {
		if _, err := patch(body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	_, err := patch(`{"spec": {"onExit": "gone"}}`)
	if causes := a.causes(err); !slices.Equal(causes, []string{"spec.onExit"}) {
		t.Errorf("a new mistake: refused for %q", causes)
	}
	if err := a.resource("workflows").Delete(t.Context(), "w", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := patch(`{"metadata": {"finalizers": null}, "spec": {"onExit": "gone"}}`); err != nil {
		t.Errorf("a workflow that is being deleted: %v", err)
	}
}

func TestAdmissionWarns(t *testing.T) {
	t.Parallel()
	a := newAdmission(t)
	causes, warnings := a.create("workflows", "Workflow", "w", `{"entrypoint": "main", "arguments": {"parameters": [{"name": "p", "value": "v"}]}, "templates": [
		{"name": "main", "dag": {"target": "a", "tasks": [{"name": "a", "template": "leaf"}, {"name": "b", "template": "leaf"}]}}, {"name": "leaf", "container": {"image": "i"}}, {"name": "spare", "container": {"image": "i"}}]}`, metav1.CreateOptions{})
	if len(causes) > 0 {
		t.Fatal(causes)
	}
	for _, want := range []string{
		`spec.templates[0].dag.tasks[1]: task "b" never runs`, `spec.templates[2]: template "spare" is never run`, `spec.arguments.parameters[0]: parameter "p" is declared and never used`,
	} {
		if strings.Count(warnings, want) != 1 {
			t.Errorf("not warned once of %q: %s", want, warnings)
		}
	}
}

// CFG-03, CFG-05: a server that knows what the controller lays under workflows checks them so, and asks each time.
func TestAdmissionUnderWorkflowDefaults(t *testing.T) {
	laid := &v1alpha1.Workflow{}
	a := newAdmission(t, harness.WithOptions(func(o *app.Options) {
		o.Standalone.WorkflowDefaults = func(instanceID string) (*v1alpha1.Workflow, bool) { return laid, instanceID == "" }
	}))
	const spec = `{"templates": [{"name": "main", "container": {"image": "i"}}]}`
	if causes, _ := a.create("workflows", "Workflow", "without", spec, metav1.CreateOptions{}); !slices.Equal(causes, []string{"spec.entrypoint"}) {
		t.Errorf("without defaults: %q", causes)
	}
	laid = &v1alpha1.Workflow{Spec: v1alpha1.WorkflowSpec{Entrypoint: "main"}}
	if causes, _ := a.create("workflows", "Workflow", "with", spec, metav1.CreateOptions{}); len(causes) > 0 {
		t.Errorf("with defaults: %q", causes)
	}
	laid = &v1alpha1.Workflow{Spec: v1alpha1.WorkflowSpec{Entrypoint: "other"}}
	if causes, _ := a.create("workflows", "Workflow", "made-wrong", spec, metav1.CreateOptions{}); !slices.Equal(causes, []string{"spec.entrypoint"}) {
		t.Errorf("with defaults that do not fit: %q", causes)
	}
	stored, err := a.resource("workflows").Get(t.Context(), "with", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, given, _ := unstructured.NestedString(stored.Object, "spec", "entrypoint"); given {
		t.Error("the defaults were stored with the workflow")
	}
}
