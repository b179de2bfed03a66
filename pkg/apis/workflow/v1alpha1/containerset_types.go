package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ContainerSetTemplate runs several containers in one pod, each as a node of its own, in the order of their dependencies.
// All of them hold their resources as long as the pod lives.
type ContainerSetTemplate struct {
	// The containers. Outputs and the result are taken from the one named `main`.
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	Containers []ContainerNode `json:"containers" patchStrategy:"merge" patchMergeKey:"name"`
	// Volume mounts that every container gets.
	// +optional
	// +patchMergeKey=mountPath
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=mountPath
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty" patchStrategy:"merge" patchMergeKey:"mountPath"`
	// Runs the command of a container again in place when it fails. The template's own `retryStrategy` makes a new pod
	// instead.
	// +optional
	RetryStrategy *ContainerSetRetryStrategy `json:"retryStrategy,omitempty"`
}

// ContainerNode is one container of a container set.
type ContainerNode struct {
	// The container.
	corev1.Container `json:",inline"`

	// Names of containers that must have succeeded before this one's command starts.
	// +optional
	// +listType=atomic
	Dependencies []string `json:"dependencies,omitempty"`
}

// ContainerSetRetryStrategy tells how often the command of a container is run.
type ContainerSetRetryStrategy struct {
	// Pause between two attempts, as a duration with a unit, such as `5s`. Default: none.
	// +optional
	Duration string `json:"duration,omitempty"`
	// How many attempts there are in all, the first included: a number, or a string that may have variables.
	Retries *intstr.IntOrString `json:"retries"`
}
