package workflow

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// errBehind says that an informer has not delivered yet what is known to be stored. Its next event brings the key back.
var errBehind = errors.New("the informer is behind what is stored")

// behindRecheck is when to look again although no event came; the informer's event is what normally ends the wait.
const behindRecheck = time.Second

// sync brings one workflow up to date.
func (c *Controller) sync(ctx context.Context, key types.NamespacedName) error {
	header := c.headers.get(key)
	if header != nil && header.DeletionTimestamp != nil {
		// Its pods go with it; starting more would only keep it.
		c.runs.drop(key)
		c.throttle.release(key)
		for _, l := range c.mail.take(key) {
			if !l.vanished && heldInVain(l.pod, nil) {
				c.cleaner.release(l.pod)
			}
		}
		c.reports.take(key)
		return nil
	}
	if header == nil || header.Status.Phase.Completed() {
		c.runs.drop(key)
		if header == nil {
			c.writes.forget(key)
		}
		return errors.Join(c.cleanLeftovers(ctx, key), c.dropReports(ctx, key))
	}

	r, events := c.current(header)
	if r == nil {
		if held, err := c.hold(ctx, header); held || err != nil {
			return err
		}
		loaded, err := c.load(ctx, header)
		if errors.Is(err, errBehind) {
			c.queue.AddAfter(key, behindRecheck)
			return nil
		}
		if err != nil || loaded == nil {
			return err
		}
		r = loaded
	}
	podEvents, ended, err := c.takeMail(ctx, r)
	if err != nil {
		return err
	}
	events = append(events, podEvents...)

	now := c.clock.Now()
	due := !r.wake.IsZero() && !now.Before(r.wake) || r.wantsClaims && !now.Before(r.claimTries.notUntil)
	if r.started && len(events) == 0 && !due && !r.creates.ready(now) {
		c.wakeAt(r)
		return nil
	}
	return c.drive(ctx, r, events, ended)
}

// current returns the run in memory, with what others changed in the header, or nil when the run has to be loaded: there is
// none, the workflow is another one of the same name, or somebody else wrote nodes.
func (c *Controller) current(header *wfv1.Workflow) (*activeRun, []engine.Event) {
	key := types.NamespacedName{Namespace: header.Namespace, Name: header.Name}
	r := c.runs.get(key)
	switch {
	case r == nil:
		return nil, nil
	case r.workflow.UID != header.UID:
	case !newer(header.ResourceVersion, r.resourceVersion):
		return r, nil
	case r.pages.paged() && header.Status.NodeStorage != nil && header.Status.NodeStorage.Revision == r.pages.revision:
		r.adopt(header)
		c.runs.keep(r)
		return r, []engine.Event{engine.HeaderChanged{Workflow: header}}
	}
	c.runs.drop(key)
	return nil, nil
}

// drive alternates deciding, storing and carrying out until nothing is left to do now.
func (c *Controller) drive(ctx context.Context, r *activeRun, events []engine.Event, ended time.Time) error {
	for {
		now := c.clock.Now()
		decision := r.run.Apply(now, events...)
		recovered := !r.started && !r.fresh
		r.started = true
		r.wake = decision.Wake

		if decision.Done {
			if err := c.removeClaims(ctx, r, &decision); err != nil {
				return err
			}
		}
		if err := c.keepForArtifacts(ctx, r, &decision); err != nil {
			return err
		}
		if err := c.commit(ctx, r, &decision); err != nil {
			if apierrors.IsRequestEntityTooLargeError(err) {
				return c.abandon(ctx, r, wfv1.WorkflowError, "the status of this workflow is too large to be stored: "+err.Error())
			}
			return err
		}
		c.settleReports(r)
		r.note(decision.Nodes)
		r.want(decision.Create, recovered)
		if err := c.carryOut(ctx, r, &decision); err != nil {
			return err
		}
		if decision.Done {
			c.finish(r)
			return nil
		}

		var err error
		events, err = c.resolve(ctx, r.key.Namespace, decision.Resolve)
		if err != nil {
			return err
		}
		claimed, err := c.makeClaims(ctx, r, decision.Claims)
		if err != nil {
			return err
		}
		events = append(events, claimed...)
		created, err := c.createPods(ctx, r, ended)
		if err != nil {
			return err
		}
		events = append(events, created...)
		var podEvents []engine.Event
		if podEvents, ended, err = c.takeMail(ctx, r); err != nil {
			return err
		}
		events = append(events, podEvents...)
		if len(events) == 0 && !r.creates.ready(c.clock.Now()) && !r.statusDirty {
			c.wakeAt(r)
			return nil
		}
	}
}

// carryOut does what a stored decision asks for, except creating pods.
func (c *Controller) carryOut(ctx context.Context, r *activeRun, d *engine.Decision) error {
	c.tell(r, d)
	if c.custom != nil && len(d.Metrics) > 0 {
		for _, problem := range c.custom.Record(r.workflow.UID, d.Metrics) {
			c.recorder.Event(r.workflow, "Warning", "MetricsError", problem.Error())
		}
	}
	for _, ref := range d.Delete {
		if err := c.deleteRef(ctx, r, ref); err != nil {
			return err
		}
	}
	for _, ref := range d.Stop {
		if err := c.stopRef(ctx, r, ref); err != nil {
			return err
		}
	}
	for i := range d.Announce {
		if err := c.announce(ctx, r, &d.Announce[i]); err != nil {
			return err
		}
	}
	if len(d.Finished) > 0 {
		gc := c.garbagePolicy(r.spec.PodGC, r.status.Phase)
		for _, ref := range d.Finished {
			if pod := c.cachedPod(r.key.Namespace, ref); pod != nil {
				c.cleaner.clean(pod, gc.ofStep(r.over[ref.NodeID].well))
			}
		}
	}
	return nil
}

// finish lets go of a run that is over: pods that were kept for the end of the workflow are cleaned up now.
func (c *Controller) finish(r *activeRun) {
	gc := c.garbagePolicy(r.spec.PodGC, r.status.Phase)
	for _, pod := range c.podCache.ownedBy(r.workflow.UID) {
		gc := gc.ofStep(r.isOver(pod) && r.over[pod.Annotations[wfv1.AnnotationKeyNodeID]].well)
		if terminal(pod) || gc.deletesAtEnd(pod) {
			c.cleaner.clean(pod, gc)
		} else {
			c.cleaner.expect(pod, gc)
		}
	}
	if c.custom != nil {
		c.custom.End(r.workflow.UID)
	}
	c.runs.drop(r.key)
	c.throttle.release(r.key)
}

// wakeAt schedules the next look at a run that nothing happens to.
func (c *Controller) wakeAt(r *activeRun) {
	next := r.wake
	sooner := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	sooner(r.creates.retryAt())
	if r.wantsClaims {
		sooner(r.claimTries.notUntil)
	}
	if !next.IsZero() {
		c.queue.AddAfter(r.key, max(next.Sub(c.clock.Now()), 0))
	}
}

// adopt takes over a header that somebody else changed without touching nodes.
func (r *activeRun) adopt(header *wfv1.Workflow) {
	r.workflow = header
	r.resourceVersion = header.ResourceVersion
	r.status = &header.Status
	r.spec = effectiveSpec(header)
}

// effectiveSpec is the spec that a workflow runs: the one merged with its template when there is one.
func effectiveSpec(wf *wfv1.Workflow) *wfv1.WorkflowSpec {
	if stored := wf.Status.StoredWorkflowSpec; stored != nil {
		return stored
	}
	return &wf.Spec
}

// cachedPod is the informer's pod of this name and UID, or nil.
func (c *Controller) cachedPod(namespace string, ref engine.PodRef) *corev1.Pod {
	obj, ok, err := c.podCache.GetByKey(namespace + "/" + ref.Name)
	if err != nil || !ok {
		return nil
	}
	if pod, isPod := obj.(*corev1.Pod); isPod && pod.UID == ref.UID {
		return pod
	}
	return nil
}

func logSyncError(ctx context.Context, key types.NamespacedName, err error) {
	logger := klog.FromContext(ctx)
	if apierrors.IsConflict(err) {
		logger.V(2).Info("Workflow was changed by somebody else, reading it again", "workflow", key, "reason", err.Error())
		return
	}
	logger.Error(err, "Cannot bring workflow up to date, will try again", "workflow", key)
}
