package workflow

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// podCleaner labels and deletes pods whose end is stored. Nothing about it is stored: after a restart the pods that are
// neither labelled nor gone are found again.
type podCleaner struct {
	pods  PodControl
	cache podReader
	// exec runs the commands of annotations; nil: nobody does.
	exec ContainerExec
	// killing has an element for each pod in which such commands run.
	killing chan struct{}
	queue   workqueue.TypedRateLimitingInterface[cleanupItem]

	mu sync.Mutex
	// planned are the pods that are taken care of, until the informer says that they are out of sight.
	planned map[types.UID]bool
	// killed are those whose containers have been told to end.
	killed map[types.UID]bool
	// expected are pods whose workflow is over and whose own end is still to be told, with what is to be done then.
	expected map[types.UID]garbagePolicy
}

type cleanupItem struct {
	namespace, name string
	uid             types.UID
	what            cleanup
	// held: the pod is kept until its end is recorded, and is to be let go first, because a pod that is labelled is not seen
	// any more.
	held bool
}

func newPodCleaner(pods PodControl, cache podReader, exec ContainerExec, clock clock.WithTicker) *podCleaner {
	return &podCleaner{
		pods:    pods,
		cache:   cache,
		exec:    exec,
		killing: make(chan struct{}, killsAtOnce),
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[cleanupItem](100*time.Millisecond, time.Minute),
			workqueue.TypedRateLimitingQueueConfig[cleanupItem]{Name: "pod_cleanup_queue", Clock: clock}),
		planned:  map[types.UID]bool{},
		killed:   map[types.UID]bool{},
		expected: map[types.UID]garbagePolicy{},
	}
}

// clean plans what the policy says about a pod, once.
func (p *podCleaner) clean(pod *corev1.Pod, policy garbagePolicy) {
	what, delay := policy.decide(pod)
	if what == cleanupLater {
		if holds(pod) {
			p.release(pod)
		}
		return
	}
	p.mu.Lock()
	known := p.planned[pod.UID]
	p.planned[pod.UID] = true
	p.mu.Unlock()
	if !known {
		p.queue.AddAfter(cleanupItem{namespace: pod.Namespace, name: pod.Name, uid: pod.UID, what: what, held: holds(pod) && what == cleanupLabel}, delay)
		if holds(pod) && what == cleanupDelete {
			p.release(pod)
		}
	}
}

// release lets a pod go that is kept until its end is recorded.
func (p *podCleaner) release(pod *corev1.Pod) {
	p.queue.Add(cleanupItem{namespace: pod.Namespace, name: pod.Name, uid: pod.UID, what: cleanupRelease})
}

// reclaim brings a pod that is kept until its end is recorded back into sight, when somebody else has labelled it completed, or taken
// the label off by which it is found: nobody would let it go, and it could never be deleted.
func (p *podCleaner) reclaim(pod *corev1.Pod) {
	p.queue.Add(cleanupItem{namespace: pod.Namespace, name: pod.Name, uid: pod.UID, what: cleanupReclaim})
}

// expect keeps the policy for a pod that has not ended.
func (p *podCleaner) expect(pod *corev1.Pod, policy garbagePolicy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected[pod.UID] = policy
}

// arrived cleans a pod that was expected to end and has; false: it was not, or it has not.
func (p *podCleaner) arrived(pod *corev1.Pod) bool {
	if !terminal(pod) {
		return false
	}
	p.mu.Lock()
	policy, ok := p.expected[pod.UID]
	delete(p.expected, pod.UID)
	p.mu.Unlock()
	if ok {
		p.clean(pod, policy)
	}
	return ok
}

// has tells whether a pod is taken care of.
func (p *podCleaner) has(uid types.UID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.planned[uid]
}

// forget is called when the informer has lost sight of a pod.
func (p *podCleaner) forget(uid types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.planned, uid)
	delete(p.expected, uid)
	delete(p.killed, uid)
}

func (p *podCleaner) processNextWorkItem(ctx context.Context) bool {
	item, shutdown := p.queue.Get()
	if shutdown {
		return false
	}
	defer p.queue.Done(item)
	err := p.carryOut(ctx, item)
	if err == nil {
		p.queue.Forget(item)
		if (item.what == cleanupDelete || item.what == cleanupLabel) && !p.cache.has(item) {
			p.forget(item.uid)
		}
		return true
	}
	if ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "Cannot clean up a pod, will try again", "pod", klog.KRef(item.namespace, item.name))
		p.queue.AddRateLimited(item)
	}
	return true
}

func (p *podCleaner) carryOut(ctx context.Context, item cleanupItem) error {
	if item.held || item.what == cleanupRelease {
		if err := p.pods.Release(ctx, item.namespace, item.name, item.uid); err != nil {
			return err
		}
	}
	switch item.what {
	case cleanupDelete:
		return p.pods.Delete(ctx, item.namespace, item.name, item.uid)
	case cleanupLabel:
		return p.pods.LabelCompleted(ctx, item.namespace, item.name, item.uid)
	case cleanupReclaim:
		return p.bringBack(ctx, item)
	case cleanupKill:
		return p.runKillCommands(ctx, item)
	case cleanupEnd:
		return p.endPod(ctx, item)
	}
	return nil
}
