// Package engine decides what happens next in a workflow. It is pure: nodes and observations go in, a decision comes out.
// It has no client, no clock, does no I/O, logs nothing, and its decisions do not depend on map order. A Run that is
// rebuilt from what was stored at any point, given the events since, decides the same.
package engine

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Options are the switches of an installation that change what the engine decides. The zero value is the default.
type Options struct {
	// NodeEvents adds a Kubernetes Event for each phase that a node enters (CTL-10). Off by default: events are writes.
	NodeEvents bool
	// PodNamesV1 names the pods of workflows that start now by node ID alone (NOD-14). Workflows that have started keep the
	// format in their annotation.
	PodNamesV1 bool
	// UnlimitedRecursion lifts the limit of 100 nested template calls (REF-05).
	UnlimitedRecursion bool
	// MaxNodes is how many nodes a run may have; zero: DefaultMaxNodes, negative: any number. One that wants more ends in Error.
	MaxNodes int
	// NodesPerDecision is how many nodes one decision makes, groups of steps apart; zero: ten thousand. What is left is made by
	// the next ones, which are due at once.
	NodesPerDecision int
	// ExpressionTagsOff leaves `{{=…}}` tags as they are (EXP-06).
	ExpressionTagsOff bool
	// RetryHostLabel is the node label that retry affinity uses (RTY-07); empty: kubernetes.io/hostname.
	RetryHostLabel string
	// TransientErrors is a regular expression for messages that OnTransientError retries, beside the built-in ones.
	TransientErrors string
	// ResultTimeout is how long a node waits, after its pod ended, for outputs that the executor has not reported; zero:
	// ten minutes (EXE-03).
	ResultTimeout time.Duration
	// Uncommitted tells NewRun that some of the nodes are newer than the header: of the last decision only a part was stored.
	// What that decision had ended is then gone through again, so that nothing it had created is missing.
	Uncommitted bool
	// RestartFailedPods is how often a pod that failed before its main container started is made again without spending a
	// retry (RTY-12); zero: never.
	RestartFailedPods int32
	// RestartPause is how long after the failure; zero: a second.
	RestartPause time.Duration
	// Defaults are laid beneath the workflow when it starts: labels and annotations for keys that it has not, the spec beneath
	// its template's and its own (CFG-03). nil: none. Shared, never changed.
	Defaults *v1alpha1.Workflow
	// Policy is what the administrator demands of workflows (CFG-04).
	Policy Policy
	// RepositoryForAll looks up an artifact repository for every workflow, because one of those there are stores all logs.
	RepositoryForAll bool
	// Estimate is how long an earlier run of the same template took; nil: not known.
	Estimate *Estimate
}

// Event is something that happened since the last decision.
type Event interface{ isEvent() }

// PodObserved tells that the pod of a node was created or changed. The pod's UID is the node's, or the node has none yet.
type PodObserved struct {
	NodeID string
	Pod    *corev1.Pod
}

// PodGone tells that the pod that a node has recorded does not exist any more.
type PodGone struct {
	NodeID string
	UID    types.UID
	// Unstarted tells that it is certain that no container of the pod ever ran.
	Unstarted bool
}

// PodRefused tells that the API did not create a pod. A transient refusal keeps the node Pending with the message and the
// same PodRequest is made again; any other ends the node in Error.
type PodRefused struct {
	NodeID    string
	Message   string
	Transient bool
}

// HeaderChanged tells that the workflow was changed by somebody else: suspend, shutdown, deadline, labels, annotations.
type HeaderChanged struct {
	Workflow *v1alpha1.Workflow
}

// TemplateResolved answers a request of Decision.Resolve. Exactly one of Spec, Value, Repository and Message is given; with Message the
// object or key could not be read and NotFound says whether it is just not there.
type TemplateResolved struct {
	Request TemplateRequest
	Spec    *v1alpha1.WorkflowSpec // spec of a WorkflowTemplate or ClusterWorkflowTemplate
	Labels  map[string]string      // labels of that object
	Value   *string                // value of a ConfigMap key
	// Repository is the artifact repository to use. There may be none: then nothing is given.
	Repository *v1alpha1.ArtifactRepositoryRefStatus
	Message    string
	NotFound   bool
}

// ResultReported tells what the executor reported for a node. Final is set when nothing more will come.
type ResultReported struct {
	NodeID string
	Result v1alpha1.NodeResult
	Final  bool
}

// ClaimsMade tells that the claims of Decision.Claims are there.
type ClaimsMade struct{}

// ClaimsRefused tells that they could not be made. With a transient refusal the workflow is Pending with the message, and they are
// asked for again; any other ends it in Error.
type ClaimsRefused struct {
	Message   string
	Transient bool
}

func (PodObserved) isEvent()      {}
func (PodGone) isEvent()          {}
func (PodRefused) isEvent()       {}
func (HeaderChanged) isEvent()    {}
func (TemplateResolved) isEvent() {}
func (ResultReported) isEvent()   {}
func (ClaimsMade) isEvent()       {}
func (ClaimsRefused) isEvent()    {}

// RequestKind is the kind of object that a TemplateRequest names.
type RequestKind string

// What the engine can ask for.
const (
	RequestWorkflowTemplate        RequestKind = "WorkflowTemplate"
	RequestClusterWorkflowTemplate RequestKind = "ClusterWorkflowTemplate"
	RequestConfigMapParameter      RequestKind = "ConfigMap"
	RequestArtifactRepository      RequestKind = "ArtifactRepository"
)

// TemplateRequest names an object that the engine needs to go on. It is comparable: a request that was not answered yet
// is not made twice by one Run.
type TemplateRequest struct {
	Kind RequestKind
	Name string
	Key  string // key of a ConfigMap; it must carry the label configmap-type: Parameter
	// Explicit tells, of an artifact repository, that the workflow refers to one; without, the defaults are looked through.
	Explicit bool
}

// Decision is what has to be stored and done, in this order: store Nodes, Removed, Status, Labels and Annotations in one
// NodesUpdate; then carry out the rest. A decision with nothing in it is legal.
type Decision struct {
	// Nodes are the new and changed nodes, whole, in record form; the caller owns them.
	Nodes []v1alpha1.NodeStatus
	// Removed are IDs of nodes to forget.
	Removed []string
	// Status is the new header status without nodes; nil: unchanged.
	Status *v1alpha1.WorkflowStatus
	// Labels and Annotations are to be set on the workflow.
	Labels, Annotations map[string]string
	// Create lists pods to create once this decision is stored.
	Create []PodRequest
	// Delete lists pods to delete once stored.
	Delete []PodRef
	// Stop lists pods to stop once stored; their logs are to be kept.
	Stop []PodRef
	// Announce lists what pods are to be told of themselves.
	Announce []Announcement
	// Finished lists pods whose end is recorded: they may be labelled completed and collected.
	Finished []PodRef
	// Resolve lists objects that the engine needs; each is to be answered by TemplateResolved.
	Resolve []TemplateRequest
	// Claims lists the volume claims that are to be there before the workflow begins, named as in its claim templates; to be
	// answered by ClaimsMade or ClaimsRefused. They are listed in each decision until they are there.
	Claims []corev1.PersistentVolumeClaim
	// Metrics are values for the metrics that the workflow declares. A value that was decided and not passed on, because the
	// process died, is lost.
	Metrics []Metric
	// Events are Kubernetes Events to emit on the workflow.
	Events []WorkflowEvent
	// Wake is when to Apply again without an event; zero: never.
	Wake time.Time
	// Done tells that the run is over: nothing more will ever be decided.
	Done bool
}

// PodRequest asks for the pod of a node. NodeName is the node's name (annotation, not a host).
type PodRequest struct {
	NodeID, NodeName, PodName string
	// Template is resolved and substituted, defaults merged in. It is shared and must not be changed.
	Template *v1alpha1.Template
	// Spec is the spec of the workflow that counts (merged with its template's, if it refers to one), with values put into its
	// own fields; it has no templates. It is shared and must not be changed.
	Spec *v1alpha1.WorkflowSpec
	// Boundary is the template of the enclosing composite; nil for the entry template.
	Boundary *v1alpha1.Template
	// OnExit is set for pods under an exit handler: they survive stop and the workflow's deadline.
	OnExit bool
	// Deadline is the earliest of all deadlines that bind the pod (POD-16); zero: none.
	Deadline time.Time
	// ActiveDeadline is the pod's own activeDeadlineSeconds, counted from its start; nil: none.
	ActiveDeadline *int64
	// IncludeResult is set when somebody reads the output of main (PRM-14).
	IncludeResult bool
	// ArchiveLogs is set when the logs of the main containers are to be stored (ART-13).
	ArchiveLogs bool
	// ArtifactPrefix is how the keys begin of artifacts that go to the artifact repository without a key of their own: its key
	// format with the values of this pod put in (ART-09). Empty when the step has nothing to store.
	ArtifactPrefix string
	// FailedHosts are names of hosts on which earlier attempts failed and that this one has to avoid (RTY-07).
	FailedHosts []string
	// Restart counts automatic restarts of this attempt (RTY-12).
	Restart int32
}

// PodRef names a pod. An empty UID means that none was recorded: the pod may not exist.
type PodRef struct {
	NodeID, Name string
	UID          types.UID
}

// WorkflowEvent is a Kubernetes Event on the workflow.
type WorkflowEvent struct {
	Type    string // Normal or Warning
	Reason  string
	Message string
	NodeID  string // empty: about the workflow itself
}
