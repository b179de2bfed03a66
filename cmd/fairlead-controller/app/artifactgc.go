package app

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/artifactgc"
	"fairlead.dev/fairlead/pkg/controller/listwatch"
	"fairlead.dev/fairlead/pkg/controller/workflow"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// instanceSelector selects what is for a controller (CFG-05).
func instanceSelector(instance string) string {
	if instance == "" {
		return "!" + wfv1.LabelKeyControllerInstanceID
	}
	return wfv1.LabelKeyControllerInstanceID + "=" + instance
}

// makeArtifactGCInformers makes the informers of tasks and of the pods that work on them.
func (c *Config) makeArtifactGCInformers(instance string) error {
	tasks := c.Workflows.ArgoprojV1alpha1().WorkflowArtifactGCTasks(c.Options.Namespace)
	c.TaskInformer = cache.NewSharedIndexInformer(
		listwatch.ThroughOutages("workflowartifactgctasks", cache.ToListerWatcherWithContext(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				o.LabelSelector = instanceSelector(instance)
				return tasks.List(ctx, o)
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				o.LabelSelector = instanceSelector(instance)
				return tasks.Watch(ctx, o)
			},
		})), &wfv1.WorkflowArtifactGCTask{}, 0, cache.Indexers{})
	if err := c.TaskInformer.SetTransform(func(obj any) (any, error) {
		if task, ok := obj.(*wfv1.WorkflowArtifactGCTask); ok {
			task.ManagedFields = nil
		}
		return obj, nil
	}); err != nil {
		return fmt.Errorf("set up the informer of artifacts to delete: %w", err)
	}
	c.ArtifactPodInformer = informers.NewSharedInformerFactoryWithOptions(c.Kube, 0, informers.WithNamespace(c.Options.Namespace),
		informers.WithTransform(keepPodEnd),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.LabelSelector = wfv1.LabelKeyComponent + "=" + podbuilder.ComponentArtifactGC + "," + instanceSelector(instance)
		})).Core().V1().Pods().Informer()
	return nil
}

// keepPodEnd is the transform of the informer of pods that delete artifacts: only who they are and how they are is read.
func keepPodEnd(obj any) (any, error) {
	p, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: p.Name, UID: p.UID, ResourceVersion: p.ResourceVersion, CreationTimestamp: p.CreationTimestamp,
			DeletionTimestamp: p.DeletionTimestamp, OwnerReferences: p.OwnerReferences,
		},
		Status: p.Status,
	}, nil
}

// artifactGC makes the loop that deletes artifacts.
func (c *Config) artifactGC(recorder record.EventRecorder, executor podbuilder.Executor, e environment) (*artifactgc.Controller, error) {
	return artifactgc.NewController(artifactgc.Dependencies{
		Workflows: workflow.NewWorkflowClient(c.Workflows.ArgoprojV1alpha1(), c.Kube.CoreV1()),
		Client:    c.Workflows.ArgoprojV1alpha1(),
		Pods:      c.Kube.CoreV1(),
		Recorder:  recorder,
		Headers:   c.WorkflowInformer,
		Tasks:     c.TaskInformer,
		OwnPods:   c.ArtifactPodInformer,
	}, artifactgc.Options{
		Off:        e.keepArtifacts,
		InstanceID: c.Configuration.Current().InstanceID,
		Executor:   executor,
		Settings:   func() podbuilder.Settings { return podSettings(c.Configuration.Current()) },
	}, clock.RealClock{})
}

// finalizers keeps workflows until their artifacts are dealt with, unless artifacts are let be.
func (c *Config) finalizers(e environment) workflow.FinalizerControl {
	if e.keepArtifacts {
		return nil
	}
	return workflow.NewFinalizerControl(c.Workflows.ArgoprojV1alpha1())
}
