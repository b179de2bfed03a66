package storage

import (
	"time"

	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

func newTable() rest.TableConvertor {
	type column = kind.Column[*v1alpha1.WorkflowTaskSet]
	return kind.NewTable(
		column{
			Name: "Tasks", Type: "integer", Description: "Number of nodes for the agent.",
			Cell: func(taskSet *v1alpha1.WorkflowTaskSet, _ time.Time) any { return int64(len(taskSet.Spec.Tasks)) },
		},
		column{
			Name: "Results", Type: "integer", Description: "Number of nodes that the agent has reported on.",
			Cell: func(taskSet *v1alpha1.WorkflowTaskSet, _ time.Time) any { return int64(len(taskSet.Status.Nodes)) },
		},
	)
}
