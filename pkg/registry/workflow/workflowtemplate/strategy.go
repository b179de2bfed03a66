// Package workflowtemplate decides what is stored of WorkflowTemplates.
package workflowtemplate

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NewStrategy returns the strategy of WorkflowTemplates.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, kind.Rules[*v1alpha1.WorkflowTemplate]{
		Scope:    kind.Namespaced,
		Spec:     func(template *v1alpha1.WorkflowTemplate) any { return &template.Spec },
		Validate: validate,
	})
}

func validate(_ context.Context, template, stored *v1alpha1.WorkflowTemplate) (field.ErrorList, []string) {
	if stored == nil {
		return validation.ValidateWorkflowTemplate(template)
	}
	return validation.ValidateWorkflowTemplateUpdate(template, stored)
}
