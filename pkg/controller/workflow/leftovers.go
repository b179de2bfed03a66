package workflow

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
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
	pods = slices.DeleteFunc(pods, func(pod *corev1.Pod) bool {
		owner := metav1.GetControllerOfNoCopy(pod)
		return owner == nil || owner.UID != wf.UID
	})
	every := c.garbagePolicy(effectiveSpec(wf).PodGC, wf.Status.Phase)
	well, err := c.succeeded(ctx, key, every, pods)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		policy := every.ofStep(well[pod.UID])
		if terminal(pod) || policy.deletesAtEnd(pod) {
			c.cleaner.clean(pod, policy)
		} else if err := c.stopPod(ctx, pod); err != nil {
			return err
		}
	}
	return nil
}

// succeeded finds out which pods are those of steps that have succeeded, as far as the policy asks and the pods do not say it
// themselves.
func (c *Controller) succeeded(ctx context.Context, key types.NamespacedName, policy garbagePolicy, pods []*corev1.Pod) (map[types.UID]bool, error) {
	if policy.strategy != wfv1.PodGCOnPodSuccess || !slices.ContainsFunc(pods, func(pod *corev1.Pod) bool { return pod.Status.Phase != corev1.PodSucceeded }) {
		return nil, nil
	}
	list, err := c.workflows.Nodes(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read the nodes of a workflow that has pods left: %w", err)
	}
	well := map[types.UID]bool{}
	for i := range list.Items {
		if n := &list.Items[i]; n.Phase == wfv1.NodeSucceeded && n.PodUID != "" {
			well[n.PodUID] = true
		}
	}
	return well, nil
}
