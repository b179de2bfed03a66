// Package workfloweventbinding decides what is stored of WorkflowEventBindings.
package workfloweventbinding

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NewStrategy returns the strategy of WorkflowEventBindings.
func NewStrategy(typer runtime.ObjectTyper, references *kind.References) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, kind.Rules[*v1alpha1.WorkflowEventBinding]{
		Scope:    kind.Namespaced,
		Signed:   true,
		Spec:     func(binding *v1alpha1.WorkflowEventBinding) any { return &binding.Spec },
		Validate: validation(references),
	})
}

// validation looks at an object together with what it refers to.
func validation(references *kind.References) func(context.Context, *v1alpha1.WorkflowEventBinding, *v1alpha1.WorkflowEventBinding) (field.ErrorList, []string) {
	return func(ctx context.Context, binding, stored *v1alpha1.WorkflowEventBinding) (field.ErrorList, []string) {
		if stored == nil {
			errs, more := lint.WorkflowEventBinding(binding, references.Lookup(ctx))
			return errs, append(warnings(binding), more...)
		}
		errs, more := lint.WorkflowEventBindingUpdate(binding, stored, references.Lookup(ctx))
		return errs, append(warnings(binding), more...)
	}
}

// warnings tells of a binding that does nothing.
func warnings(binding *v1alpha1.WorkflowEventBinding) []string {
	if binding.Spec.Submit == nil {
		return []string{"spec.submit is missing: matching events will not create a workflow"}
	}
	return nil
}
