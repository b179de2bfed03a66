package workflow

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/engine"
)

// deleteRef deletes the pod of an attempt. An attempt without a recorded UID may still have a pod: its creator may have died
// in between.
func (c *Controller) deleteRef(ctx context.Context, r *activeRun, ref engine.PodRef) error {
	if ref.UID == "" {
		live, err := c.pods.Get(ctx, r.key.Namespace, ref.Name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read pod %s/%s to delete it: %w", r.key.Namespace, ref.Name, err)
		}
		if !isOurs(live, r, ref.NodeID) {
			return nil
		}
		ref.UID = live.UID
	}
	if err := c.pods.Delete(ctx, r.key.Namespace, ref.Name, ref.UID); err != nil {
		return fmt.Errorf("delete pod %s/%s: %w", r.key.Namespace, ref.Name, err)
	}
	return nil
}

// stopRef stops the pod of an attempt so that its log stays.
func (c *Controller) stopRef(ctx context.Context, r *activeRun, ref engine.PodRef) error {
	if ref.UID == "" {
		return c.deleteRef(ctx, r, ref)
	}
	if pod := c.cachedPod(r.key.Namespace, ref); pod != nil {
		return c.stopPod(ctx, pod)
	}
	live, err := c.pods.Get(ctx, r.key.Namespace, ref.Name)
	if apierrors.IsNotFound(err) || err == nil && live.UID != ref.UID {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read pod %s/%s to stop it: %w", r.key.Namespace, ref.Name, err)
	}
	return c.stopPod(ctx, live)
}

// stopPod ends a pod. When all that still runs in it was put there by others who say how to end it, that is done. One that a kubelet has taken over is ended by its deadline, which keeps its log; one that has not
// started has no log, and nobody would enforce a deadline: it is deleted.
func (c *Controller) stopPod(ctx context.Context, pod *corev1.Pod) error {
	if terminal(pod) || pod.DeletionTimestamp != nil || engine.Ended(pod, c.clock.Now()) {
		return nil
	}
	if c.cleaner.exec != nil && len(killCommands(pod)) > 0 {
		c.cleaner.kill(pod)
		return nil
	}
	return expire(ctx, c.pods, pod)
}

// expire ends a pod by its deadline, or deletes it where that cannot be.
func expire(ctx context.Context, pods PodControl, pod *corev1.Pod) error {
	if pod.Status.StartTime != nil {
		if d := pod.Spec.ActiveDeadlineSeconds; d != nil && *d <= 1 {
			return nil
		}
		err := pods.Expire(ctx, pod.Namespace, pod.Name, pod.UID)
		if err == nil {
			return nil
		}
		if !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) {
			return fmt.Errorf("stop pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
	}
	if err := pods.Delete(ctx, pod.Namespace, pod.Name, pod.UID); err != nil {
		return fmt.Errorf("delete pod %s/%s to stop it: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}
