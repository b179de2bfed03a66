package artifactgc

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/gc"
	"fairlead.dev/fairlead/pkg/executor/remove"
)

// outcome is which places in the list of count artifacts that an ended pod was given are still there, and why.
func outcome(p *corev1.Pod, count int) (map[int]bool, remove.Report) {
	if p.Status.Phase == corev1.PodSucceeded {
		return map[int]bool{}, remove.Report{}
	}
	all := map[int]bool{}
	for i := range count {
		all[i] = true
	}
	words := lastWords(p)
	report, ok := remove.Parse(words)
	if !ok {
		return all, remove.Report{Failures: []remove.Failure{{Message: "its pod failed: " + words}}}
	}
	failed, err := report.Indices()
	if err != nil {
		return all, report
	}
	for i := range failed {
		if !all[i] { // a report about something else
			return all, report
		}
	}
	return failed, report
}

// takeIn records what a pod has done to the artifacts it was given: on the workflow, on the task, and then the task is done
// with or waits for the next attempt. When one of these writes fails, all is done again with the same pod: that changes
// nothing that is stored already. The workflow comes first because a task with nothing left is not looked at again.
func (c *Controller) takeIn(ctx context.Context, task *wfv1.WorkflowArtifactGCTask, p *corev1.Pod, given []gc.Item, failed map[int]bool, report remove.Report) error {
	reasons := map[int]remove.Failure{}
	for _, f := range report.Failures {
		reasons[f.Artifact] = f
	}
	task = task.DeepCopy()
	if task.Status.ArtifactResultsByNode == nil {
		task.Status.ArtifactResultsByNode = map[string]wfv1.ArtifactResultNodeStatus{}
	}
	deleted, lasting := 0, true
	for i, one := range given {
		if gc.Deleted(task, one) {
			delete(failed, i) // what is gone stays gone, whatever a later look at it came to
			continue
		}
		node := task.Status.ArtifactResultsByNode[one.Node]
		if node.ArtifactResults == nil {
			node.ArtifactResults = map[string]wfv1.ArtifactResult{}
		}
		result := wfv1.ArtifactResult{Name: one.Artifact.Name, Success: !failed[i]}
		if failed[i] {
			reason, ok := reasons[i]
			if ok {
				result.Error = &reason.Message
			}
			lasting = lasting && ok && reason.Lasting
		} else {
			deleted++
		}
		node.ArtifactResults[one.Artifact.Name] = result
		task.Status.ArtifactResultsByNode[one.Node] = node
	}
	message := ""
	if len(failed) > 0 {
		message = failureOf(len(failed), len(given), report)
	}
	if err := c.recordDeleted(ctx, task, p.Name, message); err != nil {
		return err
	}
	stored, err := c.Client.WorkflowArtifactGCTasks(task.Namespace).UpdateStatus(ctx, task, metav1.UpdateOptions{})
	if err != nil {
		return ignoreGone(err)
	}
	stored.Status = task.Status
	deletedArtifacts.Add(float64(deleted))
	switch {
	case len(failed) > 0:
		if err := c.failed(ctx, stored, message, p, lasting); err != nil {
			return err
		}
	case len(gc.Remaining(stored)) == 0:
		return c.conclude(ctx, stored)
	}
	return c.deletePod(ctx, p)
}

// failureOf is what people are told about artifacts that are left.
func failureOf(failed, given int, report remove.Report) string {
	first := ""
	if len(report.Failures) > 0 {
		first = report.Failures[0].Message
	}
	return fmt.Sprintf("%d of %d artifacts could not be deleted; the first: %s", failed, given, cmp.Or(first, "no reason given"))
}

// failed notes that an attempt, with its pod if it had one, came to nothing, and plans the next one unless that would not help.
func (c *Controller) failed(ctx context.Context, task *wfv1.WorkflowArtifactGCTask, message string, p *corev1.Pod, lasting bool) error {
	n := attempts(task) + 1
	pause := longestPause
	if n < 12 {
		pause = min(firstPause<<(n-1), longestPause)
	}
	next := c.clock.Now().Add(pause).UTC().Format(time.RFC3339)
	if lasting {
		next = never
	}
	updated := task.DeepCopy()
	if updated.Annotations == nil {
		updated.Annotations = map[string]string{}
	}
	updated.Annotations[annotationAttempts] = strconv.Itoa(n)
	updated.Annotations[annotationNext] = next
	updated.Annotations[annotationLastReason] = message
	if p != nil {
		updated.Annotations[annotationSeenPod] = string(p.UID)
	}
	if _, err := c.Client.WorkflowArtifactGCTasks(task.Namespace).Update(ctx, updated, metav1.UpdateOptions{}); err != nil {
		return ignoreGone(err)
	}
	failedAttempts.Inc()
	klog.FromContext(ctx).Info("Artifacts could not be deleted", "task", klog.KObj(task), "attempt", n, "next", next, "reason", message)
	c.Recorder.Event(taskReference(task), corev1.EventTypeWarning, ReasonFailed, message)
	if name := workflowOf(task); name != "" {
		c.Recorder.Event(&corev1.ObjectReference{
			APIVersion: wfv1.SchemeGroupVersion.String(), Kind: "Workflow", Namespace: task.Namespace, Name: name, UID: types.UID(task.Annotations[annotationUID]),
		}, corev1.EventTypeWarning, ReasonFailed, message)
	}
	return nil
}

func taskReference(task *wfv1.WorkflowArtifactGCTask) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: wfv1.SchemeGroupVersion.String(), Kind: "WorkflowArtifactGCTask", Namespace: task.Namespace, Name: task.Name, UID: task.UID,
	}
}
