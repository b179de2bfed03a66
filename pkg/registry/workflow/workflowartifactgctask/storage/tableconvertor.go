package storage

import (
	"time"

	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

func newTable() rest.TableConvertor {
	type column = kind.Column[*v1alpha1.WorkflowArtifactGCTask]
	return kind.NewTable(
		column{
			Name: "Artifacts", Type: "integer", Description: "Number of artifacts to delete.",
			Cell: func(task *v1alpha1.WorkflowArtifactGCTask, _ time.Time) any { return artifacts(task) },
		},
		column{
			Name: "Deleted", Type: "integer", Description: "Number of artifacts that are gone.",
			Cell: func(task *v1alpha1.WorkflowArtifactGCTask, _ time.Time) any { return results(task, true) },
		},
		column{
			Name: "Failed", Type: "integer", Description: "Number of artifacts that could not be deleted.",
			Cell: func(task *v1alpha1.WorkflowArtifactGCTask, _ time.Time) any { return results(task, false) },
		},
	)
}

func artifacts(task *v1alpha1.WorkflowArtifactGCTask) int64 {
	var count int64
	for _, node := range task.Spec.ArtifactsByNode {
		count += int64(len(node.Artifacts))
	}
	return count
}

func results(task *v1alpha1.WorkflowArtifactGCTask, success bool) int64 {
	var count int64
	for _, node := range task.Status.ArtifactResultsByNode {
		for _, result := range node.ArtifactResults {
			if result.Success == success {
				count++
			}
		}
	}
	return count
}
