// Package workflowtaskresult decides what is stored of WorkflowTaskResults.
package workflowtaskresult

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NewStrategy returns the strategy of WorkflowTaskResults. Who replaces a report must have seen the one before.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, kind.Rules[*v1alpha1.WorkflowTaskResult]{
		Scope:    kind.Namespaced,
		Shared:   true,
		Spec:     func(result *v1alpha1.WorkflowTaskResult) any { return &result.NodeResult },
		Validate: validate,
	})
}

func validate(_ context.Context, result, stored *v1alpha1.WorkflowTaskResult) (field.ErrorList, []string) {
	if stored == nil {
		return validation.ValidateWorkflowTaskResult(result), nil
	}
	return validation.ValidateWorkflowTaskResultUpdate(result, stored), nil
}
