package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

const (
	// fakeNodeKey is the label and the taint of the fake nodes: nothing else is scheduled to them, and what is measured
	// on them nowhere else.
	fakeNodeKey   = "bench.fairlead.dev/fake-node"
	fakeNodeCount = 4
	leaseSeconds  = 40
	kubeletHands  = 32
)

// fakeKubelet is the kubelet of some nodes that do not exist: whatever is scheduled to them is Running as soon as the API
// server takes the news, and Succeeded after its life, which is nothing unless set.
type fakeKubelet struct {
	// life is how long a pod runs on average, in nanoseconds: between half and one and a half of it.
	life atomic.Int64

	kube  kubernetes.Interface
	nodes []string
	work  chan *corev1.Pod
	end   context.CancelFunc
	tasks sync.WaitGroup

	mu   sync.Mutex
	done map[types.UID]bool
	err  error
}

func startFakeKubelet(ctx context.Context, kube kubernetes.Interface) (*fakeKubelet, error) {
	ctx, cancel := context.WithCancel(ctx)
	k := &fakeKubelet{kube: kube, end: cancel, work: make(chan *corev1.Pod, 10000), done: map[types.UID]bool{}}
	for i := range fakeNodeCount {
		name := fmt.Sprintf("fairlead-bench-%d", i)
		k.nodes = append(k.nodes, name)
		if err := k.register(ctx, name); err != nil {
			k.stop()
			return nil, err
		}
		k.watch(ctx, name)
	}
	k.tasks.Go(func() { k.heartbeat(ctx) })
	for range kubeletHands {
		k.tasks.Go(func() {
			for {
				select {
				case pod := <-k.work:
					k.fail(k.play(ctx, pod))
				case <-ctx.Done():
					return
				}
			}
		})
	}
	err := until(ctx, "the fake nodes to be schedulable", func() (bool, error) {
		for _, name := range k.nodes {
			node, err := kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
			if err != nil || len(node.Spec.Taints) > 1 {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		k.stop()
		return nil, err
	}
	return k, nil
}

// register makes a node that is ready and has room for all that is measured.
func (k *fakeKubelet) register(ctx context.Context, name string) error {
	if err := ignoreNotFound(k.kube.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{})); err != nil {
		return err
	}
	_, err := k.kube.CoreV1().Nodes().Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{fakeNodeKey: "true", corev1.LabelHostname: name, corev1.LabelOSStable: "linux"}},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: fakeNodeKey, Effect: corev1.TaintEffectNoSchedule}}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := k.renew(ctx, name); err != nil {
		return err
	}
	room := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100k"), corev1.ResourceMemory: resource.MustParse("100Ti"), corev1.ResourcePods: resource.MustParse("100k")}
	now := metav1.Now()
	// A patch, because the node lifecycle controller writes its taints at the same time.
	patch, err := json.Marshal(map[string]any{"status": corev1.NodeStatus{
		Capacity: room, Allocatable: room,
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "Bench", LastHeartbeatTime: now, LastTransitionTime: now}},
	}})
	if err != nil {
		return err
	}
	_, err = k.kube.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

// renew says that the node is alive.
func (k *fakeKubelet) renew(ctx context.Context, name string) error {
	leases := k.kube.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	spec := coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: ptr.To[int32](leaseSeconds), RenewTime: ptr.To(metav1.NowMicro())}
	lease, err := leases.Get(ctx, name, metav1.GetOptions{})
	if err == nil {
		lease.Spec = spec
		_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
		return err
	}
	if ignoreNotFound(err) != nil {
		return err
	}
	_, err = leases.Create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}, metav1.CreateOptions{})
	return err
}

func (k *fakeKubelet) heartbeat(ctx context.Context) {
	tick := time.NewTicker(leaseSeconds / 4 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, name := range k.nodes {
				k.fail(k.renew(ctx, name))
			}
		case <-ctx.Done():
			return
		}
	}
}

// watch hands each pod of the node over when there is something to do about it.
func (k *fakeKubelet) watch(ctx context.Context, node string) {
	selector := fields.OneTermEqualSelector("spec.nodeName", node).String()
	source := cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			opts.FieldSelector = selector
			return k.kube.CoreV1().Pods("").List(ctx, opts)
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			opts.FieldSelector = selector
			return k.kube.CoreV1().Pods("").Watch(ctx, opts)
		},
	}, k.kube)
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{ListerWatcher: source, ObjectType: &corev1.Pod{}, Handler: handle(func(pod *corev1.Pod) {
		if k.wants(pod) {
			select {
			case k.work <- pod:
			case <-ctx.Done():
			}
		}
	})})
	k.tasks.Go(func() { informer.RunWithContext(ctx) })
}

// wants tells whether a pod is to be played, and remembers that it will be.
func (k *fakeKubelet) wants(pod *corev1.Pod) bool {
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	if pod.DeletionTimestamp != nil {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if ended || k.done[pod.UID] {
		return false
	}
	k.done[pod.UID] = true
	return true
}

// play begins a pod's life and sees to its end, or carries out its deletion.
func (k *fakeKubelet) play(ctx context.Context, pod *corev1.Pod) error {
	pods := k.kube.CoreV1().Pods(pod.Namespace)
	if pod.DeletionTimestamp != nil {
		return ignoreNotFound(pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0), Preconditions: &metav1.Preconditions{UID: &pod.UID}}))
	}
	start := metav1.Now()
	if err := k.report(ctx, pod, corev1.PodRunning, start); err != nil {
		return err
	}
	mean := time.Duration(k.life.Load())
	if mean == 0 {
		return k.report(ctx, pod, corev1.PodSucceeded, start)
	}
	k.tasks.Go(func() {
		// Spread, so that runs that began together do not go on in step.
		select {
		case <-time.After(mean/2 + rand.N(mean)):
			k.fail(k.report(ctx, pod, corev1.PodSucceeded, start))
		case <-ctx.Done():
		}
	})
	return nil
}

// report writes the status of a pod and its containers. A pod that is gone needs none.
func (k *fakeKubelet) report(ctx context.Context, pod *corev1.Pod, phase corev1.PodPhase, start metav1.Time) error {
	status := corev1.PodStatus{Phase: phase, StartTime: &start, HostIP: "192.0.2.1", PodIP: "192.0.2.2", PodIPs: []corev1.PodIP{{IP: "192.0.2.2"}}}
	for _, c := range pod.Spec.Containers {
		s := corev1.ContainerStatus{Name: c.Name, Image: c.Image, ImageID: "bench", Ready: phase == corev1.PodRunning}
		if phase == corev1.PodRunning {
			s.State.Running = &corev1.ContainerStateRunning{StartedAt: start}
		} else {
			s.State.Terminated = &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: start, FinishedAt: metav1.Now()}
		}
		status.ContainerStatuses = append(status.ContainerStatuses, s)
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": status})
	if err != nil {
		return err
	}
	_, err = k.kube.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	return ignoreNotFound(err)
}

// fail keeps the first error that was not the end of the program.
func (k *fakeKubelet) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil && k.err == nil {
		k.err = err
	}
}

// problem is what went wrong in the background, if anything did.
func (k *fakeKubelet) problem() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return fmt.Errorf("fake kubelet: %w", k.err)
	}
	return nil
}

// stop ends the background work and deletes the nodes.
func (k *fakeKubelet) stop() {
	k.end()
	k.tasks.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, name := range k.nodes {
		if err := ignoreNotFound(k.kube.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{})); err != nil {
			fmt.Printf("node %s is left behind: %v\n", name, err)
		}
		if err := ignoreNotFound(k.kube.CoordinationV1().Leases(corev1.NamespaceNodeLease).Delete(ctx, name, metav1.DeleteOptions{})); err != nil {
			fmt.Printf("lease of node %s is left behind: %v\n", name, err)
		}
	}
}
