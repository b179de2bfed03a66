package verb

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// StopREST is workflows/stop (OPS-10).
type StopREST struct {
	endpoint[*v1alpha1.StopOptions]
	workflows *storage.Changer
	clock     clock.PassiveClock
}

var _ rest.NamedCreater = &StopREST{}

// NewStopREST returns workflows/stop.
func NewStopREST(workflows *storage.Changer, clock clock.PassiveClock) *StopREST {
	return &StopREST{
		endpoint:  endpoint[*v1alpha1.StopOptions]{func() *v1alpha1.StopOptions { return &v1alpha1.StopOptions{} }, v1alpha1.Workflow{}},
		workflows: workflows, clock: clock,
	}
}

// Create stops a workflow, exit handlers excepted, or fails the waiting suspend steps that a selector picks.
func (r *StopREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	var selector lifecycle.Selector
	stop, precondition, err := r.request(ctx, name, object, validate, func(o *v1alpha1.StopOptions) (errs field.ErrorList) {
		selector = selectorOf(o.NodeFieldSelector, &errs)
		if o.Message != "" && o.NodeFieldSelector == "" {
			errs = append(errs, field.Forbidden(field.NewPath("message"), "is the message of suspend steps that fail; it needs nodeFieldSelector"))
		}
		return errs
	})
	if err != nil {
		return nil, err
	}
	return answer(r.workflows.Change(ctx, name, precondition, options, func(ctx context.Context, s *storage.Subject) (storage.NodeChanges, error) {
		if selector.Empty() {
			return storage.NodeChanges{}, shutDown(ctx, s.Workflow, v1alpha1.ShutdownStrategyStop, r.clock)
		}
		nodes, err := s.Nodes()
		if err != nil {
			return storage.NodeChanges{}, err
		}
		change := lifecycle.Change{Phase: v1alpha1.NodeFailed, Message: stop.Message}
		changed, err := lifecycle.Set(nodes, selector, change, r.clock.Now())
		if err != nil {
			return storage.NodeChanges{}, notNow(s.Workflow, err)
		}
		actor.Acted(ctx, s.Workflow, "Stop", r.clock.Now())
		return storage.NodeChanges{Set: changed}, nil
	}))
}

// shutDown ends a workflow by a strategy. A stop may become a termination and not the other way round.
func shutDown(ctx context.Context, wf *v1alpha1.Workflow, strategy v1alpha1.ShutdownStrategy, clock clock.PassiveClock) error {
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
	actor.Acted(ctx, wf, string(strategy), clock.Now())
	return nil
}
