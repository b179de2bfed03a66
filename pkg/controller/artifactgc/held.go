package artifactgc

import (
	"context"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// A task may still wait for its next attempt, or its pod may be at work, when the workflow is retried. A node that runs again
// leaves its artifact at the place of the old one, where a step after it looks for it: until the workflow is over once more,
// such a task rests.

// workflowIndex indexes tasks by the UID of their workflow.
const workflowIndex = "workflow-uid"

// indexTasks gives the informer of tasks its index, unless a loop before this one has.
func indexTasks(tasks cache.SharedIndexInformer) error {
	if _, ok := tasks.GetIndexer().GetIndexers()[workflowIndex]; ok {
		return nil
	}
	err := tasks.AddIndexers(cache.Indexers{workflowIndex: func(obj any) ([]string, error) {
		if task, ok := obj.(*wfv1.WorkflowArtifactGCTask); ok {
			return []string{task.Annotations[annotationUID]}, nil
		}
		return nil, nil
	}})
	if err != nil {
		return fmt.Errorf("index the tasks of artifact garbage collection: %w", err)
	}
	return nil
}

// noteTasksOf looks at the tasks of a workflow that has begun again, is over or is gone.
func (c *Controller) noteTasksOf(obj any) {
	wf, ok := obj.(*wfv1.Workflow)
	if !ok {
		return
	}
	tasks, err := c.Tasks.GetIndexer().ByIndex(workflowIndex, string(wf.UID))
	if err != nil {
		return // there is an index: NewController saw to it
	}
	for _, task := range tasks {
		c.noteTask(task)
	}
}

// held tells whether a task rests. What goes with a workflow that is deleted never does: such a workflow is not retried.
func (c *Controller) held(ctx context.Context, task *wfv1.WorkflowArtifactGCTask) (bool, error) {
	if task.Annotations[wfv1.AnnotationKeyArtifactGCStrategy] != string(completion) {
		return false, nil
	}
	key := types.NamespacedName{Namespace: task.Namespace, Name: workflowOf(task)}
	goesOn := func(wf *wfv1.Workflow) bool {
		return string(wf.UID) == task.Annotations[annotationUID] && !wf.Status.Phase.Completed()
	}
	// If the informer is late in this, it will tell of the end, and the task is looked at again.
	if obj, ok, err := c.Headers.GetIndexer().GetByKey(key.String()); err == nil && ok {
		if wf, is := obj.(*wfv1.Workflow); is && goesOn(wf) {
			return true, nil
		}
	}
	// In the other direction it must not be late: what is deleted stays deleted.
	header, err := c.Workflows.Header(ctx, key)
	if err != nil {
		return false, fmt.Errorf("see whether workflow %s was retried: %w", key, err)
	}
	return header != nil && goesOn(header), nil
}

// stop ends the pod of a task that rests. That is no failed attempt; deleting again what the pod got to does no harm. A pod that
// has ended is kept for its report, which is taken in later.
func (c *Controller) stop(ctx context.Context, task *wfv1.WorkflowArtifactGCTask, p *corev1.Pod) error {
	if p.DeletionTimestamp != nil || !metav1.IsControlledBy(p, task) || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return nil
	}
	options := metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(p.UID)),
		// Every moment may cost an artifact of the new round, and the program has nothing to put in order.
		GracePeriodSeconds: new(int64(1)),
	}
	return ignoreGone(c.Pods.Pods(p.Namespace).Delete(ctx, p.Name, options))
}

// roundOf is how often its workflow had been retried when a task was recorded.
func roundOf(task *wfv1.WorkflowArtifactGCTask) int32 {
	n, _ := strconv.ParseInt(task.Annotations[wfv1.AnnotationKeyRetries], 10, 32)
	return int32(n)
}

// ranAgain tells whether a node ran again after a task was recorded, in a later round: its artifacts are not the task's.
func ranAgain(n *wfv1.NodeStatus, task *wfv1.WorkflowArtifactGCTask, round int32) bool {
	return round != roundOf(task) && !n.StartedAt.Before(&task.CreationTimestamp)
}
