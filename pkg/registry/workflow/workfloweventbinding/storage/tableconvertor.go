package storage

import (
	"time"

	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

func newTable() rest.TableConvertor {
	type column = kind.Column[*v1alpha1.WorkflowEventBinding]
	return kind.NewTable(
		column{
			Name: "Template", Description: "Template that a matching event submits; cluster templates have a prefix.",
			Cell: func(binding *v1alpha1.WorkflowEventBinding, _ time.Time) any { return submitted(binding) },
		},
		column{
			Name: "Selector", Description: "Expression that selects events.", Wide: true,
			Cell: func(binding *v1alpha1.WorkflowEventBinding, _ time.Time) any {
				return kind.Text(binding.Spec.Event.Selector)
			},
		},
	)
}

func submitted(binding *v1alpha1.WorkflowEventBinding) string {
	switch submit := binding.Spec.Submit; {
	case submit == nil:
		return kind.Unknown
	case submit.WorkflowTemplateRef.ClusterScope:
		return "cluster/" + submit.WorkflowTemplateRef.Name
	default:
		return kind.Text(submit.WorkflowTemplateRef.Name)
	}
}
