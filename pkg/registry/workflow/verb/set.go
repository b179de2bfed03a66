package verb

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// NewSetREST returns workflows/set (OPS-12): it ends waiting suspend steps or gives them a message or outputs.
func NewSetREST(workflows *storage.Changer, clock clock.PassiveClock) *ActionREST[*v1alpha1.SetOptions] {
	return newActionREST("Set", func() *v1alpha1.SetOptions { return &v1alpha1.SetOptions{} }, workflows, clock, prepareSet)
}

func prepareSet(o *v1alpha1.SetOptions) (action, field.ErrorList) {
	selector, errs := selectorOf(o.NodeFieldSelector)
	change := lifecycle.Change{Phase: o.Phase, Message: o.Message, Outputs: make(map[string]string, len(o.OutputParameters))}
	for parameter, value := range o.OutputParameters {
		change.Outputs[parameter] = string(value)
	}
	return setting(selector, change), append(errs, checkSet(o)...)
}

// setting changes the waiting suspend steps that a selector picks, and what they publish.
func setting(selector lifecycle.Selector, change lifecycle.Change) action {
	return func(_ context.Context, s *storage.Subject, m moment) (storage.NodeChanges, error) {
		nodes, err := s.Nodes()
		if err != nil {
			return storage.NodeChanges{}, err
		}
		changed, err := lifecycle.Set(nodes, selector, change, m.now)
		if err != nil {
			return storage.NodeChanges{}, notNow(s.Workflow, err)
		}
		s.Workflow.Status.Outputs = lifecycle.WithGlobals(s.Workflow.Status.Outputs, changed)
		return storage.NodeChanges{Set: changed}, nil
	}
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
