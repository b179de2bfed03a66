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

// ResumeREST is workflows/resume (OPS-09).
type ResumeREST struct {
	endpoint[*v1alpha1.ResumeOptions]
	workflows *storage.Changer
	clock     clock.PassiveClock
}

var _ rest.NamedCreater = &ResumeREST{}

// NewResumeREST returns workflows/resume.
func NewResumeREST(workflows *storage.Changer, clock clock.PassiveClock) *ResumeREST {
	return &ResumeREST{
		endpoint:  endpoint[*v1alpha1.ResumeOptions]{func() *v1alpha1.ResumeOptions { return &v1alpha1.ResumeOptions{} }, v1alpha1.Workflow{}},
		workflows: workflows, clock: clock,
	}
}

// Create resumes a workflow and its waiting suspend steps, or only the steps that a selector picks. Where nothing waits,
// nothing changes.
func (r *ResumeREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	var selector lifecycle.Selector
	_, precondition, err := r.request(ctx, name, object, validate, func(o *v1alpha1.ResumeOptions) (errs field.ErrorList) {
		selector = selectorOf(o.NodeFieldSelector, &errs)
		return errs
	})
	if err != nil {
		return nil, err
	}
	return answer(r.workflows.Change(ctx, name, precondition, options, func(ctx context.Context, s *storage.Subject) (storage.NodeChanges, error) {
		return r.resume(ctx, s, selector)
	}))
}

func (r *ResumeREST) resume(ctx context.Context, s *storage.Subject, selector lifecycle.Selector) (storage.NodeChanges, error) {
	wf, now := s.Workflow, r.clock.Now()
	if wf.Status.Phase.Completed() && selector.Empty() {
		warning.AddWarning(ctx, "", fmt.Sprintf("workflow %s is over (%s): there is nothing to resume", wf.Name, wf.Status.Phase))
		return storage.NodeChanges{}, storage.ErrUnchanged
	}
	nodes, err := s.Nodes()
	if err != nil {
		return storage.NodeChanges{}, err
	}
	changed, err := lifecycle.Resume(nodes, selector, actor.Name(ctx), now)
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
	actor.Acted(ctx, wf, "Resume", now)
	return storage.NodeChanges{Set: changed}, nil
}
