package verb

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// NewStopREST returns workflows/stop (OPS-10): the workflow ends, exit handlers excepted, or the waiting suspend steps that a
// selector picks fail.
func NewStopREST(workflows *storage.Changer, clock clock.PassiveClock) *ActionREST[*v1alpha1.StopOptions] {
	return newActionREST("Stop", func() *v1alpha1.StopOptions { return &v1alpha1.StopOptions{} }, workflows, clock, prepareStop)
}

func prepareStop(o *v1alpha1.StopOptions) (action, field.ErrorList) {
	selector, errs := selectorOf(o.NodeFieldSelector)
	if o.Message != "" && o.NodeFieldSelector == "" {
		errs = append(errs, field.Forbidden(field.NewPath("message"), "is the message of suspend steps that fail; it needs nodeFieldSelector"))
	}
	if !selector.Empty() {
		return setting(selector, lifecycle.Change{Phase: v1alpha1.NodeFailed, Message: o.Message}), errs
	}
	return func(ctx context.Context, s *storage.Subject, _ moment) (storage.NodeChanges, error) {
		return storage.NodeChanges{}, shutDown(ctx, s.Workflow, v1alpha1.ShutdownStrategyStop)
	}, errs
}

// shutDown ends a workflow by a strategy. A stop may become a termination and not the other way round.
func shutDown(ctx context.Context, wf *v1alpha1.Workflow, strategy v1alpha1.ShutdownStrategy) error {
	switch {
	case wf.Status.Phase.Completed():
		return notNow(wf, fmt.Errorf("cannot shutdown a completed workflow: this one is %s", wf.Status.Phase))
	case wf.Spec.Shutdown == strategy:
		return storage.ErrUnchanged
	case wf.Spec.Shutdown == v1alpha1.ShutdownStrategyTerminate:
		warning.AddWarning(ctx, "", fmt.Sprintf("workflow %s is being terminated already", wf.Name))
		return storage.ErrUnchanged
	}
	wf.Spec.Shutdown = strategy
	return nil
}
