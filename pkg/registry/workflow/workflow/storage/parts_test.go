package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/rest"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
)

// storedParts are the keys of the records of large parts.
func (f *fixture) storedParts() []string {
	f.tb.Helper()
	got, err := f.backend.Client.Get(f.ctx, storagetest.Prefix+"/"+v1alpha1.GroupName+"/workflowparts/", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		f.tb.Fatal(err)
	}
	var keys []string
	for _, kv := range got.Kvs {
		keys = append(keys, string(kv.Key))
	}
	return keys
}

// storedHeader is the size of a workflow in the store and the version of its key.
func (f *fixture) storedHeader(name string) (size int, version int64) {
	f.tb.Helper()
	got, err := f.backend.Client.Get(f.ctx, storagetest.Prefix+"/"+v1alpha1.GroupName+"/workflows/ns/"+name)
	if err != nil {
		f.tb.Fatal(err)
	}
	if len(got.Kvs) != 1 {
		f.tb.Fatalf("%d workflows %s are stored", len(got.Kvs), name)
	}
	return len(got.Kvs[0].Value), got.Kvs[0].Version
}

// eventually waits until something that happens in the background has happened.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) { return done(), nil })
	if err != nil {
		t.Fatal("it does not happen")
	}
}

// sameSpec fails unless a workflow has the spec and nothing of how it is stored.
func sameSpec(t *testing.T, where string, got, want *v1alpha1.Workflow) {
	t.Helper()
	if !apiequality.Semantic.DeepEqual(got.Spec, want.Spec) {
		t.Errorf("%s: %d templates of %d", where, len(got.Spec.Templates), len(want.Spec.Templates))
	}
	for key := range got.Annotations {
		if strings.HasPrefix(key, "storage.fairlead.dev/") {
			t.Errorf("%s shows the annotation %s", where, key)
		}
	}
}

// A workflow with a large spec is in one piece for everybody, and is stored once.
func TestLargeSpecIsStoredOnce(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	sent := largeWorkflow("wf", 200_000)
	sent.Annotations = map[string]string{"a": "b", "storage.fairlead.dev/given": "invented"}
	sent.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m", Operation: "Update", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{}}`)}}
	created := f.create(sent.DeepCopy())
	sameSpec(t, "the answer to its creation", created, sent)
	if len(f.storedParts()) != 1 {
		t.Fatalf("stored are %v", f.storedParts())
	}

	answer := f.mustPost(started(created))
	for i := range 5 {
		update := updateOf(answer, table("wf", 3)...)
		update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, Message: fmt.Sprint(i)}
		answer = f.mustPost(update)
	}
	if size, version := f.storedHeader("wf"); size > 2_000 || version != 7 {
		t.Errorf("the workflow was stored %d times, with %d bytes", version, size)
	}
	if keys := f.storedParts(); len(keys) != 1 {
		t.Errorf("stored are %v", keys)
	}

	got := f.get("wf")
	sameSpec(t, "GET", got, sent)
	if got.Annotations["a"] != "b" || len(got.ManagedFields) != 1 || len(got.Status.Nodes) != 3 {
		t.Errorf("GET: annotations %v, %d managers, %d nodes", got.Annotations, len(got.ManagedFields), len(got.Status.Nodes))
	}
	listed, err := f.Workflow.List(f.ctx, &metainternalversion.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sameSpec(t, "LIST", &listed.(*v1alpha1.WorkflowList).Items[0], sent)

	// Who reads a workflow by itself may change it in place, as ever.
	got.Spec.Templates[0].Name = "changed in place"
	sameSpec(t, "GET after that", f.get("wf"), sent)

	// Who wants another spec gets it, and the record of the first stays for readers of earlier versions.
	changed := f.get("wf")
	changed.Spec.Arguments.Parameters = append(changed.Spec.Arguments.Parameters, v1alpha1.Parameter{Name: "p", Value: new(v1alpha1.AnyString("v"))})
	updated, err := f.put(f.Workflow, changed)
	if err != nil {
		t.Fatal(err)
	}
	sameSpec(t, "the answer to PUT", updated, changed)
	sameSpec(t, "GET after PUT", f.get("wf"), changed)
	if keys := f.storedParts(); len(keys) != 2 {
		t.Errorf("stored are %v", keys)
	}
	// A label does not touch it.
	labelled, err := f.patch(f.Workflow, "wf", func(w *v1alpha1.Workflow) error { w.Labels = map[string]string{"x": "y"}; return nil })
	if err != nil {
		t.Fatal(err)
	}
	sameSpec(t, "the answer to PATCH", labelled, changed)
	if keys := f.storedParts(); len(keys) != 2 {
		t.Errorf("stored are %v", keys)
	}
	// One that has become small is stored in one piece again.
	small, err := f.patch(f.Workflow, "wf", func(w *v1alpha1.Workflow) error {
		w.Spec = newWorkflow("wf").Spec
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sameSpec(t, "a small spec", f.get("wf"), small)
}

// The templates that a run reads when it starts are large, too, and are not stored with every step either.
func TestStoredTemplatesAreStoredOnce(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	update := started(f.create(newWorkflow("wf")))
	template := largeWorkflow("x", 100_000).Spec
	update.Status.StoredWorkflowSpec = &template
	update.Status.StoredTemplates = map[string]v1alpha1.Template{"namespaced/t/all": template.Templates[1]}
	answer := f.mustPost(update)
	for i := range 3 {
		next := updateOf(answer)
		next.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, Message: fmt.Sprint(i)}
		answer = f.mustPost(next)
	}
	if size, _ := f.storedHeader("wf"); size > 1_000 || len(f.storedParts()) != 1 {
		t.Errorf("the workflow has %d bytes, beside %v", size, f.storedParts())
	}
	got := f.get("wf")
	if !apiequality.Semantic.DeepEqual(got.Status.StoredWorkflowSpec, &template) || len(got.Status.StoredTemplates["namespaced/t/all"].DAG.Tasks) != len(template.Templates[1].DAG.Tasks) {
		t.Error("what was read by reference is not what was stored")
	}
}

// A server that stored workflows in one piece may have left some.
func TestWorkflowInOnePieceIsRead(t *testing.T) {
	f := newFixtureWithParts(t, Options{}, nodes.Options{}, parts.Options{Limit: 1 << 30})
	sent := largeWorkflow("wf", 100_000)
	answer := f.mustPost(started(f.create(sent.DeepCopy())))
	later := f.reopen(parts.Options{})
	sameSpec(t, "GET", later.get("wf"), sent)
	if _, err := later.post(updateOf(answer, table("wf", 3)...)); err != nil {
		t.Fatal(err)
	}
	sameSpec(t, "GET after a step", later.get("wf"), sent)
	if _, err := later.patch(later.Workflow, "wf", func(w *v1alpha1.Workflow) error { w.Labels = map[string]string{"x": "y"}; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(later.storedParts()) != 1 {
		t.Errorf("stored are %v", later.storedParts())
	}
	sameSpec(t, "GET after a write of the whole", later.get("wf"), sent)
}

// A server that starts reads what an earlier one has stored.
func TestLargeSpecAfterRestart(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	sent := largeWorkflow("wf", 100_000)
	answer := f.mustPost(started(f.create(sent.DeepCopy())))
	later := f.reopen(parts.Options{})
	sameSpec(t, "GET", later.get("wf"), sent)
	later.mustPost(updateOf(answer, table("wf", 3)...))
	sameSpec(t, "GET after a step", later.get("wf"), sent)
	listed, err := later.Workflow.List(later.ctx, &metainternalversion.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sameSpec(t, "LIST", &listed.(*v1alpha1.WorkflowList).Items[0], sent)
}

// Two write at once: a step, and somebody who changes the spec. Whatever comes first, the spec that is read at the end is the
// changed one, and no step is lost.
func TestLargeSpecWithTwoWriters(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	f.mustPost(started(f.create(largeWorkflow("wf", 50_000))))
	const writes = 20
	var group sync.WaitGroup
	group.Go(func() {
		for i := range writes {
			for {
				update := updateOf(f.header("wf"), v1alpha1.NodePageChange{Set: []v1alpha1.NodeStatus{record("wf", i, v1alpha1.NodeRunning)}})
				if _, err := f.post(update); err == nil {
					break
				} else if !apierrors.IsConflict(err) {
					t.Error(err)
					return
				}
			}
		}
	})
	group.Go(func() {
		for i := range writes {
			_, err := f.patch(f.Workflow, "wf", func(w *v1alpha1.Workflow) error {
				w.Spec.Arguments.Parameters = []v1alpha1.Parameter{{Name: "count", Value: new(v1alpha1.AnyString(fmt.Sprint(i)))}}
				return nil
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	group.Wait()
	got := f.get("wf")
	want := largeWorkflow("wf", 50_000)
	want.Spec.Arguments.Parameters = []v1alpha1.Parameter{{Name: "count", Value: new(v1alpha1.AnyString(fmt.Sprint(writes - 1)))}}
	sameSpec(t, "GET", got, want)
	if len(got.Status.Nodes) != writes {
		t.Errorf("%d nodes of %d", len(got.Status.Nodes), writes)
	}
}

// Watches deliver whole workflows: additions, changes, and deletions.
func TestWatchOfLargeSpec(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	var watchers []watch.Interface
	for range 4 { // the watch cache shares what it sends between more than two
		watcher, err := f.Workflow.Watch(f.ctx, &metainternalversion.ListOptions{ResourceVersion: "0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(watcher.Stop)
		watchers = append(watchers, watcher)
	}
	sent := largeWorkflow("wf", 100_000)
	f.mustPost(started(f.create(sent.DeepCopy())))
	f.remove("wf")
	for i, watcher := range watchers {
		for _, want := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
			event := <-watcher.ResultChan()
			if event.Type != want {
				t.Fatalf("watch %d: %s %v, not %s", i, event.Type, event.Object, want)
			}
			object := event.Object
			if shared, ok := object.(runtime.CacheableObject); ok {
				object = shared.GetObject()
			}
			sameSpec(t, fmt.Sprintf("watch %d, %s", i, want), object.(*v1alpha1.Workflow), sent)
		}
	}
}

// A watch that asks for it gets large parts only when they are new to it (see listwatch.WithUnchangedOmitted).
func TestWatchWithUnchangedOmitted(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	created := f.create(largeWorkflow("wf", 100_000))
	watcher, err := f.Workflow.Watch(parts.WithUnchangedOmitted(f.ctx), &metainternalversion.ListOptions{ResourceVersion: "0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watcher.Stop)
	next := func(where string, whole bool) {
		t.Helper()
		event := <-watcher.ResultChan()
		object := event.Object
		if shared, ok := object.(runtime.CacheableObject); ok {
			object = shared.GetObject()
		}
		got := object.(*v1alpha1.Workflow)
		if whole {
			sameSpec(t, where, got, f.get("wf"))
		} else if len(got.Spec.Templates) > 0 || got.Annotations[v1alpha1.AnnotationKeyGivenPart] == "" {
			t.Errorf("%s: %d templates, annotations %v", where, len(got.Spec.Templates), got.Annotations)
		}
	}
	next("the first event", true)
	answer := f.mustPost(started(created))
	next("a step", false)
	f.mustPost(updateOf(answer, table("wf", 3)...))
	next("another step", false)
	if _, err := f.patch(f.Workflow, "wf", func(w *v1alpha1.Workflow) error {
		w.Spec.Arguments.Parameters = []v1alpha1.Parameter{{Name: "p", Value: new(v1alpha1.AnyString("v"))}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	next("a change of the spec", true)
	end := updateOf(f.header("wf"))
	end.Metadata.Labels = map[string]string{v1alpha1.LabelKeyCompleted: "true"}
	answer = f.mustPost(end)
	next("the end", true)
	again := updateOf(answer)
	again.Metadata.Labels = map[string]string{v1alpha1.LabelKeyCompleted: "false"}
	answer = f.mustPost(again)
	next("when it runs again", true)
	f.mustPost(updateOf(answer, table("wf", 4)...))
	next("a step after that", false)
}

// What a deleted workflow has left is removed, but not while somebody may still be told of its deletion.
func TestPartsOfDeletedWorkflows(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	f := newFixtureWithParts(t, Options{}, nodes.Options{}, parts.Options{Clock: clock})
	f.create(largeWorkflow("wf", 100_000))
	f.create(largeWorkflow("other", 100_000))
	f.remove("wf")
	if len(f.storedParts()) != 2 {
		t.Fatalf("stored are %v", f.storedParts())
	}
	clock.Step(time.Hour)
	eventually(t, func() bool { return len(f.storedParts()) == 1 })
	sameSpec(t, "the other one", f.get("other"), largeWorkflow("other", 100_000))
}

// The largest spec that a request can bring is stored, and one that does not compress is refused with a way out.
func TestLargestSpec(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	large := largeWorkflow("large", 3_900_000)
	created := f.create(large.DeepCopy())
	sameSpec(t, "3.9 MB", created, large)

	noise := newWorkflow("noise")
	text := make([]byte, 0, 3<<20)
	for state := uint64(1); len(text) < 3<<20; {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		text = append(text, byte(33+state%90))
	}
	noise.Spec.Arguments.Parameters = []v1alpha1.Parameter{{Name: "noise", Value: new(v1alpha1.AnyString(text))}}
	_, err := f.Workflow.Create(f.ctx, noise, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if !apierrors.IsRequestEntityTooLargeError(err) || !strings.Contains(err.Error(), "Move large inputs to artifacts") {
		t.Errorf("refused with %v", err)
	}
}

// A record that is not there keeps nobody from listing workflows and deleting this one, and is used again when it is back.
func TestLostPart(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	sent := largeWorkflow("wf", 100_000)
	f.create(sent.DeepCopy())
	f.create(newWorkflow("other"))
	key := f.storedParts()[0]
	kept, err := f.backend.Client.Get(f.ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.backend.Client.Delete(f.ctx, key); err != nil {
		t.Fatal(err)
	}
	later := f.reopen(parts.Options{})
	listed, err := later.Workflow.List(later.ctx, &metainternalversion.ListOptions{})
	if err != nil || len(listed.(*v1alpha1.WorkflowList).Items) != 2 {
		t.Fatalf("LIST: %v", err)
	}
	labelled, err := later.patch(later.Workflow, "wf", func(w *v1alpha1.Workflow) error { w.Finalizers = []string{"example.com/f"}; return nil })
	if err != nil || len(labelled.Spec.Templates) != 0 {
		t.Fatalf("PATCH: %v", err)
	}
	if _, err := f.backend.Client.Put(f.ctx, key, string(kept.Kvs[0].Value)); err != nil {
		t.Fatal(err)
	}
	sameSpec(t, "GET when it is back", later.get("wf"), sent)
}

// Encoding what was read gives the JSON that was stored in one piece before: nothing is told apart by clients.
func TestLargeSpecHasTheSameJSON(t *testing.T) {
	apart := newFixture(t, Options{}, nodes.Options{})
	whole := newFixtureWithParts(t, Options{}, nodes.Options{}, parts.Options{Limit: 1 << 30})
	var texts []string
	for _, f := range []*fixture{apart, whole} {
		sent := largeWorkflow("wf", 50_000)
		sent.Spec.Templates[0].Outputs.Parameters = []v1alpha1.Parameter{} // empty, not absent
		f.mustPost(started(f.create(sent)))
		got := f.get("wf")
		got.UID, got.ResourceVersion, got.CreationTimestamp = "", "", metav1.Time{}
		data, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	if texts[0] != texts[1] {
		t.Errorf("got\n%.2000s\nwant\n%.2000s", texts[0], texts[1])
	}
}
