package storage

import (
	"testing"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
)

// A watch of one workflow leaves events out, so each that it delivers is whole, whatever the client can do without.
func TestWatchOfOneNameOmitsNothing(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	sent := largeWorkflow("wf", 50_000)
	created := f.create(sent.DeepCopy())
	watcher, err := f.Workflow.Watch(parts.WithUnchangedOmitted(f.ctx), &metainternalversion.ListOptions{
		ResourceVersion: "0", FieldSelector: fields.OneTermEqualSelector(v1alpha1.FieldMetadataName, "wf"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watcher.Stop)
	next := func(where string) {
		t.Helper()
		object := (<-watcher.ResultChan()).Object
		if shared, ok := object.(runtime.CacheableObject); ok {
			object = shared.GetObject()
		}
		sameSpec(t, where, object.(*v1alpha1.Workflow), sent)
	}
	next("the first event")
	answer := f.mustPost(started(created))
	next("a step")
	f.mustPost(updateOf(answer, table("wf", 3)...))
	next("another step")
}
