package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:conversion-gen:explicit-from=net/url.Values

// LogOptions are the query parameters of GET workflows/{name}/log. Without any, the answer is the logs of all main
// containers of the workflow so far, merged in order of time.
type LogOptions struct {
	metav1.TypeMeta `json:",inline"`

	// Only containers of this name: `main`, `init`, `wait`, or one that the template names. Default: the containers that do
	// the work.
	// +optional
	Container string `json:"container,omitempty"`
	// Only the pods of this node and of the nodes below it, by node ID.
	// +optional
	NodeID string `json:"nodeID,omitempty"`
	// Only this pod.
	// +optional
	PodName string `json:"podName,omitempty"`
	// Only pods whose labels this selects, such as `team=web`. Logs that were saved to an artifact store have no labels and are
	// then left out.
	// +optional
	Selector string `json:"selector,omitempty"`
	// Keep sending what is logged, pods that start later included, until the workflow ends. Default: false.
	// +optional
	Follow bool `json:"follow,omitempty"`
	// The logs of containers' previous instances, before their restart. Default: false.
	// +optional
	Previous bool `json:"previous,omitempty"`
	// Only what was logged in the last so many seconds. Excludes `sinceTime`.
	// +optional
	SinceSeconds *int64 `json:"sinceSeconds,omitempty"`
	// Only what was logged from this time on. Excludes `sinceSeconds`.
	// +optional
	SinceTime *metav1.Time `json:"sinceTime,omitempty"`
	// Begin each line with its time, RFC 3339 with nanoseconds. Default: false.
	// +optional
	Timestamps bool `json:"timestamps,omitempty"`
	// Only the last so many lines of each container. Default: all.
	// +optional
	TailLines *int64 `json:"tailLines,omitempty"`
	// At most this many bytes in all. Default: no limit.
	// +optional
	LimitBytes *int64 `json:"limitBytes,omitempty"`
	// Begin each line with the name of its pod. Default: false.
	// +optional
	Prefix bool `json:"prefix,omitempty"`
	// Only lines that match this regular expression (RE2 syntax).
	// +optional
	Grep string `json:"grep,omitempty"`
}

// SubmitOpts are the settings that a submission adds to a workflow or to the template that it is made from.
type SubmitOpts struct {
	// Name of the workflow. Excludes `generateName`.
	// +optional
	Name string `json:"name,omitempty"`
	// Prefix of a generated name. Default: the name of the template and a dash.
	// +optional
	GenerateName string `json:"generateName,omitempty"`
	// Template to begin with, instead of the spec's `entrypoint`.
	// +optional
	Entrypoint string `json:"entryPoint,omitempty"`
	// Parameters, each as `name=value`.
	// +optional
	// +listType=atomic
	Parameters []string `json:"parameters,omitempty"`
	// Service account of the pods, instead of the spec's `serviceAccountName`.
	// +optional
	ServiceAccount string `json:"serviceAccount,omitempty"`
	// Return the workflow that would be created without sending it. Default: false.
	// +optional
	DryRun bool `json:"dryRun,omitempty"`
	// Send the workflow to be checked but not stored. Default: false.
	// +optional
	ServerDryRun bool `json:"serverDryRun,omitempty"`
	// Labels to set, as `key=value,key=value`.
	// +optional
	Labels string `json:"labels,omitempty"`
	// An owner to add, with which the workflow is deleted.
	// +optional
	OwnerReference *metav1.OwnerReference `json:"ownerReference,omitempty"`
	// Annotations to set, as `key=value,key=value`.
	// +optional
	Annotations string `json:"annotations,omitempty"`
	// Priority class of the pods, instead of the spec's `podPriorityClassName`.
	// +optional
	PodPriorityClassName string `json:"podPriorityClassName,omitempty"`
	// Priority among waiting workflows, instead of the spec's `priority`; higher goes first.
	// +optional
	Priority *int32 `json:"priority,omitempty"`
	// Keys of artifacts among the arguments, each as `name=key`.
	// +optional
	// +listType=atomic
	Artifacts []string `json:"artifacts,omitempty"`
}
