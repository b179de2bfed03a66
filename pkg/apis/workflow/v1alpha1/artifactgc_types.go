package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ArtifactGCStrategy tells when output artifacts are deleted from their storage.
// +enum
type ArtifactGCStrategy string

const (
	// ArtifactGCOnWorkflowCompletion deletes artifacts when the workflow has ended.
	ArtifactGCOnWorkflowCompletion ArtifactGCStrategy = "OnWorkflowCompletion"
	// ArtifactGCOnWorkflowDeletion deletes artifacts when the workflow object is deleted.
	ArtifactGCOnWorkflowDeletion ArtifactGCStrategy = "OnWorkflowDeletion"
	// ArtifactGCNever keeps artifacts.
	ArtifactGCNever ArtifactGCStrategy = "Never"
	// ArtifactGCStrategyUndefined means that nothing was said: the workflow's strategy counts, and without one artifacts
	// are kept.
	ArtifactGCStrategyUndefined ArtifactGCStrategy = ""
)

// ArtifactGC tells when and by whom output artifacts are deleted from their storage.
type ArtifactGC struct {
	// When: `OnWorkflowCompletion`, `OnWorkflowDeletion` or `Never`. Default: the workflow's strategy, else `Never`.
	// +optional
	Strategy ArtifactGCStrategy `json:"strategy,omitempty"`
	// Labels and annotations of the pod that deletes, for instance those that an identity needs.
	// +optional
	PodMetadata *Metadata `json:"podMetadata,omitempty"`
	// Service account of the pod that deletes. Default: `default` of the namespace.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// WorkflowLevelArtifactGC is the artifact garbage collection of a whole workflow.
type WorkflowLevelArtifactGC struct {
	// When and by whom, for artifacts that do not say it themselves.
	ArtifactGC `json:",inline"`

	// Let the workflow be deleted even if its artifacts could not be. Default: false, which keeps the finalizer until they
	// are.
	// +optional
	ForceFinalizerRemoval bool `json:"forceFinalizerRemoval,omitempty"`
	// Strategic merge patch, in YAML or JSON, for the spec of the pods that delete.
	// +optional
	PodSpecPatch string `json:"podSpecPatch,omitempty"`
}

// ArtGCStatus is how far artifact garbage collection of a workflow is.
type ArtGCStatus struct {
	// Strategies whose work has begun.
	// +optional
	StrategiesProcessed map[ArtifactGCStrategy]bool `json:"strategiesProcessed,omitempty"`
	// Pods that deleted artifacts, by name, and whether their results were read.
	// +optional
	PodsRecouped map[string]bool `json:"podsRecouped,omitempty"`
	// No artifact of the workflow asks to be deleted.
	// +optional
	NotSpecified bool `json:"notSpecified,omitempty"`
}

// WorkflowArtifactGCTask lists artifacts that one pod is to delete; the pod writes into its status how that went. The
// controller makes and removes these objects; they are not for people to write.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkflowArtifactGCTask struct {
	metav1.TypeMeta `json:",inline"`
	// Name, labels, owner and the like. The owner is the workflow.
	metav1.ObjectMeta `json:"metadata"`

	// The artifacts to delete.
	Spec ArtifactGCSpec `json:"spec"`
	// What became of them.
	// +optional
	Status ArtifactGCStatus `json:"status,omitempty,omitzero"`
}

// WorkflowArtifactGCTaskList is a list of WorkflowArtifactGCTasks.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkflowArtifactGCTaskList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version and, while there is more to read, where to continue.
	metav1.ListMeta `json:"metadata"`

	// The tasks.
	Items []WorkflowArtifactGCTask `json:"items"`
}

// ArtifactGCSpec lists artifacts to delete.
type ArtifactGCSpec struct {
	// The artifacts by the ID of the node that left them.
	// +optional
	// +patchStrategy=replace
	ArtifactsByNode map[string]ArtifactNodeSpec `json:"artifactsByNode,omitempty" patchStrategy:"replace"`
}

// ArtifactNodeSpec lists artifacts of one node to delete.
type ArtifactNodeSpec struct {
	// Where artifacts of the node are that give only a key.
	// +optional
	ArchiveLocation *ArtifactLocation `json:"archiveLocation,omitempty"`
	// The artifacts by name.
	// +optional
	// +patchStrategy=replace
	Artifacts map[string]Artifact `json:"artifacts,omitempty" patchStrategy:"replace"`
}

// ArtifactGCStatus tells what became of artifacts that were to be deleted.
type ArtifactGCStatus struct {
	// Results by the ID of the node that left the artifacts.
	// +optional
	// +patchStrategy=replace
	ArtifactResultsByNode map[string]ArtifactResultNodeStatus `json:"artifactResultsByNode,omitempty" patchStrategy:"replace"`
}

// ArtifactResultNodeStatus tells what became of the artifacts of one node.
type ArtifactResultNodeStatus struct {
	// Results by the name of the artifact.
	// +optional
	// +patchStrategy=replace
	ArtifactResults map[string]ArtifactResult `json:"artifactResults,omitempty" patchStrategy:"replace"`
}

// ArtifactResult tells what became of one artifact.
type ArtifactResult struct {
	// Name of the artifact.
	Name string `json:"name"`
	// It was deleted, or was not there any more.
	// +optional
	Success bool `json:"success,omitempty"`
	// Why it could not be deleted.
	// +optional
	Error *string `json:"error,omitempty"`
}
