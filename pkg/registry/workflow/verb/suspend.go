package verb

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// NewSuspendREST returns workflows/suspend (OPS-08).
func NewSuspendREST(workflows *storage.Changer, clock clock.PassiveClock) *ActionREST[*v1alpha1.SuspendOptions] {
	return newActionREST("Suspend", func() *v1alpha1.SuspendOptions { return &v1alpha1.SuspendOptions{} }, workflows, clock,
		func(*v1alpha1.SuspendOptions) (action, field.ErrorList) { return suspend, nil })
}

// suspend has nothing new start while what runs goes on. A workflow that is suspended stays so.
func suspend(_ context.Context, s *storage.Subject, _ moment) (storage.NodeChanges, error) {
	wf := s.Workflow
	if wf.Status.Phase.Completed() {
		return storage.NodeChanges{}, notNow(wf, fmt.Errorf("cannot suspend completed workflows: this one is %s", wf.Status.Phase))
	}
	if wf.Spec.Suspend != nil && *wf.Spec.Suspend {
		return storage.NodeChanges{}, storage.ErrUnchanged
	}
	wf.Spec.Suspend = new(true)
	return storage.NodeChanges{}, nil
}
