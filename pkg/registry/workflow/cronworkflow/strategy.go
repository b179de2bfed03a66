// Package cronworkflow decides what is stored of CronWorkflows.
package cronworkflow

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NewStrategy returns the strategy of CronWorkflows.
func NewStrategy(typer runtime.ObjectTyper, references *kind.References) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, kind.Rules[*v1alpha1.CronWorkflow]{
		Scope:    kind.Namespaced,
		Signed:   true,
		Spec:     func(cron *v1alpha1.CronWorkflow) any { return &cron.Spec },
		Prepare:  keepStatus,
		Validate: validation(references),
	})
}

// keepStatus leaves the status as it is when an object comes without one, as people keep it in a file: there is no status
// subresource, so controller and people write the same object. A status that a new object brings stays: what is restored
// from a backup goes on where it was.
func keepStatus(cron, stored *v1alpha1.CronWorkflow) {
	if stored != nil && apiequality.Semantic.DeepEqual(cron.Status, v1alpha1.CronWorkflowStatus{}) {
		stored.Status.DeepCopyInto(&cron.Status)
	}
}

// validation looks at an object together with what it refers to.
func validation(references *kind.References) func(context.Context, *v1alpha1.CronWorkflow, *v1alpha1.CronWorkflow) (field.ErrorList, []string) {
	return func(ctx context.Context, cron, stored *v1alpha1.CronWorkflow) (field.ErrorList, []string) {
		if stored == nil {
			return lint.CronWorkflow(cron, references.Lookup(ctx))
		}
		return lint.CronWorkflowUpdate(cron, stored, references.Lookup(ctx))
	}
}
