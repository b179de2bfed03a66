package parts

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
)

var errDown = errors.New("the store is away")

// failing is a store that is away, and counts how often it was asked to write.
type failing struct {
	storage.Interface
	stored *v1alpha1.Workflow
	writes int
}

func (f *failing) Create(context.Context, string, runtime.Object, runtime.Object, uint64) error {
	f.writes++
	return errDown
}

func (f *failing) GuaranteedUpdate(_ context.Context, _ string, _ runtime.Object, _ bool, _ *storage.Preconditions,
	update storage.UpdateFunc, _ runtime.Object) error {
	if f.stored != nil {
		if _, _, err := update(f.stored, storage.ResponseMeta{}); err != nil {
			return err
		}
	}
	f.writes++
	return errDown
}

func largeTemplate(name string) []v1alpha1.Template {
	return []v1alpha1.Template{{Name: name, Suspend: &v1alpha1.SuspendTemplate{}}}
}

// When the workflow is not stored after its parts were, the writer can try again with what it has, and what nobody tries again
// is swept up.
func TestWorkflowIsNotStored(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	s := open(t, storagetest.Start(t), Options{Clock: clock, Limit: 10})
	stored := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: wf.namespace, Name: "wf", UID: wf.uid}}
	headers := &failing{stored: stored}
	whole := Whole(headers, s)

	created := stored.DeepCopy()
	created.Spec.Templates = largeTemplate("created")
	for range 2 {
		if err := whole.Create(t.Context(), "key", created, &v1alpha1.Workflow{}, 0); !errors.Is(err, errDown) {
			t.Fatal(err)
		}
		if len(created.Spec.Templates) != 1 || created.Annotations != nil {
			t.Fatalf("who creates it is left with %+v", created)
		}
	}
	attempt := 0
	change := func(input runtime.Object, _ storage.ResponseMeta) (runtime.Object, *uint64, error) {
		attempt++
		output := input.DeepCopyObject().(*v1alpha1.Workflow)
		output.Spec.Templates = largeTemplate(fmt.Sprint("update ", attempt))
		return output, nil, nil
	}
	if err := whole.GuaranteedUpdate(t.Context(), "key", &v1alpha1.Workflow{}, false, nil, change, nil); !errors.Is(err, errDown) {
		t.Fatal(err)
	}
	if headers.writes != 3 || s.stored(t) != 2 || refers(stored.Annotations) {
		t.Fatalf("%d writes of workflows, %d parts", headers.writes, s.stored(t))
	}
	if removed := s.mustSweep(t, nil); removed != 0 {
		t.Errorf("%d were removed that a write under way may need", removed)
	}
	clock.Step(sweepAge + time.Second)
	if removed := s.mustSweep(t, nil) + s.mustSweep(t, nil); removed != 2 || s.stored(t) != 0 {
		t.Errorf("removed %d, left are %d", removed, s.stored(t))
	}
}

// A workflow whose parts cannot be stored is not stored either.
func TestPartIsNotStored(t *testing.T) {
	s := open(t, storagetest.Start(t), Options{Limit: 10})
	s.raw = &failing{}
	headers := &failing{}
	w := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: wf.namespace, Name: "wf", UID: wf.uid}}
	w.Spec.Templates = largeTemplate("created")
	if err := Whole(headers, s).Create(t.Context(), "key", w, &v1alpha1.Workflow{}, 0); !errors.Is(err, errDown) || headers.writes != 0 {
		t.Errorf("%v, %d writes of the workflow", err, headers.writes)
	}
}
