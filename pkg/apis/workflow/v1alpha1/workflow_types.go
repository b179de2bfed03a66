package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +genclient:method=UpdateNodes,verb=create,subresource=nodes,input=NodesUpdate,result=NodesUpdate
// +genclient:method=Suspend,verb=create,subresource=suspend,input=SuspendOptions,result=Workflow
// +genclient:method=Resume,verb=create,subresource=resume,input=ResumeOptions,result=Workflow
// +genclient:method=Stop,verb=create,subresource=stop,input=StopOptions,result=Workflow
// +genclient:method=Terminate,verb=create,subresource=terminate,input=TerminateOptions,result=Workflow
// +genclient:method=Retry,verb=create,subresource=retry,input=RetryOptions,result=Workflow
// +genclient:method=Resubmit,verb=create,subresource=resubmit,input=ResubmitOptions,result=Workflow
// +genclient:method=Set,verb=create,subresource=set,input=SetOptions,result=Workflow
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Workflow is one run: what to do (`spec`) and what has happened so far (`status`). A workflow starts as soon as it is
// created and never runs again once it is over, except by `retry`.
type Workflow struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata. With `generateName` every submission gets a name of its own.
	metav1.ObjectMeta `json:"metadata"`

	// What to run and how. Apart from `suspend`, `shutdown` and a few settings, changes to a running workflow have no effect.
	Spec WorkflowSpec `json:"spec"`
	// What has happened. Written by the controller only.
	// +optional
	Status WorkflowStatus `json:"status,omitempty,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowList is a list of workflows. Workflows whose nodes have outgrown the object come without nodes.
type WorkflowList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version of the list, and `continue` when more follow.
	metav1.ListMeta `json:"metadata"`

	// The workflows.
	Items Workflows `json:"items"`
}

// Workflows is a list of workflows.
type Workflows []Workflow

// WorkflowSpec says what to run: the templates, which of them is the entry point, and settings for all their pods.
type WorkflowSpec struct {
	// The building blocks of the workflow, each with a name of its own. Must be empty when `workflowTemplateRef` is set.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Templates []Template `json:"templates,omitempty" patchStrategy:"merge" patchMergeKey:"name"`

	// Name of the template that the workflow starts with. Required, unless `workflowTemplateRef` names an object that has one.
	// +optional
	Entrypoint string `json:"entrypoint,omitempty"`

	// Parameters and artifacts of the workflow. Templates read them as `{{workflow.parameters.NAME}}`; the entry point gets
	// them as its arguments as well. Values can be replaced at submission.
	// +optional
	Arguments Arguments `json:"arguments,omitempty,omitzero"`

	// Service account that the pods run as, unless a template sets its own. Default: the namespace's `default`.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// Whether pods get the service account's token mounted. Default: as the service account says. Steps that report outputs
	// work without it, because their helper container mounts a token of its own.
	// +optional
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`

	// Settings for the helper containers of the pods.
	// +optional
	Executor *ExecutorConfig `json:"executor,omitempty"`

	// Volumes that containers of any template may mount. A template may add its own.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Volumes []corev1.Volume `json:"volumes,omitempty" patchStrategy:"merge" patchMergeKey:"name"`

	// Claims that are created when the workflow starts and removed when it is over (see `volumeClaimGC`). Containers mount
	// them by the name given in their metadata; the claim itself is called `<workflow>-<name>`.
	// +optional
	// +listType=atomic
	VolumeClaimTemplates []corev1.PersistentVolumeClaim `json:"volumeClaimTemplates,omitempty"`

	// How many pods of this workflow may be active (pending or running) at once. Default: no limit.
	// +optional
	Parallelism *int64 `json:"parallelism,omitempty"`

	// ConfigMap entry that describes the artifact repository for artifacts that name no storage. Default: the ConfigMap
	// `artifact-repositories` of the namespace, then the controller's own setting.
	// +optional
	ArtifactRepositoryRef *ArtifactRepositoryRef `json:"artifactRepositoryRef,omitempty"`

	// While true no new step starts; pods that run are left alone. Set it at submission to start paused.
	// +optional
	Suspend *bool `json:"suspend,omitempty"`

	// Labels that a cluster node must have for pods of this workflow. A template's own selector replaces it.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// Scheduling rules for all pods. A template's own affinity replaces it.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// Taints that all pods tolerate. A template's own list replaces it.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// Secrets of this namespace that hold the credentials for pulling images.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty" patchStrategy:"merge" patchMergeKey:"name"`

	// Whether pods use the network of their cluster node. Default: false.
	// +optional
	HostNetwork *bool `json:"hostNetwork,omitempty"`

	// How pods resolve names: ClusterFirst, ClusterFirstWithHostNet, Default or None. Default: ClusterFirst.
	// +optional
	DNSPolicy *corev1.DNSPolicy `json:"dnsPolicy,omitempty"`

	// Name servers, search domains and options, merged with what `dnsPolicy` gives.
	// +optional
	DNSConfig *corev1.PodDNSConfig `json:"dnsConfig,omitempty"`

	// Name of a template to run when the workflow is over, whatever its result. It can read `{{workflow.status}}` and
	// `{{workflow.failures}}`. When it fails the workflow fails. `hooks.exit` does the same and takes arguments.
	// +optional
	OnExit string `json:"onExit,omitempty"`

	// When the finished workflow is deleted. Default: never.
	// +optional
	TTLStrategy *TTLStrategy `json:"ttlStrategy,omitempty"`

	// Seconds from the start of the workflow until it is failed. Its pods are stopped; the exit handler still runs. 0 ends
	// it at once. Default: no limit.
	// +optional
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitempty"`

	// Place in the queue for locks and for the limit of running workflows: higher goes first. Default: 0.
	// +optional
	Priority *int32 `json:"priority,omitempty"`

	// Scheduler for all pods, unless a template sets its own. Default: the cluster's default scheduler.
	// +optional
	SchedulerName string `json:"schedulerName,omitempty"`

	// When finished pods are deleted. Default: with the workflow.
	// +optional
	PodGC *PodGC `json:"podGC,omitempty"`

	// Priority class of all pods, unless a template sets its own.
	// +optional
	PodPriorityClassName string `json:"podPriorityClassName,omitempty"`

	// Lines to add to the hosts file of the pods. A template's own list replaces it.
	// +optional
	// +listType=map
	// +listMapKey=ip
	// +patchStrategy=merge
	// +patchMergeKey=ip
	HostAliases []corev1.HostAlias `json:"hostAliases,omitempty" patchStrategy:"merge" patchMergeKey:"ip"`

	// Users, groups and other security settings of all pods, unless a template sets its own.
	// +optional
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`

	// Strategic merge patch for the spec of every pod, as JSON or YAML text. May contain `{{...}}` tags. A template's own
	// patch is applied after it.
	// +optional
	PodSpecPatch string `json:"podSpecPatch,omitempty"`

	// Disruption budget for the pods of this workflow, created when it starts and removed when it is over. The selector
	// is filled in.
	// +optional
	PodDisruptionBudget *policyv1.PodDisruptionBudgetSpec `json:"podDisruptionBudget,omitempty"`

	// Metrics to publish about the workflow as a whole.
	// +optional
	Metrics *Metrics `json:"metrics,omitempty"`

	// Ends the workflow early: `Stop` lets exit handlers run, `Terminate` does not.
	// +optional
	Shutdown ShutdownStrategy `json:"shutdown,omitempty"`

	// WorkflowTemplate or ClusterWorkflowTemplate whose whole spec this workflow takes. Fields set here win; arguments are
	// merged by name. The outcome is frozen in `status.storedWorkflowTemplateSpec`.
	// +optional
	WorkflowTemplateRef *WorkflowTemplateRef `json:"workflowTemplateRef,omitempty"`

	// Locks to hold while the workflow runs. It stays Pending until it has all of them.
	// +optional
	Synchronization *Synchronization `json:"synchronization,omitempty"`

	// When claims made from `volumeClaimTemplates` are deleted. Default: when the workflow has succeeded.
	// +optional
	VolumeClaimGC *VolumeClaimGC `json:"volumeClaimGC,omitempty"`

	// How templates are retried that have no retry strategy of their own.
	// +optional
	RetryStrategy *RetryStrategy `json:"retryStrategy,omitempty"`

	// Labels and annotations for every pod. A template's own win, key by key.
	// +optional
	PodMetadata *Metadata `json:"podMetadata,omitempty"`

	// A template whose fields apply to every template that does not set them. Name and type are not needed here.
	// +optional
	TemplateDefaults *Template `json:"templateDefaults,omitempty"`

	// Whether the logs of all steps are saved as an artifact called `main-logs`. A template's `archiveLocation.archiveLogs` wins.
	// +optional
	ArchiveLogs *bool `json:"archiveLogs,omitempty"`

	// Templates to run on events of the workflow, by name. `exit` runs at the end; every other name needs an expression
	// and runs once, when it is true for the first time.
	// +optional
	// +patchStrategy=replace
	Hooks LifecycleHooks `json:"hooks,omitempty" patchStrategy:"replace"`

	// Labels and annotations to put on the Workflow object itself when it starts.
	// +optional
	WorkflowMetadata *WorkflowMetadata `json:"workflowMetadata,omitempty"`

	// When the artifacts of the workflow are deleted. Default: never.
	// +optional
	ArtifactGC *WorkflowLevelArtifactGC `json:"artifactGC,omitempty"`

	// Executor plugins that run as sidecars of this workflow's agent pod.
	// +optional
	// +listType=atomic
	ExecutorPlugins []ExecutorPlugin `json:"executorPlugins,omitempty"`

	// Requests and limits of every pod as a whole, for clusters that know pod-level resources.
	// +optional
	PodResources *corev1.ResourceRequirements `json:"podResources,omitempty"`

	// Dynamic resource claims that every pod gets; containers refer to them by name.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
}

// WorkflowTemplateRef names a WorkflowTemplate or a ClusterWorkflowTemplate.
type WorkflowTemplateRef struct {
	// Name of the object.
	// +optional
	Name string `json:"name,omitempty"`
	// True for a ClusterWorkflowTemplate; false, the default, for a WorkflowTemplate of the same namespace.
	// +optional
	ClusterScope bool `json:"clusterScope,omitempty"`
}

// ShutdownStrategy says how a workflow is ended early.
type ShutdownStrategy string

const (
	// ShutdownStrategyNone is no shutdown at all.
	ShutdownStrategyNone ShutdownStrategy = ""
	// ShutdownStrategyTerminate ends all pods and runs nothing more.
	ShutdownStrategyTerminate ShutdownStrategy = "Terminate"
	// ShutdownStrategyStop ends all pods except those of exit handlers, and runs the exit handlers.
	ShutdownStrategyStop ShutdownStrategy = "Stop"
)

// Enabled tells whether the workflow is being shut down.
func (s ShutdownStrategy) Enabled() bool { return s != ShutdownStrategyNone }

// ShouldExecute tells whether a node still may start: exit handlers start under Stop, nothing starts under Terminate.
func (s ShutdownStrategy) ShouldExecute(onExit bool) bool {
	switch s {
	case ShutdownStrategyTerminate:
		return false
	case ShutdownStrategyStop:
		return onExit
	default:
		return true
	}
}
