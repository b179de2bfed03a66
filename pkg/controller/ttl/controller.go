// Package ttl is the loop that deletes workflows whose time is over (TTL-01), and the oldest of those of which only so many
// are kept (TTL-02).
package ttl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
	"fairlead.dev/fairlead/pkg/controller/ended"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
)

// slack is how long after its time a workflow is deleted, so that it is over by every clock (TTL-03).
const slack = time.Second

// Options are the settings of the loop.
type Options struct {
	// Workers is how many workflows are deleted at once; 0: 4.
	Workers int
	// Config is the configuration in force.
	Config func() *config.Config
	// Propagation is what becomes of what a deleted workflow owns; empty: the server's default, Background.
	Propagation metav1.DeletionPropagation
}

// Controller is the loop.
type Controller struct {
	options   Options
	clock     clock.WithTicker
	workflows typed.WorkflowsGetter
	indexer   cache.Indexer
	synced    cache.InformerSynced
	queue     workqueue.TypedRateLimitingInterface[item]
}

// item is a workflow to look at or, with a phase, all workflows that ended so.
type item struct {
	key   types.NamespacedName
	phase wfv1.WorkflowPhase
}

// NewController returns the loop over those workflows of an informer with ended.Indexers that are over.
func NewController(workflows typed.WorkflowsGetter, informer cache.SharedIndexInformer, options Options, clock clock.WithTicker) (*Controller, error) {
	if options.Workers <= 0 {
		options.Workers = 4
	}
	c := &Controller{
		options: options, clock: clock, workflows: workflows, indexer: informer.GetIndexer(),
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[item](time.Second, time.Minute),
			workqueue.TypedRateLimitingQueueConfig[item]{Name: "ttl_queue", Clock: clock}),
	}
	registration, err := informer.AddEventHandler(ended.Only(cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) {
			if wf := c.note(obj); wf != nil && c.limit(wf.Status.Phase) > 0 {
				c.queue.Add(item{phase: wf.Status.Phase})
			}
		},
		UpdateFunc: func(_, obj any) { c.note(obj) },
	}))
	if err != nil {
		return nil, fmt.Errorf("watch workflows that are over: %w", err)
	}
	c.synced = registration.HasSynced
	return c, nil
}

// note plans the deletion of a workflow.
func (c *Controller) note(obj any) *wfv1.Workflow {
	wf, ok := obj.(*wfv1.Workflow)
	if !ok || wf.DeletionTimestamp != nil {
		return nil
	}
	if at, ok := expiry(wf); ok {
		c.queue.AddAfter(item{key: types.NamespacedName{Namespace: wf.Namespace, Name: wf.Name}}, max(at.Sub(c.clock.Now()), 0))
	}
	return wf
}

// Reconsider looks again at how many workflows are kept; to be called when the configuration has changed.
func (c *Controller) Reconsider() {
	for _, phase := range []wfv1.WorkflowPhase{wfv1.WorkflowSucceeded, wfv1.WorkflowFailed, wfv1.WorkflowError} {
		c.queue.Add(item{phase: phase})
	}
}

// Run works until ctx ends.
func (c *Controller) Run(ctx context.Context) {
	if !cache.WaitForCacheSync(ctx.Done(), c.synced) {
		return
	}
	c.Reconsider()
	var workers sync.WaitGroup
	for range c.options.Workers {
		workers.Go(func() {
			for c.processNext(ctx) {
			}
		})
	}
	<-ctx.Done()
	c.queue.ShutDown()
	workers.Wait()
}

func (c *Controller) processNext(ctx context.Context) bool {
	next, shutdown := c.queue.Get()
	if shutdown {
		return false
	}
	defer c.queue.Done(next)
	var err error
	if next.phase != "" {
		err = c.retain(ctx, next.phase)
	} else {
		err = c.expire(ctx, next.key)
	}
	if err == nil {
		c.queue.Forget(next)
	} else if ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "Cannot delete a workflow whose time is over, will try again")
		c.queue.AddRateLimited(next)
	}
	return true
}

// expire deletes a workflow when its time is over.
func (c *Controller) expire(ctx context.Context, key types.NamespacedName) error {
	obj, ok, err := c.indexer.GetByKey(key.String())
	if err != nil || !ok {
		return err
	}
	wf, is := obj.(*wfv1.Workflow)
	if !is || !ended.Is(wf) || wf.DeletionTimestamp != nil {
		return nil
	}
	at, ok := expiry(wf)
	if !ok {
		return nil
	}
	if wait := at.Sub(c.clock.Now()); wait > 0 {
		c.queue.AddAfter(item{key: key}, wait)
		return nil
	}
	return c.delete(ctx, wf, "ttl")
}

// limit is how many workflows of a phase are kept; 0: all.
func (c *Controller) limit(phase wfv1.WorkflowPhase) int {
	policy := c.options.Config().RetentionPolicy
	if policy == nil {
		return 0
	}
	switch phase {
	case wfv1.WorkflowSucceeded:
		return policy.Completed
	case wfv1.WorkflowFailed:
		return policy.Failed
	case wfv1.WorkflowError:
		return policy.Errored
	}
	return 0
}

// retain deletes the oldest workflows of a phase that are too many.
func (c *Controller) retain(ctx context.Context, phase wfv1.WorkflowPhase) error {
	limit := c.limit(phase)
	if limit <= 0 {
		return nil
	}
	objs, err := c.indexer.ByIndex(ended.PhaseIndex, string(phase))
	if err != nil || len(objs) <= limit {
		return err
	}
	list := make([]*wfv1.Workflow, 0, len(objs))
	for _, obj := range objs {
		if wf, ok := obj.(*wfv1.Workflow); ok && wf.DeletionTimestamp == nil {
			list = append(list, wf)
		}
	}
	slices.SortFunc(list, func(a, b *wfv1.Workflow) int {
		return cmp.Or(b.Status.FinishedAt.Compare(a.Status.FinishedAt.Time), cmp.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name))
	})
	var problems []error
	for _, wf := range list[min(limit, len(list)):] {
		if !archiving(wf) {
			problems = append(problems, c.delete(ctx, wf, "retention"))
		}
	}
	return errors.Join(problems...)
}

// delete deletes exactly the workflow that was looked at: not a later one of the name, nor one that is being run again.
func (c *Controller) delete(ctx context.Context, wf *wfv1.Workflow, why string) error {
	options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wf.UID, ResourceVersion: &wf.ResourceVersion}}
	if c.options.Propagation != "" {
		options.PropagationPolicy = &c.options.Propagation
	}
	err := c.workflows.Workflows(wf.Namespace).Delete(ctx, wf.Name, options)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // the informer tells of what has changed
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete workflow %s/%s: %w", wf.Namespace, wf.Name, err)
	}
	deletions.WithLabelValues(why).Inc()
	klog.FromContext(ctx).V(2).Info("Deleted a workflow", "workflow", klog.KObj(wf), "why", why)
	return nil
}

// archiving tells whether a workflow is still on its way into an archive.
func archiving(wf *wfv1.Workflow) bool {
	return wf.Labels[wfv1.LabelKeyWorkflowArchivingStatus] == wfv1.ArchivingStatusPending
}

// expiry is when a workflow is to be deleted; false: never, or not yet known. secondsAfterFailure is for the phase Failed; one
// that ended in Error is kept for secondsAfterCompletion (Trap 25).
func expiry(wf *wfv1.Workflow) (time.Time, bool) {
	strategy := wf.Spec.TTLStrategy
	if strategy == nil || wf.Status.FinishedAt.IsZero() || archiving(wf) {
		return time.Time{}, false
	}
	seconds := strategy.SecondsAfterCompletion
	switch {
	case wf.Status.Phase == wfv1.WorkflowSucceeded && strategy.SecondsAfterSuccess != nil:
		seconds = strategy.SecondsAfterSuccess
	case wf.Status.Phase == wfv1.WorkflowFailed && strategy.SecondsAfterFailure != nil:
		seconds = strategy.SecondsAfterFailure
	}
	if seconds == nil {
		return time.Time{}, false
	}
	return wf.Status.FinishedAt.Add(time.Duration(*seconds)*time.Second + slack), true
}
