package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ArtifactOptions are the query parameters of GET workflows/{name}/artifacts/{path}, and of POST, which stores the body as a file
// for a workflow that is to be submitted.
type ArtifactOptions struct {
	metav1.TypeMeta `json:",inline"`

	// What follows `artifacts` in the URL: NODE-ID/ARTIFACT for an output of a node, and below an artifact that is a directory
	// the path of a file. Nothing: a listing of the artifacts of all nodes. Of POST: the name of the file.
	Path string `json:"path,omitempty"`
	// The artifact is an input of the node rather than an output. Default: false.
	Input bool `json:"input,omitempty"`
	// ConfigMap of the artifact repository to store a file in, as in artifactRepositoryRef. Default: artifact-repositories when key
	// is set, else the default repository of the namespace.
	ConfigMap string `json:"configMap,omitempty"`
	// Key of that repository in the ConfigMap. Default: the one that the ConfigMap's annotation names.
	Key string `json:"key,omitempty"`
	// Of POST: the file comes in parts, in requests of their own. `new`: begin such an upload, with no body; else the `upload` that
	// was answered then, with offset, complete or abort.
	Upload string `json:"upload,omitempty"`
	// Of an upload in parts: where in the file the part begins that is the body, a multiple of 5242880 bytes. A part has as many
	// bytes, the last one may have less. What is stored there already is replaced.
	Offset *int64 `json:"offset,omitempty"`
	// Of an upload in parts: all have been stored, and make a file of so many bytes.
	Complete *int64 `json:"complete,omitempty"`
	// Of an upload in parts: remove them. Default: false.
	Abort bool `json:"abort,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ArtifactListing is the answer of GET workflows/{name}/artifacts, and of GET of an artifact that is a directory.
type ArtifactListing struct {
	metav1.TypeMeta `json:",inline"`
	// Name, namespace and UID of the workflow.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// There are more entries than a listing shows: ask for a directory below.
	// +optional
	Truncated bool `json:"truncated,omitempty"`
	// The entries: artifacts in the order of their nodes, or files in the order of their paths.
	// +listType=atomic
	Items []ArtifactEntry `json:"items"`
}

// ArtifactEntry is an artifact of a node, or a file of an artifact that is a directory.
type ArtifactEntry struct {
	// What to put behind `artifacts/` to get it; empty for a file that was just stored.
	Path string `json:"path"`
	// Name of the artifact, or path of the file inside it.
	Name string `json:"name"`
	// The node.
	// +optional
	NodeID string `json:"nodeID,omitempty"`
	// Name of the node.
	// +optional
	NodeName string `json:"nodeName,omitempty"`
	// Key or address in the store.
	// +optional
	Key string `json:"key,omitempty"`
	// What an upload in parts is called that is under way: no file is stored before it is complete.
	// +optional
	Upload string `json:"upload,omitempty"`
	// Size of a file in bytes.
	// +optional
	Size *int64 `json:"size,omitempty"`
	// When a file was stored.
	// +optional
	Modified *metav1.Time `json:"modified,omitempty"`
	// The artifact has been removed from its store by garbage collection.
	// +optional
	Deleted bool `json:"deleted,omitempty"`
}
