package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TemplateType is what a template does; it follows from the field that is set.
type TemplateType string

const (
	// TemplateTypeContainer runs one container.
	TemplateTypeContainer TemplateType = "Container"
	// TemplateTypeContainerSet runs several containers in one pod.
	TemplateTypeContainerSet TemplateType = "ContainerSet"
	// TemplateTypeSteps runs groups of steps one after the other.
	TemplateTypeSteps TemplateType = "Steps"
	// TemplateTypeScript runs source text in a container.
	TemplateTypeScript TemplateType = "Script"
	// TemplateTypeResource works on a Kubernetes object.
	TemplateTypeResource TemplateType = "Resource"
	// TemplateTypeDAG runs tasks in the order of their dependencies.
	TemplateTypeDAG TemplateType = "DAG"
	// TemplateTypeSuspend waits.
	TemplateTypeSuspend TemplateType = "Suspend"
	// TemplateTypeData lists and transforms keys of an artifact repository.
	TemplateTypeData TemplateType = "Data"
	// TemplateTypeHTTP makes a request.
	TemplateTypeHTTP TemplateType = "HTTP"
	// TemplateTypePlugin hands the task to an executor plugin.
	TemplateTypePlugin TemplateType = "Plugin"
	// TemplateTypeUnknown is a template with no type set.
	TemplateTypeUnknown TemplateType = "Unknown"
)

// Template is a building block of workflows: a pod, a wait, a request, or a composite of other templates. Exactly one of
// container, containerSet, script, resource, data, http, plugin, suspend, steps and dag is set.
type Template struct {
	// Name that steps, tasks and entry points refer to, unique in its object. Inline templates have none.
	// +optional
	Name string `json:"name,omitempty"`
	// Parameters and artifacts that the template takes. Read as `{{inputs.parameters.NAME}}`.
	// +optional
	Inputs Inputs `json:"inputs,omitempty,omitzero"`
	// Parameters and artifacts that the template produces.
	// +optional
	Outputs Outputs `json:"outputs,omitempty,omitzero"`
	// Labels that the cluster node must have. Replaces the workflow's selector.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Scheduling rules of the pod. Replaces the workflow's.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Labels and annotations of the pod. Values may contain `{{...}}` tags.
	// +optional
	Metadata Metadata `json:"metadata,omitempty,omitzero"`
	// True lets the flow go on as soon as the pod is ready; the pod runs until the composite around it is over.
	// +optional
	Daemon *bool `json:"daemon,omitempty"`

	// Groups of steps: the outer list runs one after the other, the steps of an inner list at the same time.
	// +optional
	// +listType=atomic
	Steps []ParallelSteps `json:"steps,omitempty"`
	// One container, which gets the name `main`.
	// +optional
	Container *corev1.Container `json:"container,omitempty"`
	// Several containers in one pod, in the order of their dependencies.
	// +optional
	ContainerSet *ContainerSetTemplate `json:"containerSet,omitempty"`
	// Source text and the container that runs it. What it prints becomes `outputs.result`.
	// +optional
	Script *ScriptTemplate `json:"script,omitempty"`
	// A Kubernetes object to create, change, delete or wait for.
	// +optional
	Resource *ResourceTemplate `json:"resource,omitempty"`
	// Tasks with dependencies.
	// +optional
	DAG *DAGTemplate `json:"dag,omitempty"`
	// A pause until somebody resumes the workflow or a time is over.
	// +optional
	Suspend *SuspendTemplate `json:"suspend,omitempty"`
	// Keys of an artifact repository to list and transform.
	// +optional
	Data *Data `json:"data,omitempty"`
	// A request to make; needs no pod of its own.
	// +optional
	HTTP *HTTP `json:"http,omitempty"`
	// A task for an executor plugin: one key, the plugin's name, whose value is its configuration.
	// +optional
	// +patchStrategy=replace
	Plugin *Plugin `json:"plugin,omitempty" patchStrategy:"replace"`

	// Volumes that containers of this template may mount, besides the workflow's.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Volumes []corev1.Volume `json:"volumes,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// Containers that run one after the other before the main container.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	InitContainers []UserContainer `json:"initContainers,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// Containers that run beside the main container and are ended when it ends.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Sidecars []UserContainer `json:"sidecars,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// Where outputs and logs of this template are stored. Default: the artifact repository of the workflow.
	// +optional
	ArchiveLocation *ArtifactLocation `json:"archiveLocation,omitempty"`
	// Seconds that the pod may run before Kubernetes ends it and the node fails. A number, or text with `{{...}}` tags.
	// Pods only; the rest of the workflow's own deadline is the upper bound.
	// +optional
	ActiveDeadlineSeconds *intstr.IntOrString `json:"activeDeadlineSeconds,omitempty"`
	// Whether and how the template is tried again when it fails.
	// +optional
	RetryStrategy *RetryStrategy `json:"retryStrategy,omitempty"`
	// How many children of this steps or DAG template may be active at once. Default: no limit.
	// +optional
	Parallelism *int64 `json:"parallelism,omitempty"`
	// True stops starting children of this steps or DAG template once one has failed. Default: false.
	// +optional
	FailFast *bool `json:"failFast,omitempty"`
	// Taints that the pod tolerates. Replaces the workflow's list.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// Scheduler of the pod. Default: the workflow's.
	// +optional
	SchedulerName string `json:"schedulerName,omitempty"`
	// Priority class of the pod. Default: the workflow's `podPriorityClassName`.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// Service account of the pod. Default: the workflow's.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// Whether the pod gets the service account's token mounted. Default: the workflow's setting.
	// +optional
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`
	// Settings for the helper containers of the pod. Default: the workflow's.
	// +optional
	Executor *ExecutorConfig `json:"executor,omitempty"`
	// Lines to add to the hosts file of the pod, after those of the workflow.
	// +optional
	// +listType=map
	// +listMapKey=ip
	// +patchStrategy=merge
	// +patchMergeKey=ip
	HostAliases []corev1.HostAlias `json:"hostAliases,omitempty" patchStrategy:"merge" patchMergeKey:"ip"`
	// Users, groups and other security settings of the pod. Default: the workflow's.
	// +optional
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
	// Strategic merge patch for the spec of the pod, as JSON or YAML text, applied after the workflow's. May contain
	// `{{...}}` tags, also where the field itself is a number.
	// +optional
	PodSpecPatch string `json:"podSpecPatch,omitempty"`
	// Metrics to publish about nodes of this template.
	// +optional
	Metrics *Metrics `json:"metrics,omitempty"`
	// Locks to hold while a node of this template runs. The node stays Pending until it has all of them.
	// +optional
	Synchronization *Synchronization `json:"synchronization,omitempty"`
	// Takes the outputs from a cache when the same key has run before.
	// +optional
	Memoize *Memoize `json:"memoize,omitempty"`
	// How long the node may take from its creation, waiting included, as a duration with units (`90s`, `1h30m`). Not for
	// steps and DAG.
	// +optional
	Timeout string `json:"timeout,omitempty"`
	// Annotations of the template itself. `workflows.argoproj.io/display-name` sets the display name of the node.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// How long the node may stay Pending, as seconds (`300`) or a duration (`5m`), before it fails. Pods only.
	// +optional
	PendingTimeout string `json:"pendingTimeout,omitempty"`
	// Requests and limits of the pod as a whole, for clusters that know pod-level resources. Default: the workflow's.
	// +optional
	PodResources *corev1.ResourceRequirements `json:"podResources,omitempty"`
	// Dynamic resource claims of the pod; containers refer to them by name.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
}

// TemplateRef names a template of another object.
type TemplateRef struct {
	// Name of the WorkflowTemplate or ClusterWorkflowTemplate. May contain `{{...}}` tags.
	// +optional
	Name string `json:"name,omitempty"`
	// Name of the template in that object. May contain `{{...}}` tags.
	// +optional
	Template string `json:"template,omitempty"`
	// True for a ClusterWorkflowTemplate; false, the default, for a WorkflowTemplate of the same namespace.
	// +optional
	ClusterScope bool `json:"clusterScope,omitempty"`
}

// ExecutorConfig holds settings for the helper containers.
type ExecutorConfig struct {
	// Service account that a resource or data step acts as, where it must differ from that of other steps. Other steps report with a
	// token of their own pod, which needs no rights, and this changes nothing about them.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// Metadata holds labels and annotations for a pod.
type Metadata struct {
	// Annotations to set.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// Labels to set.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
}
