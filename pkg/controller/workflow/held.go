package workflow

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// holds tells whether a pod is kept until its end is recorded (POD-19, LBL-08). It is asked of the pod and not of the
// configuration: pods from before that was changed are to be let go as well.
func holds(pod *corev1.Pod) bool { return slices.Contains(pod.Finalizers, wfv1.FinalizerPodStatus) }

// heldInVain tells whether a pod that is being deleted is kept although nothing more is to be learned from it: no kubelet has
// it, somebody insists on its deletion at once, or no attempt waits for its end.
func heldInVain(pod *corev1.Pod, a *attempt) bool {
	if !holds(pod) || pod.DeletionTimestamp == nil {
		return false
	}
	if a == nil || a.uid != pod.UID && (a.uid != "" || a.replaces == pod.UID) {
		return true
	}
	forced := pod.DeletionGracePeriodSeconds != nil && *pod.DeletionGracePeriodSeconds == 0
	return !terminal(pod) && (pod.Spec.NodeName == "" || forced)
}

// letGo lets go of the pods of a workflow about which nothing can be recorded any more, as far as they are being deleted.
func (c *Controller) letGo(key types.NamespacedName) {
	header := c.headers.get(key)
	if header == nil {
		return
	}
	for _, pod := range c.podCache.ownedBy(header.UID) {
		if holds(pod) && pod.DeletionTimestamp != nil {
			c.cleaner.release(pod)
		}
	}
}

// bringBack gives a pod that is held the labels again by which it is seen. A pod that is gone, or not held any more, needs them not.
func (p *podCleaner) bringBack(ctx context.Context, item cleanupItem) error {
	pod, err := p.pods.Get(ctx, item.namespace, item.name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read pod %s/%s, which is out of sight and kept: %w", item.namespace, item.name, err)
	}
	owner := metav1.GetControllerOfNoCopy(pod)
	seen := owner != nil && pod.Labels[wfv1.LabelKeyWorkflow] == owner.Name && pod.Labels[wfv1.LabelKeyCompleted] != "true"
	if pod.UID != item.uid || !holds(pod) || owner == nil || seen {
		return nil
	}
	return p.pods.Reclaim(ctx, item.namespace, item.name, item.uid, owner.Name)
}
