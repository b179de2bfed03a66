package verb

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// SetREST is workflows/set (OPS-12).
type SetREST struct {
	endpoint[*v1alpha1.SetOptions]
	workflows *storage.Changer
	clock     clock.PassiveClock
}

var _ rest.NamedCreater = &SetREST{}

// NewSetREST returns workflows/set.
func NewSetREST(workflows *storage.Changer, clock clock.PassiveClock) *SetREST {
	return &SetREST{
		endpoint:  endpoint[*v1alpha1.SetOptions]{func() *v1alpha1.SetOptions { return &v1alpha1.SetOptions{} }, v1alpha1.Workflow{}},
		workflows: workflows, clock: clock,
	}
}

// Create ends waiting suspend steps or gives them a message or outputs.
func (r *SetREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	var selector lifecycle.Selector
	set, precondition, err := r.request(ctx, name, object, validate, func(o *v1alpha1.SetOptions) (errs field.ErrorList) {
		selector = selectorOf(o.NodeFieldSelector, &errs)
		return append(errs, checkSet(o)...)
	})
	if err != nil {
		return nil, err
	}
	change := lifecycle.Change{Phase: set.Phase, Message: set.Message, Outputs: make(map[string]string, len(set.OutputParameters))}
	for parameter, value := range set.OutputParameters {
		change.Outputs[parameter] = string(value)
	}
	return answer(r.workflows.Change(ctx, name, precondition, options, func(ctx context.Context, s *storage.Subject) (storage.NodeChanges, error) {
		wf := s.Workflow
		nodes, err := s.Nodes()
		if err != nil {
			return storage.NodeChanges{}, err
		}
		changed, err := lifecycle.Set(nodes, selector, change, r.clock.Now())
		if err != nil {
			return storage.NodeChanges{}, notNow(wf, err)
		}
		wf.Status.Outputs = lifecycle.WithGlobals(wf.Status.Outputs, changed)
		actor.Acted(ctx, wf, "Set", r.clock.Now())
		return storage.NodeChanges{Set: changed}, nil
	}))
}

func checkSet(o *v1alpha1.SetOptions) field.ErrorList {
	var errs field.ErrorList
	if o.NodeFieldSelector == "" {
		errs = append(errs, field.Required(field.NewPath("nodeFieldSelector"), "which suspend steps to set, such as displayName=approve"))
	}
	switch o.Phase {
	case "", v1alpha1.NodeSucceeded, v1alpha1.NodeFailed, v1alpha1.NodeError:
	default:
		errs = append(errs, field.NotSupported(field.NewPath("phase"), o.Phase,
			[]v1alpha1.NodePhase{v1alpha1.NodeSucceeded, v1alpha1.NodeFailed, v1alpha1.NodeError}))
	}
	if o.Phase == "" && o.Message == "" && len(o.OutputParameters) == 0 {
		errs = append(errs, field.Required(field.NewPath("phase"), "what to set: phase, message or outputParameters"))
	}
	return errs
}
