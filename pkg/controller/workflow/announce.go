package workflow

import (
	"context"
	"fmt"

	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/engine"
)

// announce tells a pod which of its containers have ended: those in it that wait for that may not have seen it. They read it
// from a file that the kubelet keeps up to date with an annotation. Where a policy refuses that, the run goes on without: it
// matters only for containers that were killed before they could be seen to run.
func (c *Controller) announce(ctx context.Context, r *activeRun, a *engine.Announcement) error {
	if a.UID == "" {
		return nil
	}
	err := c.pods.Announce(ctx, r.key.Namespace, a.Name, a.UID, a.Containers)
	if err != nil && !isTransient(err) {
		klog.FromContext(ctx).Info("A pod may not be told which of its containers have ended; one that waits for that ends with the pod's deadline",
			"pod", klog.KRef(r.key.Namespace, a.Name), "containers", a.Containers, "reason", err.Error())
		return nil
	}
	if err != nil {
		return fmt.Errorf("tell pod %s/%s which of its containers have ended: %w", r.key.Namespace, a.Name, err)
	}
	return nil
}
