package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NodesPerPage is how many nodes one stored page holds: the page of a node is its ordinal divided by this.
const NodesPerPage = 64

// NodeStorage tells where the nodes of a workflow are that has outgrown its object. It is absent while the nodes are
// inside `status.nodes`. The server writes it; absent on a write means unchanged.
type NodeStorage struct {
	// Number of pages that hold the nodes.
	Pages int32 `json:"pages"`
	// Storage revision of the commit: the highest page revision that belongs to this version of the workflow. Clients
	// compare it with the last one they saw and read `workflows/nodes?changedSince=` for what is new.
	Revision string `json:"revision"`
	// Number of nodes in all pages.
	Nodes int64 `json:"nodes"`
	// True while only a part of the controller's last decision is stored, because it was too large for one request. A
	// controller that finds it so when it starts goes through all steps again.
	Incomplete bool `json:"incomplete,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// NodesUpdate is the body of POST workflows/{name}/nodes: what one decision of the controller changed. Changed pages are
// stored first, the workflow itself last; storing the workflow is the commit. Metadata names the workflow: `uid` and
// `resourceVersion` of the version that the writer saw are required and compared (409 when they differ, with nothing
// stored); labels and annotations given here are set on the workflow, all others stay.
type NodesUpdate struct {
	metav1.TypeMeta `json:",inline"`
	// Name, UID and resource version of the workflow, and the labels and annotations to set.
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`

	// The new status without nodes. Absent leaves the status as it is; so does, each for itself, the absence of
	// `storedWorkflowTemplateSpec` and `storedTemplates` in it, which are large and are stored once.
	Status *WorkflowStatus `json:"status,omitempty"`
	// The changed nodes, by page. While the nodes fit in the object, resource versions of pages are empty.
	Pages []NodePageChange `json:"pages,omitempty"`
	// More of the same decision follows: the workflow is marked as incomplete until an update without this is stored. The
	// nodes leave the object even if they would fit.
	Partial bool `json:"partial,omitempty"`
}

// NOTE: Metadata is not embedded, so that a NodesUpdate is no metav1.Object: the server would record which fields of it its
// writer manages, a record that nobody reads and that costs as much as storing the change.

// NodePageChange is what changed in one page of nodes.
type NodePageChange struct {
	// The page: ordinal of its nodes divided by 64.
	Index int32 `json:"index"`
	// Version of the page that the writer saw; empty when the page is not stored yet. In the answer: the new version.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// New and changed nodes, whole, with `ordinal` and `parents` set and without `children` and `outboundNodes`.
	Set []NodeStatus `json:"set,omitempty"`
	// IDs of nodes to remove from the page.
	Removed []string `json:"removed,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// NodePage is a page of nodes as it is stored. It is never served by itself.
type NodePage struct {
	metav1.TypeMeta `json:",inline"`
	// Namespace is the workflow's; the name is `<workflow UID>/<index>` in the storage key.
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Version of the layout of this page, for migrations.
	Format int32 `json:"format"`
	// The page: ordinal of its nodes divided by 64.
	Index int32 `json:"index"`
	// Nodes by ID, with `ordinal` and `parents`, without `children` and `outboundNodes`.
	Nodes map[string]NodeStatus `json:"nodes,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// NodePageList is a list of pages.
type NodePageList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version of the list.
	metav1.ListMeta `json:"metadata,omitempty"`

	// The pages in key order.
	Items []NodePage `json:"items"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// NodeList is the answer of GET workflows/{name}/nodes, whether the nodes are paged or inside the object.
type NodeList struct {
	metav1.TypeMeta `json:",inline"`
	// `resourceVersion` is the workflow's; `continue` is set while more nodes follow.
	metav1.ListMeta `json:"metadata,omitempty"`

	// Versions of the pages that the items come from; empty while the nodes are inside the object.
	Pages []NodePageVersion `json:"pages,omitempty"`
	// Nodes in order of creation, with `parents` instead of `children` and `outboundNodes`.
	Items []NodeStatus `json:"items"`
}

// NodePageVersion is the version of one stored page.
type NodePageVersion struct {
	// The page: ordinal of its nodes divided by 64.
	Index int32 `json:"index"`
	// Version to send with the next change of this page.
	ResourceVersion string `json:"resourceVersion"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:conversion-gen:explicit-from=net/url.Values

// NodesOptions are the query parameters of GET workflows/{name}/nodes.
type NodesOptions struct {
	metav1.TypeMeta `json:",inline"`

	// Only nodes in this phase. (Query parameters have to be of plain types to be described in OpenAPI.)
	Phase string `json:"phase,omitempty"`
	// Only nodes of this type.
	Type string `json:"type,omitempty"`
	// Only nodes in pages changed after this revision (`status.nodeStorage.revision` of an earlier answer).
	ChangedSince string `json:"changedSince,omitempty"`
	// At most this many nodes; the answer then has `continue`. 0: all.
	Limit int64 `json:"limit,omitempty"`
	// Where an earlier answer ended.
	Continue string `json:"continue,omitempty"`
	// Read the newest pages rather than those of the workflow's commit. The controller uses it after a restart: facts that
	// were stored without their commit must not be lost.
	Latest bool `json:"latest,omitempty"`
}
