package storage

import (
	"strconv"
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
		column{
			Name: "Attempts", Type: "integer", Description: "How often deleting was tried and something was left.",
			Cell: func(task *v1alpha1.WorkflowArtifactGCTask, _ time.Time) any {
				n, _ := strconv.ParseInt(task.Annotations[v1alpha1.AnnotationKeyArtifactGCAttempts], 10, 64)
				return n
			},
		},
		column{
			Name: "Next Attempt", Description: "When it will be tried again; never, when that would not help.",
			Cell: func(task *v1alpha1.WorkflowArtifactGCTask, _ time.Time) any {
				return task.Annotations[v1alpha1.AnnotationKeyArtifactGCNextAttempt]
			},
		},
		column{
			Name: "Last Failure", Description: "Why something was left last time.", Wide: true,
			Cell: func(task *v1alpha1.WorkflowArtifactGCTask, _ time.Time) any {
				return task.Annotations[v1alpha1.AnnotationKeyArtifactGCLastFailure]
			},
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
