package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowTaskResult is what the pod of one node reports: progress while it runs, outputs at its end. Its name is the ID of
// the node; the label `workflows.argoproj.io/workflow` names the workflow, and
// `workflows.argoproj.io/report-outputs-completed` turns "true" when nothing more will come. Pods write these objects and
// the controller removes them; they are not for people to write.
//
// +genclient
// +genclient:noStatus
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkflowTaskResult struct {
	metav1.TypeMeta `json:",inline"`
	// Name, labels, owner and the like.
	metav1.ObjectMeta `json:"metadata"`

	// What is reported.
	NodeResult `json:",inline"`
}

// WorkflowTaskResultList is a list of WorkflowTaskResults.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkflowTaskResultList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version and, while there is more to read, where to continue.
	metav1.ListMeta `json:"metadata"`

	// The results.
	Items []WorkflowTaskResult `json:"items"`
}

// NodeResult is what is reported about a node from outside the controller.
type NodeResult struct {
	// Phase of the node. Empty: the phase follows from the pod.
	// +optional
	Phase NodePhase `json:"phase,omitempty"`
	// Explanation of the phase for people.
	// +optional
	Message string `json:"message,omitempty"`
	// Parameters, artifacts, result and exit code that the node left.
	// +optional
	Outputs *Outputs `json:"outputs,omitempty"`
	// Progress that the node reports about itself, as `<done>/<total>`.
	// +optional
	Progress Progress `json:"progress,omitempty"`
}
