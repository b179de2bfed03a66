package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

func createWorkflows(t *testing.T, server *harness.Server, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Create(t.Context(), newWorkflow(name), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServerSideApply(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	client := server.Dynamic.Resource(gvr("workflows")).Namespace(namespace)
	apply := func(manager, rest string, force bool) (*unstructured.Unstructured, error) {
		return client.Apply(t.Context(), "applied", newObject(t, "Workflow", "applied", rest), metav1.ApplyOptions{FieldManager: manager, Force: force})
	}
	const spec = `
spec:
  entrypoint: main
  arguments:
    parameters: [{name: count, value: 5}]
  templates:
  - name: main
    steps: [[{name: a, template: leaf}, {name: b, template: leaf}]]
  - name: leaf
    container: {image: busybox}
`
	created, err := apply("one", spec, false)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := apply("one", spec, false); err != nil || again.GetResourceVersion() != created.GetResourceVersion() {
		t.Errorf("the same applied again changed something: %v", err)
	}
	// Another manager owns another template; lists of templates are merged by name.
	merged, err := apply("two", "spec: {templates: [{name: other, suspend: {}}]}", false)
	if err != nil {
		t.Fatal(err)
	}
	templates, _, _ := unstructured.NestedSlice(merged.Object, "spec", "templates")
	if len(templates) != 3 {
		t.Errorf("%d templates after the second manager's apply", len(templates))
	}
	if _, err := apply("two", "spec: {entrypoint: other}", false); !apierrors.IsConflict(err) {
		t.Errorf("taking a field of another manager: %v", err)
	}
	if _, err := apply("two", "spec: {entrypoint: other, templates: [{name: other, suspend: {}}]}", true); err != nil {
		t.Errorf("taking it by force: %v", err)
	}
	managers := map[string]bool{}
	for _, entry := range merged.GetManagedFields() {
		managers[entry.Manager] = true
	}
	if !managers["one"] || !managers["two"] {
		t.Errorf("managers: %v", managers)
	}
}

func TestPatches(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "patched")
	client := server.Client.ArgoprojV1alpha1().Workflows(namespace)
	tests := []struct {
		kind types.PatchType
		body string
		want bool
	}{
		{types.MergePatchType, `{"spec": {"suspend": true}}`, true},
		{types.JSONPatchType, `[{"op": "replace", "path": "/spec/suspend", "value": false}]`, false},
	}
	for _, test := range tests {
		got, err := client.Patch(t.Context(), "patched", test.kind, []byte(test.body), metav1.PatchOptions{})
		if err != nil {
			t.Fatalf("%s: %v", test.kind, err)
		}
		if ptr.Deref(got.Spec.Suspend, false) != test.want {
			t.Errorf("%s: suspend = %v", test.kind, got.Spec.Suspend)
		}
	}
	if _, err := client.Patch(t.Context(), "patched", types.JSONPatchType, []byte(`[{"op": "test", "path": "/spec/entrypoint", "value": "x"}]`), metav1.PatchOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("failed test of a JSON patch: %v", err)
	}
}

func TestDryRunStoresNothing(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	client := server.Client.ArgoprojV1alpha1().Workflows(namespace)
	dry := newWorkflow("")
	dry.GenerateName = "dry-"
	got, err := client.Create(t.Context(), dry, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil || got.Name == "" || got.UID == "" {
		t.Fatalf("%v: %+v", err, got)
	}
	if _, err := client.Get(t.Context(), got.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after a dry run: %v", err)
	}
}

func TestUpdateConflict(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "contended")
	client := server.Client.ArgoprojV1alpha1().Workflows(namespace)
	first, err := client.Get(t.Context(), "contended", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second := first.DeepCopy()
	first.Spec.Suspend = ptr.To(true)
	if _, err := client.Update(t.Context(), first, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	second.Spec.Priority = ptr.To[int32](1)
	if _, err := client.Update(t.Context(), second, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("second writer: %v", err)
	}
}

func TestDeleteCollection(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "a", "b", "c")
	client := server.Client.ArgoprojV1alpha1().Workflows(namespace)
	if _, err := client.Patch(t.Context(), "b", types.MergePatchType, []byte(`{"metadata": {"labels": {"keep": "yes"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "keep!=yes"}); err != nil {
		t.Fatal(err)
	}
	list, err := client.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Name != "b" {
		t.Errorf("left: %v, %v", list.Items, err)
	}
}

// The garbage collector and the namespace controller read metadata only.
func TestPartialObjectMetadata(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "a", "b")
	client, err := metadata.NewForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Resource(gvr("workflows")).Namespace(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 2 || list.Items[0].UID == "" {
		t.Errorf("list: %+v, %v", list, err)
	}
	one, err := client.Resource(gvr("workflows")).Namespace(namespace).Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil || one.Name != "a" {
		t.Errorf("get: %+v, %v", one, err)
	}
	watcher, err := client.Resource(gvr("workflows")).Namespace(namespace).Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	createWorkflows(t, server, "c")
	event := <-watcher.ResultChan()
	if got, ok := event.Object.(*metav1.PartialObjectMetadata); !ok || event.Type != watch.Added || got.Name != "c" {
		t.Errorf("event: %+v", event)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	for _, k := range kinds {
		t.Run(k.kind, func(t *testing.T) {
			if _, err := resourceClient(server, k.resource, k.cluster).Create(t.Context(), newObject(t, k.kind, "one", k.spec), metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			url := path(k.resource)
			if k.cluster {
				url = "/apis/" + v1alpha1.SchemeGroupVersion.String() + "/" + k.resource
			}
			body, err := server.REST(t).Get().AbsPath(url).SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var table metav1.Table
			if err := json.Unmarshal(body, &table); err != nil {
				t.Fatal(err)
			}
			if table.Kind != "Table" || len(table.Rows) != 1 || table.Rows[0].Cells[0] != "one" || len(table.ColumnDefinitions) != len(table.Rows[0].Cells) {
				t.Errorf("table: %s", body)
			}
		})
	}
}

func TestFieldSelectors(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "a", "b")
	client := server.Client.ArgoprojV1alpha1().Workflows(namespace)
	template := &v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "hello"}, Spec: newWorkflow("").Spec}
	if _, err := server.Client.ArgoprojV1alpha1().WorkflowTemplates(namespace).Create(t.Context(), template, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	other := newWorkflow("from-template")
	other.Spec = v1alpha1.WorkflowSpec{WorkflowTemplateRef: &v1alpha1.WorkflowTemplateRef{Name: "hello"}}
	if _, err := client.Create(t.Context(), other, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for selector, want := range map[string]int{
		"metadata.name=a":                       1,
		"metadata.namespace=" + namespace:       3,
		"spec.entrypoint=main":                  2,
		"spec.workflowTemplateRef.name=hello":   1,
		"status.phase=Running":                  0,
		"metadata.name!=a,spec.entrypoint=main": 1,
	} {
		list, err := client.List(t.Context(), metav1.ListOptions{FieldSelector: selector})
		if err != nil || len(list.Items) != want {
			t.Errorf("%s: %d workflows, want %d (%v)", selector, len(list.Items), want, err)
		}
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	var names []string
	for i := range 7 {
		names = append(names, fmt.Sprintf("wf-%d", i))
	}
	createWorkflows(t, server, names...)
	var got []string
	options := metav1.ListOptions{Limit: 3}
	for {
		list, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).List(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			got = append(got, item.Name)
		}
		if options.Continue = list.Continue; options.Continue == "" {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("paged through %v", got)
	}
}

// A watch with initial events ends them with an annotated bookmark; informers of new clients wait for it (pitfall 10).
func TestWatchList(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "a", "b")
	watcher, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Watch(t.Context(), metav1.ListOptions{
		SendInitialEvents: ptr.To(true), AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	seen := map[string]bool{}
	for event := range watcher.ResultChan() {
		workflow, ok := event.Object.(*v1alpha1.Workflow)
		if !ok {
			t.Fatalf("event %s with a %T", event.Type, event.Object)
		}
		if event.Type == watch.Bookmark {
			if workflow.Annotations[metav1.InitialEventsAnnotationKey] == "true" {
				break
			}
			continue
		}
		seen[workflow.Name] = true
	}
	if len(seen) != 2 {
		t.Errorf("initial events: %v", seen)
	}
}

// An ordinary client-go informer sees what happens.
func TestInformer(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := server.Client.ArgoprojV1alpha1().Workflows(namespace)
	events := make(chan string, 10)
	name := func(object any) string { return object.(*v1alpha1.Workflow).Name }
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: &cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				return client.List(ctx, options)
			},
			WatchFuncWithContext: client.Watch,
		},
		ObjectType: &v1alpha1.Workflow{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(object any) { events <- "added " + name(object) },
			UpdateFunc: func(_, object any) { events <- "updated " + name(object) },
			DeleteFunc: func(object any) { events <- "deleted " + name(object) },
		},
	})
	go informer.RunWithContext(ctx)
	expect := func(want string) {
		t.Helper()
		if got := <-events; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	expect("added a")
	createWorkflows(t, server, "b")
	expect("added b")
	if _, err := client.Patch(ctx, "b", types.MergePatchType, []byte(`{"spec": {"suspend": true}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	expect("updated b")
	if err := client.Delete(ctx, "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	expect("deleted a")
}
