package artifactgc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/gc"
	"fairlead.dev/fairlead/pkg/controller/ended"
)

const (
	completion = wfv1.ArtifactGCOnWorkflowCompletion
	deletion   = wfv1.ArtifactGCOnWorkflowDeletion
)

// Annotations of tasks, which have no fields for it.
const (
	annotationUID        = "fairlead.dev/workflow-uid"
	annotationAccount    = "fairlead.dev/service-account"
	annotationMetadata   = "fairlead.dev/pod-metadata"
	annotationPatch      = "fairlead.dev/pod-spec-patch"
	annotationAttempts   = wfv1.AnnotationKeyArtifactGCAttempts
	annotationNext       = wfv1.AnnotationKeyArtifactGCNextAttempt
	annotationLastReason = wfv1.AnnotationKeyArtifactGCLastFailure
	annotationSeenPod    = "fairlead.dev/seen-pod"
)

// ReasonFailed is the reason of Events about artifacts that could not be deleted.
const ReasonFailed = "ArtifactGCFailed"

// due tells whether something is to be done for a workflow (AGC-03): it is being deleted, or it is over and its artifacts were
// not looked at since.
func due(wf *wfv1.Workflow) bool {
	if !slices.Contains(wf.Finalizers, wfv1.FinalizerArtifactGC) {
		return false
	}
	return wf.DeletionTimestamp != nil || wf.Status.Phase.Completed() && !processed(wf, completion)
}

func processed(wf *wfv1.Workflow, strategy wfv1.ArtifactGCStrategy) bool {
	return wf.Status.ArtifactGCStatus != nil && wf.Status.ArtifactGCStatus.StrategiesProcessed[strategy]
}

// syncWorkflow records what is to be deleted of a workflow.
func (c *Controller) syncWorkflow(ctx context.Context, key types.NamespacedName) error {
	header, err := c.Workflows.Header(ctx, key)
	if err != nil || header == nil || !due(header) {
		return err
	}
	strategies := []wfv1.ArtifactGCStrategy{completion}
	if header.DeletionTimestamp != nil {
		strategies = append(strategies, deletion)
	}
	if !c.options.Off {
		if err := c.recordTasks(ctx, header, strategies); err != nil {
			return err
		}
	}
	if header.DeletionTimestamp != nil {
		return c.letGo(ctx, header)
	}
	status := statusOf(header)
	gcStatus := &wfv1.ArtGCStatus{StrategiesProcessed: map[wfv1.ArtifactGCStrategy]bool{}}
	if known := header.Status.ArtifactGCStatus; known != nil {
		gcStatus = known.DeepCopy()
		if gcStatus.StrategiesProcessed == nil {
			gcStatus.StrategiesProcessed = map[wfv1.ArtifactGCStrategy]bool{}
		}
	}
	gcStatus.StrategiesProcessed[completion] = true
	status.ArtifactGCStatus = gcStatus
	_, err = c.Workflows.UpdateNodes(ctx, &wfv1.NodesUpdate{Metadata: identity(header), Status: status})
	return ignoreGone(err)
}

// recordTasks writes down what is to be deleted. Recording twice is harmless: the names are the same.
func (c *Controller) recordTasks(ctx context.Context, header *wfv1.Workflow, strategies []wfv1.ArtifactGCStrategy) error {
	list, err := c.Workflows.Nodes(ctx, types.NamespacedName{Namespace: header.Namespace, Name: header.Name})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the nodes of workflow %s/%s: %w", header.Namespace, header.Name, err)
	}
	groups, problems := gc.Collect(header, list.Items, strategies...)
	for _, problem := range problems {
		c.lost(ctx, header, problem.Error())
	}
	for i := range groups {
		task, err := c.taskOf(header, &groups[i], strategies[len(strategies)-1])
		if err != nil {
			return err
		}
		_, err = c.Client.WorkflowArtifactGCTasks(header.Namespace).Create(ctx, task, metav1.CreateOptions{})
		switch {
		case err == nil, apierrors.IsAlreadyExists(err):
		case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
			// Nothing can be made in the namespace any more, and it must be able to go.
			c.lost(ctx, header, "its namespace is being deleted, so that nothing can run there")
			return nil
		default:
			return fmt.Errorf("record the artifacts of workflow %s/%s that are to be deleted: %w", header.Namespace, header.Name, err)
		}
	}
	return nil
}

// lost tells of artifacts that nobody will delete.
func (c *Controller) lost(ctx context.Context, wf *wfv1.Workflow, why string) {
	lostArtifacts.Inc()
	klog.FromContext(ctx).Error(errors.New(why), "Artifacts of a workflow are left behind", "workflow", klog.KObj(wf))
	c.Recorder.Event(ended.Reference(wf), corev1.EventTypeWarning, ReasonFailed, "Artifacts are left behind: "+why)
}

// taskOf is the record of what one pod is to delete.
func (c *Controller) taskOf(wf *wfv1.Workflow, group *gc.Group, strategy wfv1.ArtifactGCStrategy) (*wfv1.WorkflowArtifactGCTask, error) {
	task := &wfv1.WorkflowArtifactGCTask{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: wf.Namespace, Name: group.Name,
			Labels:      map[string]string{wfv1.LabelKeyWorkflow: wf.Name},
			Annotations: map[string]string{annotationUID: string(wf.UID), wfv1.AnnotationKeyArtifactGCStrategy: string(strategy)},
		},
		Spec: group.Spec,
	}
	if wf.Status.Retries > 0 {
		task.Annotations[wfv1.AnnotationKeyRetries] = strconv.Itoa(int(wf.Status.Retries))
	}
	if c.options.InstanceID != "" {
		task.Labels[wfv1.LabelKeyControllerInstanceID] = c.options.InstanceID
	}
	if len(wf.Name) > 63 { // not every name is a label value
		delete(task.Labels, wfv1.LabelKeyWorkflow)
		task.Annotations[wfv1.LabelKeyWorkflow] = wf.Name
	}
	if group.ServiceAccountName != "" {
		task.Annotations[annotationAccount] = group.ServiceAccountName
	}
	if group.PodSpecPatch != "" {
		task.Annotations[annotationPatch] = group.PodSpecPatch
	}
	if group.Metadata != nil {
		text, err := json.Marshal(group.Metadata)
		if err != nil {
			return nil, err
		}
		task.Annotations[annotationMetadata] = string(text)
	}
	return task, nil
}

// letGo removes the finalizer: all that is to be deleted is recorded.
func (c *Controller) letGo(ctx context.Context, wf *wfv1.Workflow) error {
	left := slices.DeleteFunc(slices.Clone(wf.Finalizers), func(f string) bool { return f == wfv1.FinalizerArtifactGC })
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": wf.UID, "resourceVersion": wf.ResourceVersion, "finalizers": left}})
	if err != nil {
		return err
	}
	_, err = c.Client.Workflows(wf.Namespace).Patch(ctx, wf.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("let workflow %s/%s go: %w", wf.Namespace, wf.Name, err)
	}
	return nil
}

// statusOf is the status to store, without where the nodes are, which is the server's to say.
func statusOf(wf *wfv1.Workflow) *wfv1.WorkflowStatus {
	status := *wf.Status.DeepCopy()
	status.Nodes, status.NodeStorage = nil, nil
	return &status
}

func identity(wf *wfv1.Workflow) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: wf.Namespace, Name: wf.Name, UID: wf.UID, ResourceVersion: wf.ResourceVersion}
}

// ignoreGone forgives that an object is not there any more.
func ignoreGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// recordDeleted marks artifacts deleted on the nodes of their workflow, if it is still there (ART-16), and says what could not
// be deleted.
func (c *Controller) recordDeleted(ctx context.Context, task *wfv1.WorkflowArtifactGCTask, podName, failure string) error {
	key := types.NamespacedName{Namespace: task.Namespace, Name: workflowOf(task)}
	header, err := c.Workflows.Header(ctx, key)
	if err != nil || header == nil || string(header.UID) != task.Annotations[annotationUID] || header.DeletionTimestamp != nil && len(header.Finalizers) == 0 {
		return err
	}
	list, err := c.Workflows.Nodes(ctx, key)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if list.ResourceVersion != header.ResourceVersion {
		return fmt.Errorf("workflow %s changes at the moment", key)
	}
	update := &wfv1.NodesUpdate{Metadata: identity(header), Status: statusOf(header), Pages: changedPages(list, task, header.Status.Retries)}
	gcStatus := update.Status.ArtifactGCStatus
	if gcStatus == nil {
		gcStatus = &wfv1.ArtGCStatus{}
		update.Status.ArtifactGCStatus = gcStatus
	}
	if gcStatus.PodsRecouped == nil {
		gcStatus.PodsRecouped = map[string]bool{}
	}
	gcStatus.PodsRecouped[podName] = true
	if failure != "" {
		update.Status.Conditions.UpsertCondition(wfv1.Condition{Type: wfv1.ConditionTypeArtifactGCError, Status: metav1.ConditionTrue, Message: failure})
	} else if !c.othersFail(task) {
		update.Status.Conditions.RemoveCondition(wfv1.ConditionTypeArtifactGCError)
	}
	_, err = c.Workflows.UpdateNodes(ctx, update)
	return ignoreGone(err)
}

// othersFail tells whether another task of the same workflow has failures to show.
func (c *Controller) othersFail(task *wfv1.WorkflowArtifactGCTask) bool {
	siblings, err := c.Tasks.GetIndexer().ByIndex(workflowIndex, task.Annotations[annotationUID])
	if err != nil {
		return false // there is an index: NewController saw to it
	}
	for _, obj := range siblings {
		other, ok := obj.(*wfv1.WorkflowArtifactGCTask)
		if ok && other.Namespace == task.Namespace && other.Name != task.Name && other.Annotations[annotationLastReason] != "" {
			return true
		}
	}
	return false
}

// changedPages are the nodes whose artifacts a task has deleted, as they are to be stored. round is how often the workflow was
// retried.
func changedPages(list *wfv1.NodeList, task *wfv1.WorkflowArtifactGCTask, round int32) []wfv1.NodePageChange {
	versions := map[int32]string{}
	for _, page := range list.Pages {
		versions[page.Index] = page.ResourceVersion
	}
	byPage := map[int32]*wfv1.NodePageChange{}
	for i := range list.Items {
		n := &list.Items[i]
		results := task.Status.ArtifactResultsByNode[n.ID].ArtifactResults
		if len(results) == 0 || n.Outputs == nil || ranAgain(n, task, round) {
			continue
		}
		changed := false
		copied := n.DeepCopy()
		for j := range copied.Outputs.Artifacts {
			if a := &copied.Outputs.Artifacts[j]; !a.Deleted && results[a.Name].Success {
				a.Deleted, changed = true, true
			}
		}
		if !changed {
			continue
		}
		index := int32(n.Ordinal / wfv1.NodesPerPage)
		page := byPage[index]
		if page == nil {
			page = &wfv1.NodePageChange{Index: index, ResourceVersion: versions[index]}
			byPage[index] = page
		}
		page.Set = append(page.Set, *copied)
	}
	pages := make([]wfv1.NodePageChange, 0, len(byPage))
	for _, index := range slices.Sorted(maps.Keys(byPage)) {
		pages = append(pages, *byPage[index])
	}
	return pages
}

func workflowOf(task *wfv1.WorkflowArtifactGCTask) string {
	if name := task.Labels[wfv1.LabelKeyWorkflow]; name != "" {
		return name
	}
	return task.Annotations[wfv1.LabelKeyWorkflow]
}
