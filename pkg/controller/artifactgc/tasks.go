package artifactgc

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/gc"
	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
	"fairlead.dev/fairlead/pkg/executor/remove"
)

const (
	// firstPause and longestPause are between attempts; each is twice as long as the one before.
	firstPause, longestPause = time.Minute, 6 * time.Hour
	// patience is how long a pod may take to start.
	patience = 10 * time.Minute
)

// syncTask brings one task on: it gets a pod, and when that has ended, what became of the artifacts is recorded.
func (c *Controller) syncTask(ctx context.Context, key types.NamespacedName) error {
	obj, ok, err := c.Tasks.GetIndexer().GetByKey(key.String())
	if err != nil || !ok {
		return err
	}
	task, is := obj.(*wfv1.WorkflowArtifactGCTask)
	if !is || task.DeletionTimestamp != nil {
		return nil
	}
	left := gc.Remaining(task)
	if len(left) == 0 {
		return c.conclude(ctx, task)
	}
	p := c.podOf(key)
	if p == nil {
		if task.Annotations[annotationNext] == never {
			return nil
		}
		if wait := nextAttempt(task).Sub(c.clock.Now()); wait > 0 {
			c.queue.AddAfter(item{task: true, key: key}, wait)
			return nil
		}
	}
	if held, err := c.held(ctx, task); err != nil || held {
		if err == nil && p != nil {
			err = c.stop(ctx, task, p)
		}
		return err
	}
	switch {
	case p == nil:
		return c.createPod(ctx, task, left)
	case p.DeletionTimestamp != nil:
		return nil // its end comes by the informer
	case task.Annotations[annotationSeenPod] == string(p.UID):
		return c.deletePod(ctx, p) // it is in the way of the next attempt
	case metav1.IsControlledBy(p, task):
		return c.observe(ctx, task, p)
	}
	return c.failed(ctx, task, "pod "+p.Name+" exists and is somebody else's", nil, false)
}

// never is the time of the next attempt when another one would not help.
const never = "never"

func nextAttempt(task *wfv1.WorkflowArtifactGCTask) time.Time {
	at, err := time.Parse(time.RFC3339, task.Annotations[annotationNext])
	if err != nil {
		return time.Time{}
	}
	return at
}

func attempts(task *wfv1.WorkflowArtifactGCTask) int {
	n, _ := strconv.Atoi(task.Annotations[annotationAttempts])
	return n
}

func (c *Controller) podOf(key types.NamespacedName) *corev1.Pod {
	obj, ok, err := c.OwnPods.GetIndexer().GetByKey(key.String())
	if err != nil || !ok {
		return nil
	}
	p, _ := obj.(*corev1.Pod)
	return p
}

func (c *Controller) createPod(ctx context.Context, task *wfv1.WorkflowArtifactGCTask, left []gc.Item) error {
	in := pod.ArtifactGC{
		Task: task, ServiceAccountName: task.Annotations[annotationAccount], PodSpecPatch: task.Annotations[annotationPatch],
		Executor: c.options.Executor, Settings: c.options.Settings(),
	}
	for _, i := range left {
		in.Artifacts = append(in.Artifacts, i.Artifact)
	}
	if text := task.Annotations[annotationMetadata]; text != "" {
		in.Metadata = &wfv1.Metadata{}
		if err := json.Unmarshal([]byte(text), in.Metadata); err != nil {
			return c.failed(ctx, task, "podMetadata: "+err.Error(), nil, true)
		}
	}
	built, err := in.Build()
	if err != nil {
		return c.failed(ctx, task, err.Error(), nil, true)
	}
	if err := noteGiven(built, left); err != nil {
		return err
	}
	_, err = c.Pods.Pods(task.Namespace).Create(ctx, built, metav1.CreateOptions{})
	switch {
	case err == nil:
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil // the task goes with its namespace
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return c.failed(ctx, task, "its pod was refused: "+err.Error(), nil, false)
	case apierrors.IsAlreadyExists(err):
		existing, err := c.Pods.Pods(task.Namespace).Get(ctx, built.Name, metav1.GetOptions{})
		if err == nil && !metav1.IsControlledBy(existing, task) {
			return c.failed(ctx, task, "pod "+built.Name+" exists and is somebody else's", nil, false)
		}
		return err
	}
	return fmt.Errorf("create pod %s/%s: %w", built.Namespace, built.Name, err)
}

// observe waits for a pod, and takes in what it leaves.
func (c *Controller) observe(ctx context.Context, task *wfv1.WorkflowArtifactGCTask, p *corev1.Pod) error {
	switch p.Status.Phase {
	case corev1.PodSucceeded, corev1.PodFailed:
		given, known, err := c.givenTo(ctx, task, p)
		if err != nil {
			return ignoreGone(err)
		}
		if !known {
			if err := c.failed(ctx, task, "its pod does not tell which artifacts of the list it was given", p, false); err != nil {
				return err
			}
			return c.deletePod(ctx, p)
		}
		failed, report := outcome(p, len(given))
		return c.takeIn(ctx, task, p, given, failed, report)
	case corev1.PodRunning:
		return nil // its own deadline ends it
	}
	if wait := p.CreationTimestamp.Add(patience).Sub(c.clock.Now()); wait > 0 {
		c.queue.AddAfter(item{task: true, key: types.NamespacedName{Namespace: task.Namespace, Name: task.Name}}, wait)
		return nil
	}
	if err := c.failed(ctx, task, "its pod does not start: "+pendingReason(p), p, false); err != nil {
		return err
	}
	return c.deletePod(ctx, p)
}

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

// conclude removes a task that is done, and with it its pod.
func (c *Controller) conclude(ctx context.Context, task *wfv1.WorkflowArtifactGCTask) error {
	propagation := metav1.DeletePropagationBackground
	err := c.Client.WorkflowArtifactGCTasks(task.Namespace).Delete(ctx, task.Name, metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(task.UID)), PropagationPolicy: &propagation,
	})
	return ignoreGone(err)
}

func (c *Controller) deletePod(ctx context.Context, p *corev1.Pod) error {
	err := c.Pods.Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
	return ignoreGone(err)
}

func taskReference(task *wfv1.WorkflowArtifactGCTask) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: wfv1.SchemeGroupVersion.String(), Kind: "WorkflowArtifactGCTask", Namespace: task.Namespace, Name: task.Name, UID: task.UID,
	}
}

// lastWords is what a failed pod says about its end.
func lastWords(p *corev1.Pod) string {
	for i := range p.Status.ContainerStatuses {
		if t := p.Status.ContainerStatuses[i].State.Terminated; p.Status.ContainerStatuses[i].Name == pod.MainContainerName && t != nil && (t.Message != "" || p.Status.Message == "") {
			if t.Message != "" {
				return t.Message
			}
			return fmt.Sprintf("%s (exit code %d)", t.Reason, t.ExitCode)
		}
	}
	return cmp.Or(p.Status.Message, p.Status.Reason, "no reason given")
}

// pendingReason is why a pod does not start.
func pendingReason(p *corev1.Pod) string {
	for i := range p.Status.ContainerStatuses {
		if w := p.Status.ContainerStatuses[i].State.Waiting; w != nil && w.Reason != "" {
			return w.Reason + ": " + w.Message
		}
	}
	for i := range p.Status.Conditions {
		if cond := &p.Status.Conditions[i]; cond.Type == corev1.PodScheduled && cond.Status != corev1.ConditionTrue {
			return cond.Reason + ": " + cond.Message
		}
	}
	return "no reason given"
}
