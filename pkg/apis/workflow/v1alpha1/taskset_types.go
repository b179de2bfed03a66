package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowTaskSet hands the http and plugin nodes of one workflow to its agent pod, which writes the results into the
// status. It has the name of the workflow and is owned by it. The controller makes and removes these objects; they are
// not for people to write.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkflowTaskSet struct {
	metav1.TypeMeta `json:",inline"`
	// Name, labels, owner and the like.
	metav1.ObjectMeta `json:"metadata"`

	// What the agent is to do.
	Spec WorkflowTaskSetSpec `json:"spec"`
	// What the agent has done.
	// +optional
	Status WorkflowTaskSetStatus `json:"status,omitempty,omitzero"`
}

// WorkflowTaskSetList is a list of WorkflowTaskSets.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkflowTaskSetList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version and, while there is more to read, where to continue.
	metav1.ListMeta `json:"metadata"`

	// The task sets.
	Items []WorkflowTaskSet `json:"items"`
}

// WorkflowTaskSetSpec tells the agent what to do.
type WorkflowTaskSetSpec struct {
	// Templates to run, with all variables replaced, by the ID of their node.
	// +optional
	// +patchStrategy=replace
	Tasks map[string]Template `json:"tasks,omitempty" patchStrategy:"replace"`
}

// WorkflowTaskSetStatus tells what the agent has done.
type WorkflowTaskSetStatus struct {
	// Results by the ID of their node.
	// +optional
	// +patchStrategy=replace
	Nodes map[string]NodeResult `json:"nodes,omitempty" patchStrategy:"replace"`
}
