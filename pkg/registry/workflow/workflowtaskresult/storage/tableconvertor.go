package storage

import (
	"time"

	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

func newTable() rest.TableConvertor {
	type column = kind.Column[*v1alpha1.WorkflowTaskResult]
	return kind.NewTable(
		column{
			Name: "Workflow", Description: "Workflow that the node belongs to.",
			Cell: func(result *v1alpha1.WorkflowTaskResult, _ time.Time) any {
				return kind.Text(result.Labels[v1alpha1.LabelKeyWorkflow])
			},
		},
		column{
			Name: "Phase", Description: "Phase that is reported.",
			Cell: func(result *v1alpha1.WorkflowTaskResult, _ time.Time) any { return kind.Text(string(result.Phase)) },
		},
		column{
			Name: "Progress", Description: "Progress that is reported.",
			Cell: func(result *v1alpha1.WorkflowTaskResult, _ time.Time) any { return kind.Text(string(result.Progress)) },
		},
		column{
			Name: "Final", Type: "boolean", Description: "Nothing more will be reported.",
			Cell: func(result *v1alpha1.WorkflowTaskResult, _ time.Time) any {
				return result.Labels[v1alpha1.LabelKeyReportOutputsCompleted] == "true"
			},
		},
		column{
			Name: "Message", Description: "Explanation of the phase.", Wide: true,
			Cell: func(result *v1alpha1.WorkflowTaskResult, _ time.Time) any { return kind.Text(result.Message) },
		},
	)
}
