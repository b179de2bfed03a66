package podlog

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	mainContainer = "main"
	waitContainer = "wait"
	// podsPerList is how many pods one list request returns.
	podsPerList = 500
)

// Pods is the part of Kubernetes that logs are read from.
type Pods interface {
	// Get returns a pod.
	Get(ctx context.Context, namespace, name string) (*corev1.Pod, error)
	// List returns pods.
	List(ctx context.Context, namespace string, options metav1.ListOptions) (*corev1.PodList, error)
	// Watch watches pods.
	Watch(ctx context.Context, namespace string, options metav1.ListOptions) (watch.Interface, error)
	// Log opens the log of one container.
	Log(ctx context.Context, namespace, name string, options *corev1.PodLogOptions) (io.ReadCloser, error)
}

// NewPods returns the pods of a cluster. The client must not have a timeout, which would cut followed logs.
func NewPods(client kubernetes.Interface) Pods { return clusterPods{client} }

type clusterPods struct{ client kubernetes.Interface }

// Get implements Pods.
func (p clusterPods) Get(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	return p.client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
}

// List implements Pods.
func (p clusterPods) List(ctx context.Context, namespace string, options metav1.ListOptions) (*corev1.PodList, error) {
	return p.client.CoreV1().Pods(namespace).List(ctx, options)
}

// Watch implements Pods.
func (p clusterPods) Watch(ctx context.Context, namespace string, options metav1.ListOptions) (watch.Interface, error) {
	return p.client.CoreV1().Pods(namespace).Watch(ctx, options)
}

// Log implements Pods.
func (p clusterPods) Log(ctx context.Context, namespace, name string, options *corev1.PodLogOptions) (io.ReadCloser, error) {
	return p.client.CoreV1().Pods(namespace).GetLogs(name, options).Stream(ctx)
}

// finder finds the containers of a workflow whose logs can be read, and delivers each once.
type finder struct {
	request *request
	pods    Pods
	found   chan []container

	mu sync.Mutex
	// seen are containers that were delivered: of pods by the pod's UID, of saved logs by its name, which the other ones have too.
	seen map[string]struct{}
	// named: some listed pod has the container that was asked for.
	named bool
}

func newFinder(request *request, pods Pods) *finder {
	return &finder{request: request, pods: pods, found: make(chan []container), seen: map[string]struct{}{}}
}

// selector narrows what is asked for to the workflow: the label is added to whatever else the pods must have.
func (f *finder) selector() string {
	own := v1alpha1.LabelKeyWorkflow + "=" + f.request.workflow
	if f.request.selector == "" {
		return own
	}
	return own + "," + f.request.selector
}

// list returns the containers of the pods that exist now, and how many pods of the request there are.
func (f *finder) list(ctx context.Context) ([]container, int, error) {
	var containers []container
	count := 0
	options := metav1.ListOptions{LabelSelector: f.selector(), Limit: podsPerList}
	for {
		pods, err := f.pods.List(ctx, f.request.namespace, options)
		if err != nil {
			return nil, 0, err
		}
		for i := range pods.Items {
			if !f.wants(&pods.Items[i]) {
				continue
			}
			count++
			f.named = f.named || hasContainer(&pods.Items[i], f.request.container)
			containers = append(containers, f.fresh(&pods.Items[i])...)
		}
		if options.Continue = pods.Continue; options.Continue == "" {
			return containers, count, nil
		}
	}
}

// watch delivers containers as they start, until the context ends.
func (f *finder) watch(ctx context.Context) {
	list := func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		options.LabelSelector = f.selector()
		return f.pods.List(ctx, f.request.namespace, options)
	}
	open := func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		options.LabelSelector = f.selector()
		return f.pods.Watch(ctx, f.request.namespace, options)
	}
	observe := func(object any) {
		if pod, ok := object.(*corev1.Pod); ok && f.wants(pod) {
			f.deliver(ctx, f.fresh(pod))
		}
	}
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{ListWithContextFunc: list, WatchFuncWithContext: open}, f.pods),
		ObjectType:    &corev1.Pod{},
		Transform:     withoutSpec,
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    observe,
			UpdateFunc: func(_, object any) { observe(object) },
		},
	})
	informer.RunWithContext(ctx)
}

// withoutSpec drops what is not looked at of a pod: a request that follows a large workflow holds all of its pods.
func withoutSpec(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
			Annotations: pod.Annotations, OwnerReferences: pod.OwnerReferences, CreationTimestamp: pod.CreationTimestamp,
		},
		Status: corev1.PodStatus{
			InitContainerStatuses: pod.Status.InitContainerStatuses,
			ContainerStatuses:     pod.Status.ContainerStatuses,
		},
	}, nil
}

// deliver hands containers to the merger, all at once: it opens the earliest first.
func (f *finder) deliver(ctx context.Context, containers []container) {
	if len(containers) == 0 {
		return
	}
	select {
	case f.found <- containers:
	case <-ctx.Done():
	}
}

// wants tells whether the pod belongs to the workflow and to what was asked for. The label alone proves nothing: anyone
// who may create pods can set it, and a deleted workflow of the same name may have left pods behind.
func (f *finder) wants(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || owner.UID != f.request.uid {
		return false
	}
	if f.request.podName != "" && pod.Name != f.request.podName {
		return false
	}
	return f.request.wantsNode(pod.Annotations[v1alpha1.AnnotationKeyNodeName])
}

// fresh returns the pod's containers whose log can be read and that were not returned before.
func (f *finder) fresh(pod *corev1.Pod) []container {
	f.mu.Lock()
	defer f.mu.Unlock()
	var containers []container
	for _, name := range f.containerNames(pod) {
		state := containerState(pod, name)
		if state == nil || state.Running == nil && state.Terminated == nil && !f.request.previous {
			continue
		}
		key := string(pod.UID) + "/" + name
		if _, ok := f.seen[key]; ok {
			continue
		}
		f.seen[key], f.seen[pod.Name+"/"+name] = struct{}{}, struct{}{}
		containers = append(containers, container{
			namespace: pod.Namespace, pod: pod.Name, name: name, uid: pod.UID,
			start: startOf(pod, state), terminated: state.Terminated != nil,
		})
	}
	return containers
}

// unseen returns the saved logs of pods that were not returned themselves: what a pod that still exists has is read from it.
func (f *finder) unseen(saved []container) []container {
	f.mu.Lock()
	defer f.mu.Unlock()
	var unseen []container
	for _, c := range saved {
		key := c.pod + "/" + c.name
		if _, ok := f.seen[key]; !ok {
			f.seen[key] = struct{}{}
			unseen = append(unseen, c)
		}
	}
	return unseen
}

// containerNames are the containers to read: the one asked for, else main, else all that do work.
func (f *finder) containerNames(pod *corev1.Pod) []string {
	if f.request.container != "" {
		return []string{f.request.container}
	}
	var names []string
	for i := range pod.Status.ContainerStatuses {
		switch name := pod.Status.ContainerStatuses[i].Name; name {
		case mainContainer:
			return []string{mainContainer}
		case waitContainer:
		default:
			names = append(names, name)
		}
	}
	return names
}

func hasContainer(pod *corev1.Pod, name string) bool {
	is := func(c corev1.Container) bool { return c.Name == name }
	return slices.ContainsFunc(pod.Spec.Containers, is) || slices.ContainsFunc(pod.Spec.InitContainers, is)
}

// containerState returns the state of a container or init container, nil when there is none yet.
func containerState(pod *corev1.Pod, name string) *corev1.ContainerState {
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range statuses {
			if statuses[i].Name == name {
				return &statuses[i].State
			}
		}
	}
	return nil
}

// startOf is when the container began. Whole seconds are all that a status has, rounded down.
func startOf(pod *corev1.Pod, state *corev1.ContainerState) time.Time {
	switch {
	case state.Running != nil && !state.Running.StartedAt.IsZero():
		return state.Running.StartedAt.Time
	case state.Terminated != nil && !state.Terminated.StartedAt.IsZero():
		return state.Terminated.StartedAt.Time
	}
	return pod.CreationTimestamp.Time
}
