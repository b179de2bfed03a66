package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ExecutorPlugin adds a container to the agent pod of a workflow that runs its plugin templates.
type ExecutorPlugin struct {
	// Name of the plugin, and labels and annotations.
	metav1.ObjectMeta `json:"metadata"`

	// The container.
	Spec ExecutorPluginSpec `json:"spec"`
}

// ExecutorPluginSpec describes the container of an executor plugin.
type ExecutorPluginSpec struct {
	// The container that is added to the agent pod.
	Sidecar ExecutorPluginSidecar `json:"sidecar"`
}

// ExecutorPluginSidecar is the container of an executor plugin.
type ExecutorPluginSidecar struct {
	// Gives the container the token of the service account `<plugin name>-executor-plugin`. Default: false.
	// +optional
	AutomountServiceAccountToken bool `json:"automountServiceAccountToken,omitempty"`
	// The container; it must have one port, on which it serves the plugin protocol.
	Container corev1.Container `json:"container"`
}
