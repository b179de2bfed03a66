// Package clusterworkflowtemplate decides what is stored of ClusterWorkflowTemplates.
package clusterworkflowtemplate

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NewStrategy returns the strategy of ClusterWorkflowTemplates.
func NewStrategy(typer runtime.ObjectTyper) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, kind.Rules[*v1alpha1.ClusterWorkflowTemplate]{
		Scope:    kind.Cluster,
		Spec:     func(template *v1alpha1.ClusterWorkflowTemplate) any { return &template.Spec },
		Validate: validate,
	})
}

func validate(_ context.Context, template, stored *v1alpha1.ClusterWorkflowTemplate) (field.ErrorList, []string) {
	if stored == nil {
		return validation.ValidateClusterWorkflowTemplate(template)
	}
	return validation.ValidateClusterWorkflowTemplateUpdate(template, stored)
}
