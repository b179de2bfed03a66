package workflow

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// cleanLeftovers sees to pods whose workflow is not running: it was completed while nobody watched, or its pods ended only
// after it. Pods of a deleted workflow are left to Kubernetes' garbage collector.
func (c *Controller) cleanLeftovers(ctx context.Context, key types.NamespacedName) error {
	var pods []*corev1.Pod
	for _, l := range c.mail.take(key) {
		if !l.vanished && heldInVain(l.pod, nil) {
			c.cleaner.release(l.pod)
		}
		if !l.vanished && !c.cleaner.has(l.pod.UID) {
			pods = append(pods, l.pod)
		}
	}
	if len(pods) == 0 {
		return nil
	}
	wf, err := c.workflows.Header(ctx, key)
	if err != nil {
		return fmt.Errorf("read a workflow that has pods left: %w", err)
	}
	if wf == nil || !wf.Status.Phase.Completed() || !c.ours(wf) {
		return nil
	}
	policy := c.garbagePolicy(effectiveSpec(wf).PodGC, wf.Status.Phase)
	for _, pod := range pods {
		if owner := metav1.GetControllerOfNoCopy(pod); owner == nil || owner.UID != wf.UID {
			continue
		}
		if terminal(pod) || policy.deletesAtEnd(pod) {
			c.cleaner.clean(pod, policy)
		} else if err := c.stopPod(ctx, pod); err != nil {
			return err
		}
	}
	return nil
}
