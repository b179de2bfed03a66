package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The bodies of POST to the subresources that act on an object. Each may be empty ({}), and has metadata for the sake of
// preconditions: `metadata.uid` and `metadata.resourceVersion`, when given, must be those of the stored object, or nothing
// happens and the answer is 409; `metadata.name`, when given, must be the name in the URL.

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SuspendOptions is the body of POST workflows/{name}/suspend and cronworkflows/{name}/suspend. A suspended workflow starts
// nothing new, and what runs goes on; a suspended cron workflow creates no workflows. The answer is the object.
type SuspendOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ResumeOptions is the body of POST workflows/{name}/resume and cronworkflows/{name}/resume. Without a selector a workflow
// goes on, and all its waiting suspend steps succeed, with the defaults of outputs that nobody has supplied. The answer is
// the object.
type ResumeOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Only the waiting suspend steps whose nodes this picks, such as `displayName=approve`; their outputs stay as they are, and
	// the workflow's own suspension too. Fields: displayName, id, name, templateName, phase, templateRef.name,
	// templateRef.template, inputs.parameters.NAME.value; operators `=`, `==`, `!=`; a comma means "and". Workflows only.
	// +optional
	NodeFieldSelector string `json:"nodeFieldSelector,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// StopOptions is the body of POST workflows/{name}/stop: pods of steps end, exit handlers still run, and the workflow ends
// as Failed. With a selector only the suspend steps that it picks fail, and the workflow goes on from there. The answer is
// the workflow.
type StopOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the workflow.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Fail only the waiting suspend steps whose nodes this picks; see ResumeOptions.
	// +optional
	NodeFieldSelector string `json:"nodeFieldSelector,omitempty"`
	// Why: the message of the suspend steps that fail. Only together with a selector.
	// +optional
	Message string `json:"message,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TerminateOptions is the body of POST workflows/{name}/terminate: all pods end at once and no exit handler runs. It may
// follow a `stop`. The answer is the workflow.
type TerminateOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the workflow.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RetryOptions is the body of POST workflows/{name}/retry: a finished workflow goes on from what failed; what has succeeded
// stays. The answer is the workflow. With `?dryRun=All` the answer shows what would be left of the nodes, and warnings name
// those that would run again.
type RetryOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the workflow.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Run again also the nodes that the selector picks although they have succeeded, and all that comes after them. Required,
	// together with `nodeFieldSelector`, for a workflow that has succeeded.
	// +optional
	RestartSuccessful bool `json:"restartSuccessful,omitempty"`
	// Which succeeded nodes to run again; see ResumeOptions. Only together with `restartSuccessful`.
	// +optional
	NodeFieldSelector string `json:"nodeFieldSelector,omitempty"`
	// New values for parameters of the workflow, each as `name=value`. Loops that run again are expanded anew.
	// +optional
	// +listType=atomic
	Parameters []string `json:"parameters,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ResubmitOptions is the body of POST workflows/{name}/resubmit: a new workflow is created from an old one. Whoever asks also
// needs the right to create workflows. The answer is the new workflow.
type ResubmitOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the old workflow.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Name of the new workflow. Default: a generated one, from the `generateName` of the old one or its name.
	// +optional
	Name string `json:"name,omitempty"`
	// Take over what has succeeded instead of running it again. The old workflow must have failed or ended in error.
	// +optional
	Memoized bool `json:"memoized,omitempty"`
	// New values for parameters of the workflow, each as `name=value`.
	// +optional
	// +listType=atomic
	Parameters []string `json:"parameters,omitempty"`
	// Priority among waiting workflows, instead of the old one's; higher goes first.
	// +optional
	Priority *int32 `json:"priority,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SetOptions is the body of POST workflows/{name}/set: it ends waiting suspend steps, or gives them outputs or a message. At
// least one of `phase`, `message` and `outputParameters` is needed. The answer is the workflow.
type SetOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the workflow.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which waiting suspend steps; see ResumeOptions. Required.
	NodeFieldSelector string `json:"nodeFieldSelector"`
	// How they end: Succeeded, Failed or Error. Default: they go on waiting.
	// +optional
	Phase NodePhase `json:"phase,omitempty"`
	// Their new message.
	// +optional
	Message string `json:"message,omitempty"`
	// Values of output parameters, by name. Each must be declared with `valueFrom.supplied` and not be set yet.
	// +optional
	OutputParameters map[string]AnyString `json:"outputParameters,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SubmitOptions is the body of POST {workflowtemplates,clusterworkflowtemplates,cronworkflows}/{name}/submit: a workflow is
// created from the template or cron workflow. Whoever asks also needs the right to create workflows in the namespace. The
// answer is the new workflow.
type SubmitOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the template or cron workflow. Labels and annotations of the new
	// workflow do not stand here but in `labels` and `annotations`.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Namespace of the new workflow. Required for a ClusterWorkflowTemplate; otherwise it is where the template is, and needs
	// no mention.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Name of the new workflow. Excludes `generateName`.
	// +optional
	Name string `json:"name,omitempty"`
	// Prefix of a generated name. Default: the name of the template and a dash.
	// +optional
	GenerateName string `json:"generateName,omitempty"`
	// Template to begin with, instead of the spec's `entrypoint`.
	// +optional
	Entrypoint string `json:"entryPoint,omitempty"`
	// Values for parameters, each as `name=value`. They take the place of those of the same name and add others.
	// +optional
	// +listType=atomic
	Parameters []string `json:"parameters,omitempty"`
	// Keys of artifacts among the arguments, each as `name=key`, in the bucket that the template or the artifact repository
	// says.
	// +optional
	// +listType=atomic
	Artifacts []string `json:"artifacts,omitempty"`
	// Service account of the pods, instead of the spec's `serviceAccountName`.
	// +optional
	ServiceAccount string `json:"serviceAccount,omitempty"`
	// Labels to set on the new workflow.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations to set on the new workflow.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// An owner to add, with which the new workflow is deleted.
	// +optional
	OwnerReference *metav1.OwnerReference `json:"ownerReference,omitempty"`
	// Priority among waiting workflows, instead of the spec's `priority`; higher goes first.
	// +optional
	Priority *int32 `json:"priority,omitempty"`
	// Priority class of the pods, instead of the spec's `podPriorityClassName`.
	// +optional
	PodPriorityClassName string `json:"podPriorityClassName,omitempty"`
	// The time that a workflow made from a cron workflow takes for its scheduled one. Cron workflows only.
	// +optional
	ScheduledTime *metav1.Time `json:"scheduledTime,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// BackfillOptions is the body of POST cronworkflows/{name}/backfill: a workflow is created for every time between `start` and
// `end` at which the schedules would have created one. Their names follow from cron workflow, backfill and time, so that a
// repeated request creates only what is not there yet. Whoever asks also needs the right to create workflows. The answer is
// a BackfillResult.
type BackfillOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Preconditions: `uid` and `resourceVersion` of the cron workflow.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// The first time to consider. Required.
	Start metav1.Time `json:"start"`
	// The last time to consider; not in the future. Required.
	End metav1.Time `json:"end"`
	// Name of the backfill: part of the names of the workflows, and their label `workflows.argoproj.io/backfill`. Default:
	// `backfill`.
	// +optional
	Name string `json:"name,omitempty"`
	// Name of the parameter that gets the scheduled time, RFC 3339. Default: `cronScheduleTime`.
	// +optional
	ArgName string `json:"argName,omitempty"`
	// How many of the workflows may be unfinished at once. The request creates only as many as fit, the oldest times first;
	// repeat it for the rest (see `remaining` in the answer). Default: 0, no limit.
	// +optional
	Parallelism int32 `json:"parallelism,omitempty"`
	// Refuse when there are more times than this. Default: 1000.
	// +optional
	MaxWorkflows int32 `json:"maxWorkflows,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// BackfillResult is the answer of POST cronworkflows/{name}/backfill.
type BackfillResult struct {
	metav1.TypeMeta `json:",inline"`
	// Name, namespace and version of the cron workflow.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// One entry for each time that has a workflow now, in order of time.
	// +listType=atomic
	Workflows []BackfilledWorkflow `json:"workflows"`
	// How many times have no workflow yet, because of `parallelism`.
	Remaining int64 `json:"remaining"`
}

// BackfilledWorkflow is a workflow of a backfill.
type BackfilledWorkflow struct {
	// Name of the workflow.
	Name string `json:"name"`
	// The time that it stands for.
	ScheduledTime metav1.Time `json:"scheduledTime"`
	// Whether this request created it; otherwise it was there.
	Created bool `json:"created"`
}
