package app

import (
	"context"

	"fairlead.dev/fairlead/pkg/controller/config"
	"fairlead.dev/fairlead/pkg/controller/imagevolume"
	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// imageVolumes tells, each time it is asked, whether pods get the wrapper from an image volume. The flag never is the last
// word; the configuration may say so for a cluster that is known to have them. Looking at the cluster ends with ctx.
func (c *Config) imageVolumes(ctx context.Context, executor pod.Executor) func(*config.Config) bool {
	switch c.Options.ImageVolumes {
	case ImageVolumesAlways:
		return func(*config.Config) bool { return true }
	case ImageVolumesNever:
		return func(*config.Config) bool { return false }
	}
	namespace := c.Options.Namespace
	if namespace == "" {
		namespace = c.ownNamespace()
	}
	detector := imagevolume.New(imagevolume.Options{Client: c.Kube, Namespace: namespace, Image: executor.Image})
	go detector.Run(ctx)
	return func(current *config.Config) bool { return current.InitlessPod.Enabled || detector.Supported() }
}
