package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowEventBinding creates a workflow from a template when a matching event comes in over HTTP.
//
// +genclient
// +genclient:noStatus
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkflowEventBinding struct {
	metav1.TypeMeta `json:",inline"`
	// Name, labels and the like.
	metav1.ObjectMeta `json:"metadata"`

	// Which events, and what to submit for them.
	Spec WorkflowEventBindingSpec `json:"spec"`
}

// WorkflowEventBindingList is a list of WorkflowEventBindings.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkflowEventBindingList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version and, while there is more to read, where to continue.
	metav1.ListMeta `json:"metadata"`

	// The bindings.
	Items []WorkflowEventBinding `json:"items"`
}

// WorkflowEventBindingSpec tells which events lead to which workflow.
type WorkflowEventBindingSpec struct {
	// The events that matter.
	Event Event `json:"event"`
	// What to submit for each of them. Absent: nothing is submitted.
	// +optional
	Submit *Submit `json:"submit,omitempty"`
}

// Event selects incoming events.
type Event struct {
	// Expression over `namespace`, `discriminator`, `metadata` (the `x-*` headers in lower case, each a list of strings)
	// and `payload` that is true for events that matter: `payload.message != ""`.
	Selector string `json:"selector"`
}

// Submit tells which workflow an event creates.
type Submit struct {
	// The template to create it from.
	WorkflowTemplateRef WorkflowTemplateRef `json:"workflowTemplateRef"`
	// Name, generated name, labels and annotations of the workflow. Their values are expressions over the event.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`
	// Arguments of the workflow; those with `valueFrom.event` are computed from the event.
	// +optional
	Arguments *Arguments `json:"arguments,omitempty"`
}
