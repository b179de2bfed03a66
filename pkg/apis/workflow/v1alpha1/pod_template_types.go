package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// UserContainer is a sidecar or an init container.
type UserContainer struct {
	corev1.Container `json:",inline"`

	// True mounts the volumes of the main container, and its artifacts, at the same places.
	// +optional
	MirrorVolumeMounts *bool `json:"mirrorVolumeMounts,omitempty"`
}

// ScriptTemplate is source text and the container that runs it.
type ScriptTemplate struct {
	corev1.Container `json:",inline"`

	// The program. It is written to a file whose path is added as the last argument of the container, so `command` is
	// the interpreter. May contain `{{...}}` tags.
	Source string `json:"source"`
}

// SuspendTemplate is a pause.
type SuspendTemplate struct {
	// How long to wait, as seconds (`20`) or a duration (`1h30m`), before the flow goes on by itself. Empty waits until
	// somebody resumes the workflow.
	// +optional
	Duration string `json:"duration,omitempty"`
}
