package workflow

import (
	"context"
	"fmt"

	"fairlead.dev/fairlead/pkg/engine"
)

// announce tells a pod which of its containers have ended: those in it that wait for that may not have seen it. They read it
// from a file that the kubelet keeps up to date with an annotation.
func (c *Controller) announce(ctx context.Context, r *activeRun, a *engine.Announcement) error {
	if a.UID == "" {
		return nil
	}
	if err := c.pods.Announce(ctx, r.key.Namespace, a.Name, a.UID, a.Containers); err != nil {
		return fmt.Errorf("tell pod %s/%s which of its containers have ended: %w", r.key.Namespace, a.Name, err)
	}
	return nil
}
