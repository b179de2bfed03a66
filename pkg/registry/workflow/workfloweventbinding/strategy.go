// Package workfloweventbinding decides what is stored of WorkflowEventBindings.
package workfloweventbinding

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NewStrategy returns the strategy of WorkflowEventBindings.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, kind.Rules[*v1alpha1.WorkflowEventBinding]{
		Scope:    kind.Namespaced,
		Spec:     func(binding *v1alpha1.WorkflowEventBinding) any { return &binding.Spec },
		Validate: validate,
	})
}

func validate(_ context.Context, binding, stored *v1alpha1.WorkflowEventBinding) (field.ErrorList, []string) {
	if stored == nil {
		return validation.ValidateWorkflowEventBinding(binding), warnings(binding)
	}
	return validation.ValidateWorkflowEventBindingUpdate(binding, stored), warnings(binding)
}

// warnings tells of a binding that does nothing.
func warnings(binding *v1alpha1.WorkflowEventBinding) []string {
	if binding.Spec.Submit == nil {
		return []string{"spec.submit is missing: matching events will not create a workflow"}
	}
	return nil
}
