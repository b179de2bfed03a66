package podlog

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// rewatchDelay is how long to wait before a broken watch of the workflow is opened again.
const rewatchDelay = time.Second

// Workflows is the part of the workflow storage that tells when a workflow ends. Namespaces come from the context.
type Workflows interface {
	// Get returns a workflow; its nodes are not needed.
	Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error)
	// Watch watches workflows.
	Watch(ctx context.Context, options *metainternalversion.ListOptions) (watch.Interface, error)
}

// awaitEnd returns when the workflow has ended or is gone, or the context ends.
func awaitEnd(ctx context.Context, workflows Workflows, r *request) {
	for ctx.Err() == nil {
		over, err := watchUntilEnd(ctx, workflows, r)
		if over {
			return
		}
		if err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "Watching a workflow for the end of its log failed, will be tried again", "workflow", klog.KRef(r.namespace, r.workflow))
		}
		timer := r.clock.NewTimer(rewatchDelay)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C():
		}
	}
}

func watchUntilEnd(ctx context.Context, workflows Workflows, r *request) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	object, err := workflows.Get(ctx, r.workflow, &metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	workflow, ok := object.(*v1alpha1.Workflow)
	if !ok || hasEnded(workflow, r) {
		return true, nil
	}
	events, err := workflows.Watch(ctx, &metainternalversion.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector(v1alpha1.FieldMetadataName, r.workflow),
		ResourceVersion: workflow.ResourceVersion,
	})
	if err != nil {
		return false, err
	}
	defer events.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case event, open := <-events.ResultChan():
			if !open {
				return false, nil
			}
			switch event.Type {
			case watch.Deleted:
				return true, nil
			case watch.Error:
				return false, apierrors.FromObject(event.Object)
			}
			object := event.Object
			if shared, ok := object.(runtime.CacheableObject); ok {
				// The watch cache wraps what it sends to several watchers.
				object = shared.GetObject()
			}
			if workflow, ok := object.(*v1alpha1.Workflow); ok && event.Type != watch.Bookmark && hasEnded(workflow, r) {
				return true, nil
			}
		}
	}
}

// hasEnded tells whether the workflow is over; another one of the same name is the end of this one too.
func hasEnded(workflow *v1alpha1.Workflow, r *request) bool {
	return workflow.UID != r.uid || workflow.Status.Phase.Completed()
}
