package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +genclient:noStatus
// +genclient:method=Submit,verb=create,subresource=submit,input=SubmitOptions,result=Workflow
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowTemplate is a workflow kept for later: submit it, run it with `workflowTemplateRef`, or use single templates
// of it with `templateRef`. Running workflows keep the version that they started with.
type WorkflowTemplate struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	metav1.ObjectMeta `json:"metadata"`

	// What a workflow made from this object runs. `entrypoint` may be left out in a library of templates.
	Spec WorkflowSpec `json:"spec"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowTemplateList is a list of workflow templates.
type WorkflowTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version of the list, and `continue` when more follow.
	metav1.ListMeta `json:"metadata"`

	// The workflow templates.
	Items WorkflowTemplates `json:"items"`
}

// WorkflowTemplates is a list of workflow templates.
type WorkflowTemplates []WorkflowTemplate

// +genclient
// +genclient:noStatus
// +genclient:nonNamespaced
// +genclient:method=Submit,verb=create,subresource=submit,input=SubmitOptions,result=Workflow
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterWorkflowTemplate is a WorkflowTemplate that all namespaces can use; references to it set `clusterScope: true`.
type ClusterWorkflowTemplate struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	metav1.ObjectMeta `json:"metadata"`

	// What a workflow made from this object runs. `entrypoint` may be left out in a library of templates.
	Spec WorkflowSpec `json:"spec"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterWorkflowTemplateList is a list of cluster workflow templates.
type ClusterWorkflowTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version of the list, and `continue` when more follow.
	metav1.ListMeta `json:"metadata"`

	// The cluster workflow templates.
	Items ClusterWorkflowTemplates `json:"items"`
}

// ClusterWorkflowTemplates is a list of cluster workflow templates.
type ClusterWorkflowTemplates []ClusterWorkflowTemplate
