package verb

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// TerminateREST is workflows/terminate (OPS-11).
type TerminateREST struct {
	endpoint[*v1alpha1.TerminateOptions]
	workflows *storage.Changer
	clock     clock.PassiveClock
}

var _ rest.NamedCreater = &TerminateREST{}

// NewTerminateREST returns workflows/terminate.
func NewTerminateREST(workflows *storage.Changer, clock clock.PassiveClock) *TerminateREST {
	return &TerminateREST{
		endpoint:  endpoint[*v1alpha1.TerminateOptions]{func() *v1alpha1.TerminateOptions { return &v1alpha1.TerminateOptions{} }, v1alpha1.Workflow{}},
		workflows: workflows, clock: clock,
	}
}

// Create ends everything of a workflow at once, without exit handlers.
func (r *TerminateREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	_, precondition, err := r.request(ctx, name, object, validate, nil)
	if err != nil {
		return nil, err
	}
	return answer(r.workflows.Change(ctx, name, precondition, options, func(ctx context.Context, s *storage.Subject) (storage.NodeChanges, error) {
		return storage.NodeChanges{}, shutDown(ctx, s.Workflow, v1alpha1.ShutdownStrategyTerminate, r.clock)
	}))
}
