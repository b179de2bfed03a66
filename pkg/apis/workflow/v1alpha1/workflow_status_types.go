package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowPhase is the state of a workflow as a whole.
type WorkflowPhase string

const (
	// WorkflowUnknown is a workflow that the controller has not looked at yet.
	WorkflowUnknown WorkflowPhase = ""
	// WorkflowPending waits for a place among the running workflows, for a lock, or for quota of its volume claims.
	WorkflowPending WorkflowPhase = "Pending"
	// WorkflowRunning has started; it may be suspended.
	WorkflowRunning WorkflowPhase = "Running"
	// WorkflowSucceeded is over and all went well.
	WorkflowSucceeded WorkflowPhase = "Succeeded"
	// WorkflowFailed is over: a step failed, or it was stopped or ran out of time.
	WorkflowFailed WorkflowPhase = "Failed"
	// WorkflowError is over: something around the steps went wrong.
	WorkflowError WorkflowPhase = "Error"
)

// Completed tells whether the workflow is over.
func (p WorkflowPhase) Completed() bool {
	return p == WorkflowSucceeded || p == WorkflowFailed || p == WorkflowError
}

// WorkflowStatus is what has happened in a workflow so far.
type WorkflowStatus struct {
	// Pending, Running, Succeeded, Failed or Error; empty until the controller has looked at the workflow.
	// +optional
	Phase WorkflowPhase `json:"phase,omitempty"`
	// When the workflow began to run. Absent while it is Pending.
	// +optional
	StartedAt metav1.Time `json:"startedAt,omitempty,omitzero"`
	// When the workflow was over.
	// +optional
	FinishedAt metav1.Time `json:"finishedAt,omitempty,omitzero"`
	// How long the workflow will take, in seconds, judged by an earlier run of the same template.
	// +optional
	EstimatedDuration EstimatedDuration `json:"estimatedDuration,omitempty"`
	// Finished parts of all parts known so far, as `N/M`, summed over the pods.
	// +optional
	Progress Progress `json:"progress,omitempty"`
	// Why the workflow is in this phase, for people.
	// +optional
	Message string `json:"message,omitempty"`
	// The nodes in compressed form. Accepted from old clients and decoded on arrival; never served.
	// +optional
	CompressedNodes string `json:"compressedNodes,omitempty"`
	// The steps of the run by node ID. Big workflows have them in reads of the single object only; see `nodeStorage`.
	// +optional
	Nodes Nodes `json:"nodes,omitempty"`
	// How often the run was retried. Its pods carry the number, which tells them from those of earlier rounds. Written by the
	// server; absent on a write means unchanged.
	// +optional
	Retries int32 `json:"retries,omitempty"`
	// Where the nodes are, once there are too many to keep inside the object. Written by the server; absent on a write
	// means unchanged.
	// +optional
	NodeStorage *NodeStorage `json:"nodeStorage,omitempty"`
	// Always empty: nodes are never kept in a separate database. The field exists because old clients read it.
	// +optional
	OffloadNodeStatusVersion string `json:"offloadNodeStatusVersion,omitempty"`
	// Templates that were reached by reference, as they were when first used, by `<scope>/<object>/<template>`. Later
	// changes of the referenced objects do not affect this run.
	// +optional
	// +patchStrategy=replace
	StoredTemplates map[string]Template `json:"storedTemplates,omitempty" patchStrategy:"replace"`
	// Volumes for the claims that were made from `volumeClaimTemplates`.
	// +optional
	// +listType=atomic
	PersistentVolumeClaims []corev1.Volume `json:"persistentVolumeClaims,omitempty"`
	// Outputs that templates published for the whole workflow with `globalName`.
	// +optional
	Outputs *Outputs `json:"outputs,omitempty"`
	// Facts about the run, one a type: `PodRunning`, `Completed`, warnings and errors.
	// +optional
	Conditions Conditions `json:"conditions,omitempty"`
	// Seconds times requested amount of each resource, summed over all pods. An indication, not a bill.
	// +optional
	ResourcesDuration ResourcesDuration `json:"resourcesDuration,omitempty"`
	// The spec that this run uses when it has a `workflowTemplateRef`: workflow over template over defaults.
	// +optional
	StoredWorkflowSpec *WorkflowSpec `json:"storedWorkflowTemplateSpec,omitempty"`
	// Locks that the workflow or its nodes hold or wait for.
	// +optional
	Synchronization *SynchronizationStatus `json:"synchronization,omitempty"`
	// The artifact repository that this run uses.
	// +optional
	ArtifactRepositoryRef *ArtifactRepositoryRefStatus `json:"artifactRepositoryRef,omitempty"`
	// How far the deletion of artifacts has come.
	// +optional
	ArtifactGCStatus *ArtGCStatus `json:"artifactGCStatus,omitempty"`
	// Whether the result of a pod has been read completely, by node ID.
	// +optional
	TaskResultsCompletionStatus map[string]bool `json:"taskResultsCompletionStatus,omitempty"`
}

// ConditionType names a fact about a workflow or a cron workflow.
type ConditionType string

const (
	// ConditionTypeCompleted is True when the workflow is over.
	ConditionTypeCompleted ConditionType = "Completed"
	// ConditionTypePodRunning is True while a pod of the workflow runs.
	ConditionTypePodRunning ConditionType = "PodRunning"
	// ConditionTypeSpecWarning tells of something in the spec that is allowed but probably not meant.
	ConditionTypeSpecWarning ConditionType = "SpecWarning"
	// ConditionTypeSpecError tells why the spec cannot run.
	ConditionTypeSpecError ConditionType = "SpecError"
	// ConditionTypeMetricsError tells which metric could not be computed.
	ConditionTypeMetricsError ConditionType = "MetricsError"
	// ConditionTypeArtifactGCError tells which artifacts could not be deleted.
	ConditionTypeArtifactGCError ConditionType = "ArtifactGCError"
	// ConditionTypeSubmissionError tells why a cron workflow could not create its workflow.
	ConditionTypeSubmissionError ConditionType = "SubmissionError"
)

// Condition is one fact.
type Condition struct {
	// What the fact is about, unique in its list.
	// +optional
	Type ConditionType `json:"type,omitempty"`
	// True, False or Unknown.
	// +optional
	Status metav1.ConditionStatus `json:"status,omitempty"`
	// More about it, for people.
	// +optional
	Message string `json:"message,omitempty"`
}

// Conditions is a list of facts, at most one a type.
type Conditions []Condition

// UpsertCondition sets the condition of its type.
func (cs *Conditions) UpsertCondition(condition Condition) {
	for i := range *cs {
		if (*cs)[i].Type == condition.Type {
			(*cs)[i] = condition
			return
		}
	}
	*cs = append(*cs, condition)
}

// RemoveCondition removes the condition of a type, if there is one.
func (cs *Conditions) RemoveCondition(conditionType ConditionType) {
	for i := range *cs {
		if (*cs)[i].Type == conditionType {
			*cs = append((*cs)[:i], (*cs)[i+1:]...)
			return
		}
	}
}
