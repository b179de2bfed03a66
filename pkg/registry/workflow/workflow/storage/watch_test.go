package storage

import (
	"context"
	"testing"
	"time"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/rest"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

func (f *fixture) watch(ctx context.Context, name string) watch.Interface {
	f.tb.Helper()
	options := &metainternalversion.ListOptions{}
	if name != "" {
		options.FieldSelector = fields.OneTermEqualSelector("metadata.name", name)
	}
	// A watch begins with what the cache has; a list waits until that is the newest.
	if _, err := f.Workflow.List(f.ctx, &metainternalversion.ListOptions{}); err != nil {
		f.tb.Fatal(err)
	}
	watcher, err := f.Workflow.Watch(ctx, options)
	if err != nil {
		f.tb.Fatal(err)
	}
	f.tb.Cleanup(watcher.Stop)
	return watcher
}

func next(t *testing.T, watcher watch.Interface) watch.Event {
	t.Helper()
	select {
	case event, ok := <-watcher.ResultChan():
		if !ok {
			t.Fatal("the watch has ended")
		}
		if shared, ok := event.Object.(runtime.CacheableObject); ok {
			event.Object = shared.GetObject()
		}
		return event
	case <-time.After(30 * time.Second):
		t.Fatal("no event")
	}
	return watch.Event{}
}

func (f *fixture) setPhase(answer *v1alpha1.NodesUpdate, phase v1alpha1.WorkflowPhase, message string, pages ...v1alpha1.NodePageChange) *v1alpha1.NodesUpdate {
	f.tb.Helper()
	update := updateOf(answer, pages...)
	update.Status = &v1alpha1.WorkflowStatus{Phase: phase, Message: message}
	return f.mustPost(update)
}

func TestWatchOfOneNameDeliversAllNodesOnceASecond(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	f := newFixture(t, Options{InlineNodesBytes: 4000, Clock: clock}, nodes.Options{})
	answer := f.run("wf", 130)
	f.run("other", 130)
	watcher := f.watch(f.ctx, "wf")
	first := next(t, watcher)
	if workflow := first.Object.(*v1alpha1.Workflow); first.Type != watch.Added || len(workflow.Status.Nodes) != 130 {
		t.Fatalf("got %s with %d nodes", first.Type, len(workflow.Status.Nodes))
	}

	// Changes within a second of the last event wait, and only the newest is delivered.
	answer = f.setPhase(answer, v1alpha1.WorkflowRunning, "one", v1alpha1.NodePageChange{Index: 1, ResourceVersion: pageVersion(answer, 1),
		Set: []v1alpha1.NodeStatus{record("wf", 70, v1alpha1.NodeSucceeded)}})
	answer = f.setPhase(answer, v1alpha1.WorkflowRunning, "two")
	wide := f.watch(WithHeadersOnly(f.ctx), "wf")
	if got := next(t, wide).Object.(*v1alpha1.Workflow); got.Status.Nodes != nil || got.Status.Message != "two" {
		t.Errorf("a watch for a table gets headers, got %d nodes", len(got.Status.Nodes))
	}
	stepUntil(t, clock, watcher, func(workflow *v1alpha1.Workflow) bool {
		if workflow.Status.Message == "one" {
			return false // the timer may end between the two changes
		}
		if workflow.Status.Message != "two" || workflow.Status.Nodes["wf-0000070"].Phase != v1alpha1.NodeSucceeded {
			t.Errorf("got %q, node is %s", workflow.Status.Message, workflow.Status.Nodes["wf-0000070"].Phase)
		}
		return true
	})

	// The end does not wait.
	answer = f.setPhase(answer, v1alpha1.WorkflowRunning, "three")
	f.setPhase(answer, v1alpha1.WorkflowSucceeded, "done")
	got := next(t, watcher).Object.(*v1alpha1.Workflow)
	if got.Status.Message == "three" { // the clock may have been moved on once more than was needed
		got = next(t, watcher).Object.(*v1alpha1.Workflow)
	}
	if got.Status.Message != "done" || len(got.Status.Nodes) != 130 {
		t.Errorf("got %q with %d nodes", got.Status.Message, len(got.Status.Nodes))
	}
	if _, _, err := f.Workflow.Delete(f.ctx, "wf", rest.ValidateAllObjectFunc, &metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := next(t, watcher); got.Type != watch.Deleted || got.Object.(*v1alpha1.Workflow).Name != "wf" {
		t.Errorf("got %s", got.Type)
	}
}

// stepUntil moves the clock on until an event satisfies the condition.
func stepUntil(t *testing.T, clock *clocktesting.FakeClock, watcher watch.Interface, condition func(*v1alpha1.Workflow) bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		clock.Step(watchInterval)
		select {
		case event := <-watcher.ResultChan():
			if condition(event.Object.(*v1alpha1.Workflow)) {
				return
			}
		case <-deadline:
			t.Fatal("no event")
		case <-time.After(20 * time.Millisecond): // look again at the clock
		}
	}
}

func TestWideWatchDeliversHeaders(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	f.run("large", 130)
	f.run("small", 2)
	watcher := f.watch(f.ctx, "")
	for range 2 {
		workflow := next(t, watcher).Object.(*v1alpha1.Workflow)
		if want := map[string]int{"small": 2}[workflow.Name]; len(workflow.Status.Nodes) != want {
			t.Errorf("%s: got %d nodes, want %d", workflow.Name, len(workflow.Status.Nodes), want)
		}
	}
}

// An inline workflow is watched as any object: every change, at once.
func TestWatchOfASmallWorkflow(t *testing.T) {
	f := newFixture(t, Options{Clock: clocktesting.NewFakeClock(time.Now())}, nodes.Options{})
	answer := f.run("wf", 2)
	watcher := f.watch(f.ctx, "wf")
	next(t, watcher)
	for _, message := range []string{"one", "two", "three"} {
		answer = f.setPhase(answer, v1alpha1.WorkflowRunning, message)
		if got := next(t, watcher).Object.(*v1alpha1.Workflow); got.Status.Message != message || len(got.Status.Nodes) != 2 {
			t.Errorf("got %q, want %q", got.Status.Message, message)
		}
	}
}

// The watch waits for its turn to read nodes rather than fail, and ends when its request ends.
func TestWatchWaitsForItsTurn(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 1}, nodes.Options{HydrationLimit: 2})
	f.run("wf", 128)
	held, cancel := context.WithCancel(f.ctx)
	if _, err := f.Workflow.Get(held, "wf", &metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	watcher := f.watch(f.ctx, "wf")
	ending, end := context.WithCancel(f.ctx)
	ended := f.watch(ending, "wf")
	end()
	if event, ok := <-ended.ResultChan(); ok {
		t.Errorf("got %s on a watch that has ended", event.Type)
	}
	cancel()
	if got := next(t, watcher); len(got.Object.(*v1alpha1.Workflow).Status.Nodes) != 128 {
		t.Errorf("got %s", got.Type)
	}
}
