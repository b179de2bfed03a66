package listwatch

import (
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func workflow(uid types.UID, edit func(*wfv1.Workflow)) *wfv1.Workflow {
	wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "wf", UID: uid, Annotations: map[string]string{"a": "b"}}}
	edit(wf)
	return wf
}

func whole(wf *wfv1.Workflow) {
	wf.Spec.Templates = []wfv1.Template{{Name: "main"}}
	wf.Spec.Arguments.Parameters = []wfv1.Parameter{{Name: "p"}}
	wf.Status.StoredTemplates = map[string]wfv1.Template{"x": {Name: "x"}}
	wf.Status.StoredWorkflowSpec = &wfv1.WorkflowSpec{Entrypoint: "main"}
}

func omitted(wf *wfv1.Workflow) {
	wf.Annotations[wfv1.AnnotationKeyGivenPart], wf.Annotations[wfv1.AnnotationKeyResolvedPart] = "1", "2"
}

// What was left out is put back, and what is new replaces it.
func TestRestoring(t *testing.T) {
	inner := watch.NewFakeWithChanSize(10, false)
	watcher := newRestoring(inner)
	inner.Add(workflow("1", whole))
	inner.Modify(workflow("1", func(wf *wfv1.Workflow) { omitted(wf); wf.Status.Message = "a step" }))
	inner.Modify(workflow("1", func(wf *wfv1.Workflow) { whole(wf); wf.Spec.Templates[0].Name = "new" }))
	inner.Modify(workflow("1", func(wf *wfv1.Workflow) {
		whole(wf)
		wf.Spec = wfv1.WorkflowSpec{}
		wf.Annotations[wfv1.AnnotationKeyGivenPart] = "1"
		wf.Status.StoredTemplates["y"] = wfv1.Template{Name: "y"}
	}))
	inner.Action(watch.Bookmark, workflow("", func(wf *wfv1.Workflow) { wf.ResourceVersion = "7" }))
	inner.Delete(workflow("1", whole))
	for _, want := range []struct {
		kind            watch.EventType
		template        string
		message         string
		stored, version string
	}{
		{kind: watch.Added, template: "main", stored: "x"},
		{kind: watch.Modified, template: "main", message: "a step", stored: "x"},
		{kind: watch.Modified, template: "new", stored: "x"},
		{kind: watch.Modified, template: "new", stored: "xy"},
		{kind: watch.Bookmark, version: "7"},
		{kind: watch.Deleted, template: "main", stored: "x"},
	} {
		event := <-watcher.ResultChan()
		got := event.Object.(*wfv1.Workflow)
		if event.Type != want.kind || got.Status.Message != want.message || len(got.Status.StoredTemplates) != len(want.stored) || got.ResourceVersion != want.version {
			t.Errorf("got %s %+v, want %+v", event.Type, got, want)
		}
		if want.template != "" && (got.Spec.Templates[0].Name != want.template || len(got.Spec.Arguments.Parameters) != 1 || got.Status.StoredWorkflowSpec == nil) {
			t.Errorf("got %s %+v, want %+v", event.Type, got, want)
		}
		if !reflect.DeepEqual(got.Annotations, map[string]string{"a": "b"}) {
			t.Errorf("annotations are %v", got.Annotations)
		}
	}
	watcher.Stop()
	if _, open := <-watcher.ResultChan(); open {
		t.Error("it goes on")
	}
}

// Of workflows that are over nothing is remembered, and what was never sent cannot be put back: the watch ends, for its reader
// to begin anew.
func TestRestoringForgets(t *testing.T) {
	for name, last := range map[string]func(*watch.FakeWatcher){
		"never seen":      func(*watch.FakeWatcher) {},
		"another of them": func(w *watch.FakeWatcher) { w.Add(workflow("2", whole)) },
		"over": func(w *watch.FakeWatcher) {
			w.Add(workflow("1", whole))
			w.Modify(workflow("1", func(wf *wfv1.Workflow) { whole(wf); wf.Labels = map[string]string{wfv1.LabelKeyCompleted: "true"} }))
		},
		"deleted": func(w *watch.FakeWatcher) {
			w.Add(workflow("1", whole))
			w.Delete(workflow("1", whole))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inner := watch.NewFakeWithChanSize(10, false)
			last(inner)
			inner.Modify(workflow("1", omitted))
			var events []watch.Event
			for event := range newRestoring(inner).ResultChan() {
				events = append(events, event)
			}
			if final := events[len(events)-1]; final.Type != watch.Error {
				t.Errorf("the last event is %s %+v", final.Type, final.Object)
			}
		})
	}
}
