package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// observer is one watch on the pods and one on the workflows of a namespace. Every time it notes is when the event
// arrived here: the same watches that the controller gets, on the same machine.
type observer struct {
	mu        sync.Mutex
	changed   chan struct{} // closed and replaced at each change of what is counted
	podsBegun map[string]time.Time
	podsEnded map[string]time.Time
	wfsEnded  map[string]time.Time
	wfsFailed map[string]string
	// lastEnd is when a workflow's latest pod was seen to end; gaps are the times from there to its next pod.
	lastEnd map[string]time.Time
	gaps    []time.Duration
	// marked are pods that carry the label of a pod whose end is recorded.
	marked map[string]bool
	stop   context.CancelFunc
}

func (b *bench) observe(ctx context.Context, namespace string) (*observer, error) {
	ctx, cancel := context.WithCancel(ctx)
	o := &observer{
		changed: make(chan struct{}), podsBegun: map[string]time.Time{}, podsEnded: map[string]time.Time{}, wfsEnded: map[string]time.Time{},
		wfsFailed: map[string]string{}, lastEnd: map[string]time.Time{}, marked: map[string]bool{}, stop: cancel,
	}
	pods := cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			return b.kube.CoreV1().Pods(namespace).List(ctx, opts)
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			return b.kube.CoreV1().Pods(namespace).Watch(ctx, opts)
		},
	}, b.kube)
	workflows := cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			return b.fairlead.ArgoprojV1alpha1().Workflows(namespace).List(ctx, opts)
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			return b.fairlead.ArgoprojV1alpha1().Workflows(namespace).Watch(ctx, opts)
		},
	}, b.fairlead)
	_, podInformer := cache.NewInformerWithOptions(cache.InformerOptions{ListerWatcher: pods, ObjectType: &corev1.Pod{}, Handler: handle(o.seePod)})
	_, wfInformer := cache.NewInformerWithOptions(cache.InformerOptions{ListerWatcher: workflows, ObjectType: &v1alpha1.Workflow{}, Handler: handle(o.seeWorkflow)})
	for _, informer := range []cache.Controller{podInformer, wfInformer} {
		go informer.RunWithContext(ctx)
		if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
			cancel()
			return nil, fmt.Errorf("watching namespace %s: %w", namespace, context.Cause(ctx))
		}
	}
	return o, nil
}

// handle makes an event handler that looks at the newest version of an object only.
func handle[T any](see func(T)) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { see(object.(T)) },
		UpdateFunc: func(_, object any) { see(object.(T)) },
	}
}

func (o *observer) seePod(pod *corev1.Pod) {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	workflow := pod.Labels[v1alpha1.LabelKeyWorkflow]
	if _, known := o.podsBegun[pod.Name]; !known {
		o.podsBegun[pod.Name] = now
		if end, ok := o.lastEnd[workflow]; ok && workflow != "" {
			o.gaps = append(o.gaps, now.Sub(end))
		}
	}
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	if _, known := o.podsEnded[pod.Name]; ended && !known {
		o.podsEnded[pod.Name] = now
		o.lastEnd[workflow] = now
	}
	if pod.Labels[v1alpha1.LabelKeyCompleted] == "true" {
		o.marked[pod.Name] = true
	}
	o.tell()
}

func (o *observer) seeWorkflow(wf *v1alpha1.Workflow) {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !wf.Status.Phase.Completed() {
		return
	}
	if _, known := o.wfsEnded[wf.Name]; !known {
		o.wfsEnded[wf.Name] = now
		if wf.Status.Phase != v1alpha1.WorkflowSucceeded {
			o.wfsFailed[wf.Name] = fmt.Sprintf("%s: %s", wf.Status.Phase, wf.Status.Message)
		}
		o.tell()
	}
}

// tell wakes whoever waits. The caller holds the lock.
func (o *observer) tell() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// await waits until count, called under the lock, reaches n.
func (o *observer) await(ctx context.Context, what string, n int, count func() int) error {
	for {
		o.mu.Lock()
		have, changed := count(), o.changed
		failed := len(o.wfsFailed)
		var why string
		for name, message := range o.wfsFailed {
			why = name + " " + message
			break
		}
		o.mu.Unlock()
		switch {
		case failed > 0:
			return fmt.Errorf("%d workflows did not succeed, e.g. %s", failed, why)
		case have >= n:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d %s: %w", have, n, what, context.Cause(ctx))
		}
	}
}

func (o *observer) awaitWorkflows(ctx context.Context, n int) error {
	return o.await(ctx, "workflows ended", n, func() int { return len(o.wfsEnded) })
}

func (o *observer) awaitPods(ctx context.Context, n int) error {
	return o.await(ctx, "pods ended", n, func() int { return len(o.podsEnded) })
}

func (o *observer) awaitMarked(ctx context.Context, n int) error {
	return o.await(ctx, "pods marked as recorded", n, func() int { return len(o.marked) })
}

// latest is the last of some times.
func latest(times map[string]time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}
