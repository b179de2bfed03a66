package artifactgc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/gc"
	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
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
		return c.failed(ctx, task, err.Error(), nil, !errors.Is(err, pod.ErrNoDriver))
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
	for _, list := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range list {
			if w := list[i].State.Waiting; w != nil && w.Reason != "" && w.Reason != "PodInitializing" {
				return w.Reason + ": " + w.Message
			}
		}
	}
	for i := range p.Status.Conditions {
		if cond := &p.Status.Conditions[i]; cond.Type == corev1.PodScheduled && cond.Status != corev1.ConditionTrue {
			return cond.Reason + ": " + cond.Message
		}
	}
	return "no reason given"
}
