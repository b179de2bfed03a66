package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Nodes is the table of a run by node ID.
type Nodes map[string]NodeStatus

// NodePhase is the state of a node.
type NodePhase string

const (
	// NodePending waits: for its pod to start, or for a lock.
	NodePending NodePhase = "Pending"
	// NodeRunning is at work.
	NodeRunning NodePhase = "Running"
	// NodeSucceeded is over and went well.
	NodeSucceeded NodePhase = "Succeeded"
	// NodeSkipped never ran: its condition was false or its loop was empty.
	NodeSkipped NodePhase = "Skipped"
	// NodeFailed is over: the user's code or a condition failed.
	NodeFailed NodePhase = "Failed"
	// NodeError is over: something around the user's code went wrong.
	NodeError NodePhase = "Error"
	// NodeOmitted never ran: what it depends on ended in another way than required.
	NodeOmitted NodePhase = "Omitted"
)

// Completed tells whether the node ran and is over.
func (p NodePhase) Completed() bool { return p == NodeSucceeded || p == NodeFailed || p == NodeError }

// FailedOrError tells whether the node ended badly.
func (p NodePhase) FailedOrError() bool { return p == NodeFailed || p == NodeError }

// NodeType says what a node stands for.
type NodeType string

const (
	// NodeTypePod is a pod: one attempt of a container, script, resource, data or containerSet template.
	NodeTypePod NodeType = "Pod"
	// NodeTypeContainer is one container of a containerSet.
	NodeTypeContainer NodeType = "Container"
	// NodeTypeSteps is a steps template.
	NodeTypeSteps NodeType = "Steps"
	// NodeTypeStepGroup is one group of parallel steps.
	NodeTypeStepGroup NodeType = "StepGroup"
	// NodeTypeDAG is a DAG template.
	NodeTypeDAG NodeType = "DAG"
	// NodeTypeTaskGroup is the fan-out of a DAG task.
	NodeTypeTaskGroup NodeType = "TaskGroup"
	// NodeTypeRetry holds the attempts of a template with a retry strategy.
	NodeTypeRetry NodeType = "Retry"
	// NodeTypeSkipped never ran, or failed before it was known what it would be.
	NodeTypeSkipped NodeType = "Skipped"
	// NodeTypeSuspend waits for somebody or for some time.
	NodeTypeSuspend NodeType = "Suspend"
	// NodeTypeHTTP is a request made by the agent.
	NodeTypeHTTP NodeType = "HTTP"
	// NodeTypePlugin is a task of an executor plugin.
	NodeTypePlugin NodeType = "Plugin"
)

// NodeFlag marks nodes that the user's templates did not ask for one by one.
type NodeFlag struct {
	// Made by a hook or an exit handler.
	// +optional
	Hooked bool `json:"hooked,omitempty"`
	// One attempt of a retry strategy.
	// +optional
	Retried bool `json:"retried,omitempty"`
}

// NodeStatus is one step of a run, or one of the composites around steps.
type NodeStatus struct {
	// Key of the node: the workflow's name for the root, else `<workflow>-<hash of the name>`.
	ID string `json:"id"`
	// Full path of the node in the run, e.g. `wf[0].build(2:linux)`.
	Name string `json:"name"`
	// Last part of the name, for people.
	// +optional
	DisplayName string `json:"displayName,omitempty"`
	// What the node stands for.
	Type NodeType `json:"type"`
	// Template that the node runs, as the step named it. Empty with `templateRef` and for inline templates.
	// +optional
	TemplateName string `json:"templateName,omitempty"`
	// Reference that the step used instead of a template of the same object.
	// +optional
	TemplateRef *TemplateRef `json:"templateRef,omitempty"`
	// Where the definition of the caller is: `local/<workflow>`, `namespaced/<template>` or `cluster/<template>`.
	// +optional
	TemplateScope string `json:"templateScope,omitempty"`
	// Pending, Running, Succeeded, Skipped, Failed, Error or Omitted.
	// +optional
	Phase NodePhase `json:"phase,omitempty"`
	// ID of the composite (steps, DAG, containerSet pod) that the node belongs to.
	// +optional
	BoundaryID string `json:"boundaryID,omitempty"`
	// Why the node is in this phase, for people.
	// +optional
	Message string `json:"message,omitempty"`
	// When the node was created.
	// +optional
	StartedAt metav1.Time `json:"startedAt,omitempty,omitzero"`
	// When the node was over.
	// +optional
	FinishedAt metav1.Time `json:"finishedAt,omitempty,omitzero"`
	// How long the node will take, in seconds, judged by the same node of an earlier run.
	// +optional
	EstimatedDuration EstimatedDuration `json:"estimatedDuration,omitempty"`
	// Finished parts of all parts, as `N/M`; a pod counts as one part unless it reports more.
	// +optional
	Progress Progress `json:"progress,omitempty"`
	// Seconds times requested amount of each resource. Composites have the sum of what is inside.
	// +optional
	ResourcesDuration ResourcesDuration `json:"resourcesDuration,omitempty"`
	// IP address of the pod, for daemons.
	// +optional
	PodIP string `json:"podIP,omitempty"`
	// True once a daemon is ready and the flow has gone on while it runs.
	// +optional
	Daemoned *bool `json:"daemoned,omitempty"`
	// Marks nodes made by hooks and by retries.
	// +optional
	NodeFlag *NodeFlag `json:"nodeFlag,omitempty"`
	// Inputs with all values filled in.
	// +optional
	Inputs *Inputs `json:"inputs,omitempty"`
	// What the node produced.
	// +optional
	Outputs *Outputs `json:"outputs,omitempty"`
	// IDs of the nodes that follow directly, in order of creation. Computed when the object is read.
	// +optional
	// +listType=atomic
	Children []string `json:"children,omitempty"`
	// IDs of the last nodes inside a composite: what comes next follows them. Computed when the object is read.
	// +optional
	// +listType=atomic
	OutboundNodes []string `json:"outboundNodes,omitempty"`
	// Cluster node that the pod runs on.
	// +optional
	HostNodeName string `json:"hostNodeName,omitempty"`
	// Whether the result came from a cache.
	// +optional
	MemoizationStatus *MemoizationStatus `json:"memoizationStatus,omitempty"`
	// The lock that the node waits for.
	// +optional
	SynchronizationStatus *NodeSynchronizationStatus `json:"synchronizationStatus,omitempty"`
	// False while the result of the ended pod is still expected; the node is not over before it is true or absent.
	// +optional
	TaskResultSynced *bool `json:"taskResultSynced,omitempty"`
	// How often the pod was replaced because the cluster ended it before its main container had started.
	// +optional
	FailedPodRestarts int32 `json:"failedPodRestarts,omitempty"`
	// UID of the pod that is being replaced for that reason.
	// +optional
	RestartingPodUID string `json:"restartingPodUID,omitempty"`

	// Place of the node in the order of creation, from 0. It never changes and is never used again.
	// +optional
	Ordinal int64 `json:"ordinal,omitempty"`
	// IDs of the nodes that this one is a child of. Only in pages of nodes, where `children` is left out.
	// +optional
	// +listType=atomic
	Parents []string `json:"parents,omitempty"`
	// True for the nodes that count as the end of the composite they belong to: target tasks of a DAG, members of the last
	// group of steps.
	// +optional
	Outbound bool `json:"outbound,omitempty"`
	// UID of the pod of this node. A pod of the same name with another UID is not this node's.
	// +optional
	PodUID types.UID `json:"podUID,omitempty"`
}

// IsDaemoned tells whether the node is a daemon that is ready.
func (n *NodeStatus) IsDaemoned() bool { return n.Daemoned != nil && *n.Daemoned }

// Completed tells whether the node ran and is over.
func (n *NodeStatus) Completed() bool { return n.Phase.Completed() }

// Fulfilled tells whether the node needs no more work: it never ran, or is over and its result has been read, or it is
// a daemon that is ready.
func (n *NodeStatus) Fulfilled() bool {
	switch {
	case n.Phase == NodeSkipped || n.Phase == NodeOmitted:
		return true
	case n.IsDaemoned() && n.Phase != NodePending:
		return true
	default:
		return n.Completed() && (n.TaskResultSynced == nil || *n.TaskResultSynced)
	}
}

// FailedOrError tells whether the node ended badly.
func (n *NodeStatus) FailedOrError() bool { return n.Phase.FailedOrError() }

// ResourceDuration is seconds times amount of a resource, in units of its base amount.
type ResourceDuration int64

// ResourcesDuration is how much of each resource was requested for how long.
type ResourcesDuration map[corev1.ResourceName]ResourceDuration

// Add returns the sum of both, leaving both as they are.
func (r ResourcesDuration) Add(other ResourcesDuration) ResourcesDuration {
	if len(r)+len(other) == 0 {
		return nil
	}
	sum := make(ResourcesDuration, max(len(r), len(other)))
	for name, amount := range r {
		sum[name] = amount
	}
	for name, amount := range other {
		sum[name] += amount
	}
	return sum
}
