package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CronWorkflow creates workflows at set times.
//
// +genclient
// +genclient:noStatus
// +genclient:method=Submit,verb=create,subresource=submit,input=SubmitOptions,result=Workflow
// +genclient:method=Suspend,verb=create,subresource=suspend,input=SuspendOptions,result=CronWorkflow
// +genclient:method=Resume,verb=create,subresource=resume,input=ResumeOptions,result=CronWorkflow
// +genclient:method=Backfill,verb=create,subresource=backfill,input=BackfillOptions,result=BackfillResult
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type CronWorkflow struct {
	metav1.TypeMeta `json:",inline"`
	// Name, labels, owner and the like. The name has at most 52 characters, because those of the workflows are made from it.
	metav1.ObjectMeta `json:"metadata"`

	// When to create which workflow.
	Spec CronWorkflowSpec `json:"spec"`
	// What has been created so far. Written by the controller.
	// +optional
	Status CronWorkflowStatus `json:"status,omitempty,omitzero"`
}

// CronWorkflowList is a list of CronWorkflows.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type CronWorkflowList struct {
	metav1.TypeMeta `json:",inline"`
	// Resource version and, while there is more to read, where to continue.
	metav1.ListMeta `json:"metadata"`

	// The cron workflows.
	Items []CronWorkflow `json:"items"`
}

// ConcurrencyPolicy tells what happens when a run is due while earlier ones are still going.
// +enum
type ConcurrencyPolicy string

const (
	// AllowConcurrent starts the run beside the others.
	AllowConcurrent ConcurrencyPolicy = "Allow"
	// ForbidConcurrent leaves the run out.
	ForbidConcurrent ConcurrencyPolicy = "Forbid"
	// ReplaceConcurrent terminates the others and starts the run.
	ReplaceConcurrent ConcurrencyPolicy = "Replace"
)

// CronWorkflowPhase tells whether a cron workflow still creates workflows.
// +enum
type CronWorkflowPhase string

const (
	// ActivePhase is the phase of a cron workflow that creates workflows.
	ActivePhase CronWorkflowPhase = "Active"
	// StoppedPhase is the phase of a cron workflow whose stop strategy has ended it.
	StoppedPhase CronWorkflowPhase = "Stopped"
)

// CronWorkflowSpec tells when to create which workflow.
type CronWorkflowSpec struct {
	// The spec of the workflows to create; a `workflowTemplateRef` is allowed.
	WorkflowSpec WorkflowSpec `json:"workflowSpec"`
	// What happens when a run is due while earlier ones are still going: `Allow` both, `Forbid` the new one, or `Replace`
	// the earlier ones. Default: `Allow`.
	// +optional
	ConcurrencyPolicy ConcurrencyPolicy `json:"concurrencyPolicy,omitempty"`
	// Create nothing while this is set. Workflows that are running go on. Default: false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
	// How late a missed run may still be started, in seconds after its time; considered when the controller was not
	// running at that time. Only the latest missed run is started. Default: missed runs are not started.
	// +optional
	StartingDeadlineSeconds *int64 `json:"startingDeadlineSeconds,omitempty"`
	// How many succeeded workflows to keep. 0 keeps none. Default: 3.
	// +optional
	SuccessfulJobsHistoryLimit *int32 `json:"successfulJobsHistoryLimit,omitempty"`
	// How many workflows that failed or ended in error to keep. 0 keeps none. Default: 1.
	// +optional
	FailedJobsHistoryLimit *int32 `json:"failedJobsHistoryLimit,omitempty"`
	// Time zone of all schedules, by its IANA name, such as `Europe/Berlin`. Default: the controller's, usually UTC.
	// +optional
	Timezone string `json:"timezone,omitempty"`
	// Labels and annotations of the workflows to create.
	// +optional
	WorkflowMetadata *metav1.ObjectMeta `json:"workflowMetadata,omitempty"`
	// When to stop for good.
	// +optional
	StopStrategy *StopStrategy `json:"stopStrategy,omitempty"`
	// Times to create a workflow at, each as five cron fields (`minute hour day-of-month month day-of-week`) or a
	// descriptor such as `@daily`. Each works for itself; at least one is needed.
	// +listType=atomic
	Schedules []string `json:"schedules"`
	// Expression, in which variables such as `{{cronworkflow.lastScheduledTime}}` are replaced, that must be true for a run
	// to start. Default: every run starts.
	// +optional
	When string `json:"when,omitempty"`
}

// StopStrategy tells when a cron workflow stops for good.
type StopStrategy struct {
	// Expression over `cronworkflow`, such as `cronworkflow.failed >= 3`. Once it is true no more workflows are created.
	Expression string `json:"expression"`
}

// CronWorkflowStatus tells what a cron workflow has created.
type CronWorkflowStatus struct {
	// The workflows that are running.
	// +optional
	// +listType=atomic
	Active []corev1.ObjectReference `json:"active"`
	// The time for which the last workflow was created: that of the schedule, not that of the clock.
	// +optional
	LastScheduledTime *metav1.Time `json:"lastScheduledTime"`
	// Problems, such as `SubmissionError` and `SpecError`; they go away with the next run that starts.
	// +optional
	// +listType=atomic
	Conditions Conditions `json:"conditions"`
	// How many of its workflows have succeeded.
	// +optional
	Succeeded int64 `json:"succeeded"`
	// How many of its workflows have failed, ended in error or could not be created.
	// +optional
	Failed int64 `json:"failed"`
	// `Active`, or `Stopped` when the stop strategy has ended it.
	// +optional
	Phase CronWorkflowPhase `json:"phase"`
}
