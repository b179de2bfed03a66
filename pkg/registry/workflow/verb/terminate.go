package verb

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// NewTerminateREST returns workflows/terminate (OPS-11): everything ends at once, without exit handlers.
func NewTerminateREST(workflows *storage.Changer, clock clock.PassiveClock) *ActionREST[*v1alpha1.TerminateOptions] {
	return newActionREST("Terminate", func() *v1alpha1.TerminateOptions { return &v1alpha1.TerminateOptions{} }, workflows, clock,
		func(*v1alpha1.TerminateOptions) (action, field.ErrorList) {
			return func(ctx context.Context, s *storage.Subject, _ moment) (storage.NodeChanges, error) {
				return storage.NodeChanges{}, shutDown(ctx, s.Workflow, v1alpha1.ShutdownStrategyTerminate)
			}, nil
		})
}
