// Package clusterworkflowtemplate decides what is stored of ClusterWorkflowTemplates.
package clusterworkflowtemplate

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NewStrategy returns the strategy of ClusterWorkflowTemplates.
func NewStrategy(typer runtime.ObjectTyper, references *kind.References) kind.FullStrategy {
	return kind.NewRuledStrategy(typer, kind.Rules[*v1alpha1.ClusterWorkflowTemplate]{
		Scope:    kind.Cluster,
		Signed:   true,
		Spec:     func(template *v1alpha1.ClusterWorkflowTemplate) any { return &template.Spec },
		Validate: validation(references),
	})
}

// validation looks at an object together with what it refers to.
func validation(references *kind.References) func(context.Context, *v1alpha1.ClusterWorkflowTemplate, *v1alpha1.ClusterWorkflowTemplate) (field.ErrorList, []string) {
	return func(ctx context.Context, template, stored *v1alpha1.ClusterWorkflowTemplate) (field.ErrorList, []string) {
		if stored == nil {
			return lint.ClusterWorkflowTemplate(template, references.Lookup(ctx))
		}
		return lint.ClusterWorkflowTemplateUpdate(template, stored, references.Lookup(ctx))
	}
}
