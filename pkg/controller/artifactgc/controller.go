// Package artifactgc is the loop that deletes artifacts (AGC-01 to AGC-05).
//
// What is to be deleted is recorded first, as WorkflowArtifactGCTasks; a pod for each deletes it. The tasks do not belong to
// the workflow and outlive it. So the finalizer of a workflow holds up its deletion only until the record is written, and
// never until a store that may be gone has been reached: what could not be deleted stays recorded, is tried again with growing
// pauses, and is seen with `kubectl get wfat`.
package artifactgc

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
)

// workers is how many workflows and tasks are looked at at once.
const workers = 4

// Workflows reads workflows with their nodes and stores what became of artifacts.
type Workflows interface {
	// Header reads a workflow as it is now, without nodes that are not inside the object; nil when there is none.
	Header(ctx context.Context, key types.NamespacedName) (*wfv1.Workflow, error)
	// Nodes reads the newest nodes of a workflow in record form.
	Nodes(ctx context.Context, key types.NamespacedName) (*wfv1.NodeList, error)
	// UpdateNodes stores a change and answers with the new versions.
	UpdateNodes(ctx context.Context, update *wfv1.NodesUpdate) (*wfv1.NodesUpdate, error)
}

// Dependencies are what the loop works with.
type Dependencies struct {
	Workflows Workflows
	// Client writes workflows' finalizers and tasks.
	Client typed.ArgoprojV1alpha1Interface
	// Pods creates and deletes pods.
	Pods corev1client.PodsGetter
	// Recorder emits Events.
	Recorder record.EventRecorder
	// Headers delivers workflows; of those that are over, what package ended keeps is enough.
	Headers cache.SharedIndexInformer
	// Tasks delivers WorkflowArtifactGCTasks, OwnPods the pods with the label component: artifact-gc.
	Tasks, OwnPods cache.SharedIndexInformer
}

// Options are the settings of the loop.
type Options struct {
	// Off lets artifacts be: nothing new is recorded for deletion (AGC-05).
	Off bool
	// InstanceID is a label of what the loop makes, where there are several controllers.
	InstanceID string
	// Executor and Settings are those of all pods.
	Executor pod.Executor
	Settings func() pod.Settings
}

// Controller is the loop.
type Controller struct {
	Dependencies
	options Options
	clock   clock.WithTicker
	synced  []cache.InformerSynced
	queue   workqueue.TypedRateLimitingInterface[item]
}

// item is a workflow or a task to look at.
type item struct {
	task bool
	key  types.NamespacedName
}

// NewController returns the loop; Run starts it. The informers are the caller's to start.
func NewController(deps Dependencies, options Options, clock clock.WithTicker) (*Controller, error) {
	c := &Controller{
		Dependencies: deps, options: options, clock: clock,
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[item](time.Second, time.Minute),
			workqueue.TypedRateLimitingQueueConfig[item]{Name: "artifact_gc_queue", Clock: clock}),
	}
	if err := indexTasks(deps.Tasks); err != nil {
		return nil, err
	}
	for _, w := range []struct {
		informer cache.SharedIndexInformer
		note     func(obj any)
	}{{deps.Headers, c.noteWorkflow}, {deps.Tasks, c.noteTask}, {deps.OwnPods, c.notePod}} {
		registration, err := w.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: w.note, UpdateFunc: func(_, obj any) { w.note(obj) }, DeleteFunc: func(obj any) {
				if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
					obj = gone.Obj
				}
				if _, pod := obj.(*corev1.Pod); pod {
					w.note(obj)
				}
				c.noteTasksOf(obj)
			},
		})
		if err != nil {
			return nil, fmt.Errorf("watch for artifact garbage collection: %w", err)
		}
		c.synced = append(c.synced, registration.HasSynced)
	}
	return c, nil
}

// noteWorkflow looks at workflows that have the finalizer: others leave nothing to delete. It looks at tasks of them, too.
func (c *Controller) noteWorkflow(obj any) {
	c.noteTasksOf(obj)
	if wf, ok := obj.(*wfv1.Workflow); ok && due(wf) {
		c.queue.Add(item{key: types.NamespacedName{Namespace: wf.Namespace, Name: wf.Name}})
	}
}

func (c *Controller) noteTask(obj any) {
	if task, ok := obj.(*wfv1.WorkflowArtifactGCTask); ok {
		c.queue.Add(item{task: true, key: types.NamespacedName{Namespace: task.Namespace, Name: task.Name}})
	}
}

func (c *Controller) notePod(obj any) {
	p, ok := obj.(*corev1.Pod)
	if !ok {
		return
	}
	if owner := metav1.GetControllerOfNoCopy(p); owner != nil {
		c.queue.Add(item{task: true, key: types.NamespacedName{Namespace: p.Namespace, Name: owner.Name}})
	}
}

// Run works until ctx ends.
func (c *Controller) Run(ctx context.Context) {
	if !cache.WaitForCacheSync(ctx.Done(), c.synced...) {
		return
	}
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for c.processNext(ctx) {
			}
		})
	}
	<-ctx.Done()
	c.queue.ShutDown()
	group.Wait()
}

func (c *Controller) processNext(ctx context.Context) bool {
	next, shutdown := c.queue.Get()
	if shutdown {
		return false
	}
	defer c.queue.Done(next)
	var err error
	if next.task {
		err = c.syncTask(ctx, next.key)
	} else {
		err = c.syncWorkflow(ctx, next.key)
	}
	if err == nil {
		c.queue.Forget(next)
	} else if ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "Artifact garbage collection does not get on, will try again", "object", next.key)
		c.queue.AddRateLimited(next)
	}
	return true
}
