package verb

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// SuspendREST is workflows/suspend (OPS-08).
type SuspendREST struct {
	endpoint[*v1alpha1.SuspendOptions]
	workflows *storage.Changer
	clock     clock.PassiveClock
}

var _ rest.NamedCreater = &SuspendREST{}

// NewSuspendREST returns workflows/suspend.
func NewSuspendREST(workflows *storage.Changer, clock clock.PassiveClock) *SuspendREST {
	return &SuspendREST{
		endpoint:  endpoint[*v1alpha1.SuspendOptions]{func() *v1alpha1.SuspendOptions { return &v1alpha1.SuspendOptions{} }, v1alpha1.Workflow{}},
		workflows: workflows, clock: clock,
	}
}

// Create suspends a workflow: nothing new starts, what runs goes on. One that is suspended stays so.
func (r *SuspendREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	_, precondition, err := r.request(ctx, name, object, validate, nil)
	if err != nil {
		return nil, err
	}
	return answer(r.workflows.Change(ctx, name, precondition, options, func(ctx context.Context, s *storage.Subject) (storage.NodeChanges, error) {
		wf := s.Workflow
		if wf.Status.Phase.Completed() {
			return storage.NodeChanges{}, notNow(wf, fmt.Errorf("cannot suspend completed workflows: this one is %s", wf.Status.Phase))
		}
		if wf.Spec.Suspend != nil && *wf.Spec.Suspend {
			return storage.NodeChanges{}, storage.ErrUnchanged
		}
		wf.Spec.Suspend = new(true)
		actor.Acted(ctx, wf, "Suspend", r.clock.Now())
		return storage.NodeChanges{}, nil
	}))
}

// answer keeps a nil workflow from becoming an object that is not nil.
func answer(workflow *v1alpha1.Workflow, err error) (runtime.Object, error) {
	if err != nil {
		return nil, err
	}
	return workflow, nil
}
