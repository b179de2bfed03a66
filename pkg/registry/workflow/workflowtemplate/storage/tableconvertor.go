package storage

import (
	"time"

	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

func newTable() rest.TableConvertor {
	type column = kind.Column[*v1alpha1.WorkflowTemplate]
	return kind.NewTable(
		column{
			Name: "Entrypoint", Description: "Template that a workflow made from this object begins with.",
			Cell: func(template *v1alpha1.WorkflowTemplate, _ time.Time) any { return kind.Text(template.Spec.Entrypoint) },
		},
		column{
			Name: "Templates", Type: "integer", Description: "Number of templates in the object.",
			Cell: func(template *v1alpha1.WorkflowTemplate, _ time.Time) any { return int64(len(template.Spec.Templates)) },
		},
		column{
			Name: "Title", Description: "Title for people.", Wide: true,
			Cell: func(template *v1alpha1.WorkflowTemplate, _ time.Time) any {
				return kind.Text(template.Annotations[v1alpha1.AnnotationKeyTitle])
			},
		},
	)
}
