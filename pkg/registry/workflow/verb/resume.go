package verb

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// NewResumeREST returns workflows/resume (OPS-09): the workflow and its waiting suspend steps go on, or only the steps that a
// selector picks. Where nothing waits, nothing changes.
func NewResumeREST(workflows *storage.Changer, clock clock.PassiveClock) *ActionREST[*v1alpha1.ResumeOptions] {
	return newActionREST("Resume", func() *v1alpha1.ResumeOptions { return &v1alpha1.ResumeOptions{} }, workflows, clock,
		func(o *v1alpha1.ResumeOptions) (action, field.ErrorList) {
			selector, errs := selectorOf(o.NodeFieldSelector)
			return resuming(selector), errs
		})
}

func resuming(selector lifecycle.Selector) action {
	return func(ctx context.Context, s *storage.Subject, m moment) (storage.NodeChanges, error) {
		wf := s.Workflow
		if wf.Status.Phase.Completed() && selector.Empty() {
			warning.AddWarning(ctx, "", fmt.Sprintf("workflow %s is over (%s): there is nothing to resume", wf.Name, wf.Status.Phase))
			return storage.NodeChanges{}, storage.ErrUnchanged
		}
		nodes, err := s.Nodes()
		if err != nil {
			return storage.NodeChanges{}, err
		}
		changed, err := lifecycle.Resume(nodes, selector, actor.Name(ctx), m.now)
		if err != nil {
			return storage.NodeChanges{}, notNow(wf, err)
		}
		suspended := selector.Empty() && wf.Spec.Suspend != nil && *wf.Spec.Suspend
		if len(changed) == 0 && !suspended {
			warning.AddWarning(ctx, "", fmt.Sprintf("neither workflow %s nor a step of it is suspended: there is nothing to resume", wf.Name))
			return storage.NodeChanges{}, storage.ErrUnchanged
		}
		if suspended {
			wf.Spec.Suspend = nil
		}
		wf.Status.Outputs = lifecycle.WithGlobals(wf.Status.Outputs, changed)
		return storage.NodeChanges{Set: changed}, nil
	}
}
