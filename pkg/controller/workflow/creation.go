package workflow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
	"fairlead.dev/fairlead/pkg/engine"
)

// createBatch is how many pods are created before their UIDs are stored: those of a page or so.
const createBatch = 64

var errNotLeading = errors.New("the lease may be somebody else's by now: no pod is created")

// createPods creates the next pods that the engine asked for, slowly at first, so that a quota that is used up costs one
// request and not a hundred. ended is when the end of a pod became known that made them wanted; zero when none did.
func (c *Controller) createPods(ctx context.Context, r *activeRun, ended time.Time) ([]engine.Event, error) {
	if !ended.IsZero() {
		r.creates.relax()
	}
	if !r.creates.ready(c.clock.Now()) {
		return nil, nil
	}
	batch := r.creates.take(createBatch)
	if err := c.ensureBudget(ctx, r); err != nil {
		return c.refuse(r, batch, err.Error(), isTransient(err)), nil
	}

	var events []engine.Event
	for size := 1; len(batch) > 0; size *= 2 {
		granted, next := c.rate.grant(min(size, c.options.CreateParallelism, len(batch)))
		if granted == 0 {
			r.creates.postpone(batch, next)
			break
		}
		size = granted
		outcomes := c.createParallel(ctx, r, batch[:size], ended)
		for i, o := range outcomes {
			switch {
			case errors.Is(o.err, errNotLeading):
				return nil, o.err
			case o.err == nil:
				a := r.attempts[batch[i].NodeID]
				if a == nil {
					continue
				}
				if event := a.observe(batch[i].NodeID, o.pod); event != nil {
					events = append(events, event)
				}
				r.creates.relax()
			case isTransient(o.err):
				events = append(events, c.refuse(r, []wantedPod{batch[i]}, o.err.Error(), true)...)
			default:
				events = append(events, c.refuse(r, []wantedPod{batch[i]}, o.err.Error(), false)...)
			}
		}
		batch = batch[size:]
		if r.creates.failures > 0 {
			for _, w := range batch {
				r.creates.putBack(w)
			}
			break
		}
	}
	return events, nil
}

// refuse tells the engine that pods were not created; those that may be later are kept.
func (c *Controller) refuse(r *activeRun, batch []wantedPod, message string, transient bool) []engine.Event {
	events := make([]engine.Event, 0, len(batch))
	for _, w := range batch {
		if transient {
			// The call may have succeeded although its answer got lost.
			w.verify = true
			r.creates.putBack(w)
		}
		events = append(events, engine.PodRefused{NodeID: w.NodeID, Message: message, Transient: transient})
	}
	if transient && r.creates.failures == 0 || transient && !c.clock.Now().Before(r.creates.notUntil) {
		atMost := maxCreateBackoff
		if isUnmapped(message) {
			atMost = maxUnmappedBackoff
		}
		r.creates.backOff(c.clock.Now(), atMost)
	}
	return events
}

// ordinalOf is the ordinal of a node that is to get its pod. Attempts are not written to while pods are created.
func (r *activeRun) ordinalOf(nodeID string) int64 {
	if a := r.attempts[nodeID]; a != nil {
		return a.ordinal
	}
	return 0
}

type createOutcome struct {
	pod *corev1.Pod
	err error
}

func (c *Controller) createParallel(ctx context.Context, r *activeRun, batch []wantedPod, ended time.Time) []createOutcome {
	outcomes := make([]createOutcome, len(batch))
	if len(batch) == 1 {
		outcomes[0].pod, outcomes[0].err = c.createPod(ctx, r, batch[0], ended)
		return outcomes
	}
	var wg sync.WaitGroup
	for i := range batch {
		wg.Go(func() { outcomes[i].pod, outcomes[i].err = c.createPod(ctx, r, batch[i], ended) })
	}
	wg.Wait()
	return outcomes
}

// createPod gives an attempt its pod: the one that is there, or a new one.
func (c *Controller) createPod(ctx context.Context, r *activeRun, w wantedPod, ended time.Time) (*corev1.Pod, error) {
	if w.verify {
		found, err := c.existingPod(ctx, r, w)
		if found != nil || err != nil {
			return found, err
		}
	}
	built, err := pod.Build(pod.Input{
		PodRequest: w.PodRequest,
		Workflow:   r.workflow,
		Spec:       w.PodRequest.Spec,
		Claims:     r.claims,
		Ordinal:    r.ordinalOf(w.NodeID),
		Executor:   c.options.Executor,
		Settings:   c.options.Settings(),
		Repository: repositoryIn(r.status),
		Commands:   c.options.Commands,
		HostLabel:  c.options.Engine.RetryHostLabel,
		Now:        c.clock.Now(),
	})
	if errors.Is(err, pod.ErrNotYet) {
		return nil, transient{err}
	}
	if err != nil {
		return nil, permanent{err}
	}
	if !c.mayCreate() {
		return nil, errNotLeading
	}
	if !ended.IsZero() {
		successorGap.Observe(c.clock.Since(ended).Seconds())
	}
	bounded, cancel := context.WithTimeout(ctx, c.options.CreateTimeout)
	defer cancel()
	created, err := c.pods.Create(bounded, built)
	c.logPod(ctx, built, err)
	if apierrors.IsAlreadyExists(err) {
		podCreations.WithLabelValues("exists").Inc()
		found, err := c.existingPod(ctx, r, w)
		if found == nil && err == nil {
			err = transient{fmt.Errorf("pod %s existed a moment ago and is gone", w.PodName)}
		}
		return found, err
	}
	if err != nil {
		podCreations.WithLabelValues("refused").Inc()
		return nil, err
	}
	podCreations.WithLabelValues("created").Inc()
	if built.Spec.Resources != nil && created.Spec.Resources == nil {
		c.recorder.Event(r.workflow, corev1.EventTypeWarning, "PodLevelResourcesDropped",
			fmt.Sprintf("this cluster does not know pod-level resources (podResources): pod %s was created without them", created.Name))
	}
	return created, nil
}

// existingPod looks at the pod that has the name of an attempt. It is the attempt's when this protocol made it; nil, nil
// means that there is none.
func (c *Controller) existingPod(ctx context.Context, r *activeRun, w wantedPod) (*corev1.Pod, error) {
	live, err := c.pods.Get(ctx, r.key.Namespace, w.PodName)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, transient{fmt.Errorf("read pod %s: %w", w.PodName, err)}
	}
	// Attempts are not written to while pods are created, so reading them from here is safe.
	a := r.attempts[w.NodeID]
	switch owner := metav1.GetControllerOfNoCopy(live); {
	case owner != nil && owner.UID == r.workflow.UID && !r.ofThisRound(live) && (a == nil || a.uid != live.UID):
		if err := c.deleteForeign(ctx, live); err != nil {
			return nil, transient{err}
		}
		return nil, transient{fmt.Errorf("pod %s from before the retry is being deleted", w.PodName)}
	case isOurs(live, r, w.NodeID) && a != nil && a.replaces == live.UID:
		if err := c.deleteForeign(ctx, live); err != nil {
			return nil, transient{err}
		}
		return nil, transient{fmt.Errorf("pod %s is being replaced", w.PodName)}
	case isOurs(live, r, w.NodeID):
		return live, nil
	case owner != nil && owner.Kind == "Workflow" && owner.Name == r.key.Name:
		return nil, transient{fmt.Errorf("pod %s of an earlier workflow of this name still exists", w.PodName)}
	default:
		return nil, permanent{fmt.Errorf("pod %s exists and does not belong to this workflow: delete it, or give the workflow another name", w.PodName)}
	}
}
