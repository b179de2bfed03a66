package v1alpha1

// Labels and annotations keep these prefixes whatever API group the installation serves (see GroupName): clients,
// dashboards and policies select by them.
const (
	labelPrefix     = "workflows.argoproj.io/"
	cronLabelPrefix = "cronworkflows.argoproj.io/"
)

// Labels of pods and of objects that belong to a workflow.
const (
	// LabelKeyWorkflow is the name of the workflow that a pod, task result or task set belongs to.
	LabelKeyWorkflow = labelPrefix + "workflow"
	// LabelKeyCompleted on a pod is "true" once the controller has taken note of its end; on a workflow once that has ended,
	// "false" while it runs.
	LabelKeyCompleted = labelPrefix + "completed"
	// LabelKeyOnExit is "true" on pods of exit handlers: they run on when a workflow is stopped.
	LabelKeyOnExit = labelPrefix + "on-exit"
	// LabelKeyControllerInstanceID names the controller that takes care of the object, where there are several.
	LabelKeyControllerInstanceID = labelPrefix + "controller-instanceid"
	// LabelKeyComponent tells agent and artifact garbage collection pods from the pods of steps.
	LabelKeyComponent = labelPrefix + "component"
	// LabelKeyReportOutputsCompleted on a task result is "false" while more may come and "true" when it is final.
	LabelKeyReportOutputsCompleted = labelPrefix + "report-outputs-completed"
)

// Labels of workflows.
const (
	// LabelKeyPhase is the phase of the workflow.
	LabelKeyPhase = labelPrefix + "phase"
	// LabelKeyWorkflowArchivingStatus tells how far the workflow is on its way into the archive.
	LabelKeyWorkflowArchivingStatus = labelPrefix + "workflow-archiving-status"
	// LabelKeyPreviousWorkflowName is the name of the workflow that this one repeats.
	LabelKeyPreviousWorkflowName = labelPrefix + "resubmitted-from-workflow"
	// LabelKeyCronWorkflow is the name of the cron workflow that made the workflow.
	LabelKeyCronWorkflow = labelPrefix + "cron-workflow"
	// LabelKeyCronWorkflowBackfill is the name of the backfill that made the workflow.
	LabelKeyCronWorkflowBackfill = labelPrefix + "backfill"
	// LabelKeyWorkflowTemplate is the name of the workflow template that the workflow was made from.
	LabelKeyWorkflowTemplate = labelPrefix + "workflow-template"
	// LabelKeyClusterWorkflowTemplate is the name of the cluster workflow template that the workflow was made from.
	LabelKeyClusterWorkflowTemplate = labelPrefix + "cluster-workflow-template"
	// LabelKeyWorkflowEventBinding is the name of the event binding that made the workflow.
	LabelKeyWorkflowEventBinding = labelPrefix + "workflow-event-binding"
	// LabelKeyCreator is who created the workflow.
	LabelKeyCreator = labelPrefix + "creator"
	// LabelKeyCreatorEmail is the creator's email address, "@" written as ".at.".
	LabelKeyCreatorEmail = labelPrefix + "creator-email"
	// LabelKeyCreatorPreferredUsername is the creator's user name.
	LabelKeyCreatorPreferredUsername = labelPrefix + "creator-preferred-username"
	// LabelKeyActor is who last stopped, resumed, retried ... the workflow.
	LabelKeyActor = labelPrefix + "actor"
	// LabelKeyActorEmail is that person's email address, "@" written as ".at.".
	LabelKeyActorEmail = labelPrefix + "actor-email"
	// LabelKeyActorPreferredUsername is that person's user name.
	LabelKeyActorPreferredUsername = labelPrefix + "actor-preferred-username"
	// LabelKeyAction is what that person did.
	LabelKeyAction = labelPrefix + "action"
)

// Values of LabelKeyWorkflowArchivingStatus.
const (
	// ArchivingStatusPending: the workflow is to be archived.
	ArchivingStatusPending = "Pending"
	// ArchivingStatusArchived: the workflow is in the archive.
	ArchivingStatusArchived = "Archived"
	// ArchivingStatusPersisted: the object was read back from the archive.
	ArchivingStatusPersisted = "Persisted"
)

// Labels of other objects.
const (
	// LabelKeyConfigMapType tells what a ConfigMap is for; without it the controller does not use one.
	LabelKeyConfigMapType = labelPrefix + "configmap-type"
	// LabelValueTypeConfigMapCache marks a ConfigMap with outputs of memoized templates.
	LabelValueTypeConfigMapCache = "Cache"
	// LabelValueTypeConfigMapParameter marks a ConfigMap with values of parameters.
	LabelValueTypeConfigMapParameter = "Parameter"
	// LabelValueTypeConfigMapExecutorPlugin marks a ConfigMap that describes an executor plugin.
	LabelValueTypeConfigMapExecutorPlugin = "ExecutorPlugin"
	// LabelKeyParallelismLimit on a namespace is how many of its workflows may run at once.
	LabelKeyParallelismLimit = labelPrefix + "parallelism-limit"
	// LabelKeyCronWorkflowCompleted is "true" on a cron workflow that its stop strategy has ended.
	LabelKeyCronWorkflowCompleted = cronLabelPrefix + "completed"
)

// Annotations of pods.
const (
	// AnnotationKeyNodeName is the name of the pod's node.
	AnnotationKeyNodeName = labelPrefix + "node-name"
	// AnnotationKeyNodeID is the ID of the pod's node.
	AnnotationKeyNodeID = labelPrefix + "node-id"
	// AnnotationKeyPodGCStrategy tells when the pod is deleted, as `<strategy>/<delay>`.
	AnnotationKeyPodGCStrategy = labelPrefix + "pod-gc-strategy"
	// AnnotationKeyProgress is the progress that a pod reports about itself, as `<done>/<total>`.
	AnnotationKeyProgress = labelPrefix + "progress"
	// AnnotationKeyDefaultContainer is the container that `kubectl logs` and `kubectl exec` choose.
	AnnotationKeyDefaultContainer = "kubectl.kubernetes.io/default-container"
	// AnnotationKeyKillCmdPrefix, followed by the name of a container that something else put into the pod, holds the
	// command that ends it, a JSON list of strings.
	AnnotationKeyKillCmdPrefix = labelPrefix + "kill-cmd-"
	// AnnotationKeySidecars names the containers that a podSpecPatch has added to a pod, separated by commas. What a pod has
	// beyond them and its template, others have put there.
	AnnotationKeySidecars = "fairlead.dev/sidecars"
)

// Annotations of workflows and templates.
const (
	// AnnotationKeyPodNameVersion is how the workflow's pods are named; set once, at the first look at the workflow.
	AnnotationKeyPodNameVersion = labelPrefix + "pod-name-format"
	// AnnotationKeyCronWfScheduledTime is the time for which a cron workflow made the workflow, RFC 3339.
	AnnotationKeyCronWfScheduledTime = labelPrefix + "scheduled-time"
	// AnnotationKeyTitle is a title for people.
	AnnotationKeyTitle = labelPrefix + "title"
	// AnnotationKeyDescription is a description for people, Markdown.
	AnnotationKeyDescription = labelPrefix + "description"
	// AnnotationKeyDisplayName, among the `annotations` of a template, is the display name of its nodes.
	AnnotationKeyDisplayName = labelPrefix + "display-name"
	// AnnotationKeyArtifactGCStrategy is the garbage collection strategy that an artifact GC pod works on.
	AnnotationKeyArtifactGCStrategy = labelPrefix + "artifact-gc-strategy"
	// AnnotationKeyTraceID is the trace that the workflow's spans belong to.
	AnnotationKeyTraceID = labelPrefix + "trace-id"
)

// Values of AnnotationKeyPodNameVersion.
const (
	// PodNameV1 names a pod like its node's ID.
	PodNameV1 = "v1"
	// PodNameV2 puts the template's name into the pod's.
	PodNameV2 = "v2"
)

// Annotations of other objects.
const (
	// AnnotationKeyServiceAccountTokenName on a service account names the Secret with its token.
	AnnotationKeyServiceAccountTokenName = labelPrefix + "service-account-token.name"
	// AnnotationKeyRBACRule on a service account is the expression that says which users act as it.
	AnnotationKeyRBACRule = labelPrefix + "rbac-rule"
	// AnnotationKeyRBACRulePrecedence orders service accounts whose rules hold; the highest counts.
	AnnotationKeyRBACRulePrecedence = labelPrefix + "rbac-rule-precedence"
	// AnnotationKeyDefaultArtifactRepository on a ConfigMap of artifact repositories is the key of the default one.
	AnnotationKeyDefaultArtifactRepository = labelPrefix + "default-artifact-repository"
	// AnnotationKeyLatestSchedule on a cron workflow is the schedule, with time zone, last acted upon.
	AnnotationKeyLatestSchedule = cronLabelPrefix + "last-used-schedule"
)

// Finalizers.
const (
	// FinalizerArtifactGC keeps a workflow until its artifacts are deleted.
	FinalizerArtifactGC = labelPrefix + "artifact-gc"
	// FinalizerPodStatus keeps a pod until the controller has taken note of its end.
	FinalizerPodStatus = labelPrefix + "status"
)

// AnnotationKeyNodeOrdinal on a task result is the ordinal of its node, which tells the server where to look the node up.
const AnnotationKeyNodeOrdinal = "fairlead.dev/node-ordinal"

// Who did what, more than fits into labels: JSON with `user`, `groups`, `time` and, of an actor, `action`.
const (
	// AnnotationKeyCreator on a workflow, template or cron workflow tells who created it.
	AnnotationKeyCreator = "fairlead.dev/creator"
	// AnnotationKeyActor tells who last suspended, resumed, stopped, retried ... the object.
	AnnotationKeyActor = "fairlead.dev/actor"
)

// AnnotationKeyRestored is "true" on a workflow that was over when it was created, as one from a backup is. The server sets and
// keeps it: what the status of such a workflow says about templates is its creator's word.
const AnnotationKeyRestored = "fairlead.dev/restored"

// Annotations that stand for the large parts of a workflow where those are left out: in the store, and in watches that ask for
// it with UnchangedHeader. The values are digests. Nobody else sees them.
const (
	// AnnotationKeyGivenPart stands for metadata.managedFields, spec.templates and spec.arguments.
	AnnotationKeyGivenPart = "storage.fairlead.dev/given"
	// AnnotationKeyResolvedPart stands for status.storedTemplates and status.storedWorkflowTemplateSpec.
	AnnotationKeyResolvedPart = "storage.fairlead.dev/resolved"
)

// UnchangedHeader is the HTTP header by which a watch of workflows asks for leaving large parts out of events, with the value
// UnchangedOmit: those that are what they were in the event before of the same workflow on the same watch. Events of workflows
// that are over are always whole.
const (
	UnchangedHeader = "Fairlead-Unchanged"
	UnchangedOmit   = "omit"
)

// AnnotationKeyRetries on a pod is `status.retries` of its workflow at the time when it was created; absent means 0.
const AnnotationKeyRetries = "fairlead.dev/retries"

// Annotations of WorkflowArtifactGCTasks, which say how the deletion of artifacts goes.
const (
	// AnnotationKeyArtifactGCAttempts is how often it was tried and something was left.
	AnnotationKeyArtifactGCAttempts = "fairlead.dev/attempts"
	// AnnotationKeyArtifactGCNextAttempt is when it will be tried again, RFC 3339, or "never" when that would not help.
	AnnotationKeyArtifactGCNextAttempt = "fairlead.dev/next-attempt"
	// AnnotationKeyArtifactGCLastFailure is why something was left last time.
	AnnotationKeyArtifactGCLastFailure = "fairlead.dev/last-failure"
)
