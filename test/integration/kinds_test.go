package integration

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

const namespace = "default"

// kinds are the eight kinds of the API with a smallest valid object each.
var kinds = []struct {
	kind, resource, singular string
	shortNames               []string
	cluster                  bool
	// spec is the part of the object behind its metadata.
	spec string
	// changed is another value of the field in `path`.
	path    []string
	changed any
}{
	{
		kind: "Workflow", resource: "workflows", singular: "workflow", shortNames: []string{"wf"},
		spec: `{"spec": {"entrypoint": "main", "templates": [{"name": "main", "container": {"image": "busybox"}}]}}`,
		path: []string{"spec", "suspend"}, changed: true,
	},
	{
		kind: "WorkflowTemplate", resource: "workflowtemplates", singular: "workflowtemplate", shortNames: []string{"wftmpl"},
		spec: `{"spec": {"entrypoint": "main", "templates": [{"name": "main", "container": {"image": "busybox"}}]}}`,
		path: []string{"spec", "serviceAccountName"}, changed: "robot",
	},
	{
		kind: "ClusterWorkflowTemplate", resource: "clusterworkflowtemplates", singular: "clusterworkflowtemplate",
		shortNames: []string{"clusterwftmpl", "cwft"}, cluster: true,
		spec: `{"spec": {"entrypoint": "main", "templates": [{"name": "main", "container": {"image": "busybox"}}]}}`,
		path: []string{"spec", "serviceAccountName"}, changed: "robot",
	},
	{
		kind: "CronWorkflow", resource: "cronworkflows", singular: "cronworkflow", shortNames: []string{"cwf", "cronwf"},
		spec: `{"spec": {"schedules": ["0 * * * *"], "workflowSpec": {"entrypoint": "main", "templates": [{"name": "main", "container": {"image": "busybox"}}]}}}`,
		path: []string{"spec", "suspend"}, changed: true,
	},
	{
		kind: "WorkflowEventBinding", resource: "workfloweventbindings", singular: "workfloweventbinding", shortNames: []string{"wfeb"},
		spec: `{"spec": {"event": {"selector": "payload.message != \"\""}, "submit": {"workflowTemplateRef": {"name": "hello"}}}}`,
		path: []string{"spec", "event", "selector"}, changed: "true",
	},
	{
		kind: "WorkflowTaskSet", resource: "workflowtasksets", singular: "workflowtaskset", shortNames: []string{"wfts"},
		spec: `{"spec": {"tasks": {"node-1": {"name": "main", "container": {"image": "busybox"}}}}}`,
		path: []string{"metadata", "labels", "changed"}, changed: "yes",
	},
	{
		kind: "WorkflowTaskResult", resource: "workflowtaskresults", singular: "workflowtaskresult", shortNames: nil,
		spec: `{"phase": "Running", "progress": "1/2"}`,
		path: []string{"progress"}, changed: "2/2",
	},
	{
		kind: "WorkflowArtifactGCTask", resource: "workflowartifactgctasks", singular: "workflowartifactgctask", shortNames: []string{"wfat"},
		spec: `{"spec": {"artifactsByNode": {"node-1": {"artifacts": {"a": {"name": "a", "s3": {"key": "k"}}}}}}}`,
		path: []string{"metadata", "labels", "changed"}, changed: "yes",
	},
}

// newObject makes an object of a kind from JSON or YAML behind its metadata.
func newObject(t *testing.T, kind, name, rest string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(rest), &object.Object); err != nil {
		t.Fatal(err)
	}
	object.SetAPIVersion(v1alpha1.SchemeGroupVersion.String())
	object.SetKind(kind)
	object.SetName(name)
	return object
}

// newWorkflow makes a small valid workflow.
func newWorkflow(name string) *v1alpha1.Workflow {
	workflow := &v1alpha1.Workflow{}
	workflow.Name = name
	workflow.Spec.Entrypoint = "main"
	workflow.Spec.Templates = []v1alpha1.Template{{Name: "main", Suspend: &v1alpha1.SuspendTemplate{}}}
	return workflow
}

func resourceClient(server *harness.Server, resource string, cluster bool) dynamic.ResourceInterface {
	client := server.Dynamic.Resource(gvr(resource))
	if cluster {
		return client
	}
	return client.Namespace(namespace)
}

func gvr(resource string) schema.GroupVersionResource {
	return v1alpha1.SchemeGroupVersion.WithResource(resource)
}

// path is the URL path of a namespaced resource.
func path(resource string, more ...string) string {
	p := fmt.Sprintf("/apis/%s/namespaces/%s/%s", v1alpha1.SchemeGroupVersion, namespace, resource)
	for _, part := range more {
		p += "/" + part
	}
	return p
}

// Every kind: create, get, list, update, patch, delete.
func TestKinds(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	for _, k := range kinds {
		t.Run(k.kind, func(t *testing.T) {
			ctx := t.Context()
			client := resourceClient(server, k.resource, k.cluster)
			created, err := client.Create(ctx, newObject(t, k.kind, "one", k.spec), metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
			if err != nil {
				t.Fatalf("create: %v", err)
			}
			if created.GetUID() == "" || created.GetResourceVersion() == "" || created.GetGeneration() != 1 {
				t.Errorf("created without UID, resource version or generation: %v", created.Object["metadata"])
			}
			got, err := client.Get(ctx, "one", metav1.GetOptions{})
			if err != nil {
				t.Fatalf("get: %v", err)
			}
			if got.GetKind() != k.kind || got.GetAPIVersion() != v1alpha1.SchemeGroupVersion.String() {
				t.Errorf("got a %s %s", got.GetAPIVersion(), got.GetKind())
			}

			if err := unstructured.SetNestedField(got.Object, k.changed, k.path...); err != nil {
				t.Fatal(err)
			}
			updated, err := client.Update(ctx, got, metav1.UpdateOptions{})
			if err != nil {
				t.Fatalf("update: %v", err)
			}
			value, _, _ := unstructured.NestedFieldNoCopy(updated.Object, k.path...)
			if fmt.Sprint(value) != fmt.Sprint(k.changed) {
				t.Errorf("%v = %v after the update, want %v", k.path, value, k.changed)
			}
			if updated.GetResourceVersion() == created.GetResourceVersion() {
				t.Error("the resource version did not change")
			}

			patched, err := client.Patch(ctx, "one", "application/merge-patch+json", []byte(`{"metadata": {"labels": {"team": "a"}}}`), metav1.PatchOptions{})
			if err != nil {
				t.Fatalf("patch: %v", err)
			}
			if patched.GetLabels()["team"] != "a" {
				t.Errorf("labels = %v", patched.GetLabels())
			}
			list, err := client.List(ctx, metav1.ListOptions{LabelSelector: "team=a"})
			if err != nil || len(list.Items) != 1 || list.GetKind() != k.kind+"List" {
				t.Errorf("list: %d items of %q, %v", len(list.Items), list.GetKind(), err)
			}
			if err := client.Delete(ctx, "one", metav1.DeleteOptions{}); err != nil {
				t.Fatalf("delete: %v", err)
			}
			if list, err = client.List(ctx, metav1.ListOptions{}); err != nil || len(list.Items) != 0 {
				t.Errorf("%d items left, %v", len(list.Items), err)
			}
		})
	}
}
