package storage

import (
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestCounts(t *testing.T) {
	task := &v1alpha1.WorkflowArtifactGCTask{
		Spec: v1alpha1.ArtifactGCSpec{ArtifactsByNode: map[string]v1alpha1.ArtifactNodeSpec{
			"n1": {Artifacts: map[string]v1alpha1.Artifact{"a": {}, "b": {}}},
			"n2": {Artifacts: map[string]v1alpha1.Artifact{"a": {}}},
		}},
		Status: v1alpha1.ArtifactGCStatus{ArtifactResultsByNode: map[string]v1alpha1.ArtifactResultNodeStatus{
			"n1": {ArtifactResults: map[string]v1alpha1.ArtifactResult{"a": {Success: true}, "b": {Success: false}}},
			"n2": {ArtifactResults: map[string]v1alpha1.ArtifactResult{"a": {Success: true}}},
		}},
	}
	if all, deleted, failed := artifacts(task), results(task, true), results(task, false); all != 3 || deleted != 2 || failed != 1 {
		t.Errorf("%d artifacts, %d deleted, %d failed", all, deleted, failed)
	}
}
