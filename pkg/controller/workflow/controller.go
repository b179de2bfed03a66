// Package workflow is the loop that runs workflows: it brings what happened in the cluster to the engine, stores what the
// engine decides, and carries it out. An attempt of a step never has two pods, by this protocol and nothing else: the
// intent is stored, the pod is created under its deterministic name, its UID is stored.
package workflow

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
	"fairlead.dev/fairlead/pkg/engine"
)

// Options are the settings of the loop. Zero values mean the defaults given with each.
type Options struct {
	// Workers is how many workflows are looked at at once; 32.
	Workers int
	// CleanupWorkers is how many pods are labelled or deleted at once; 4.
	CleanupWorkers int
	// CreateParallelism is how many pods of one workflow are created at once; 16.
	CreateParallelism int
	// CreateTimeout bounds a request that creates a pod, so that it does not arrive after the Lease has gone to somebody
	// else; 5 seconds.
	CreateTimeout time.Duration
	// StopTimeout bounds how long work in flight may go on when the controller stops; 10 seconds.
	StopTimeout time.Duration
	// InstanceID is that of this controller, where there are several: the informers deliver only what is for it (CFG-05).
	InstanceID string
	// Engine are the switches of the engine.
	Engine engine.Options
	// Executor is what the helpers in pods are made of, for the steps that need them.
	Executor podbuilder.Executor
	// Settings returns what the configuration says about pods at the moment; nil: nothing.
	Settings func() podbuilder.Settings
	// Commands finds out what images run; nil: there is nobody to ask.
	Commands podbuilder.CommandLookup
}

func (o *Options) setDefaults() {
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Workers, 32}, {&o.CleanupWorkers, 4}, {&o.CreateParallelism, 16}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.Settings == nil {
		o.Settings = func() podbuilder.Settings { return podbuilder.Settings{} }
	}
	if o.CreateTimeout <= 0 {
		o.CreateTimeout = 5 * time.Second
	}
	if o.StopTimeout <= 0 {
		o.StopTimeout = 10 * time.Second
	}
}

// decider is the engine's Run as the loop uses it.
type decider interface {
	Apply(now time.Time, events ...engine.Event) engine.Decision
}

// Dependencies are what the loop works with.
type Dependencies struct {
	// Workflows reads and writes workflows.
	Workflows WorkflowClient
	// Pods creates, reads, stops, labels and deletes pods.
	Pods PodControl
	// Exec runs commands in containers that others have put into pods, to end them; nil: their pods are ended as a whole.
	Exec ContainerExec
	// Results removes task results that are taken over.
	Results ResultControl
	// Claims makes and removes the volume claims and the disruption budget of a workflow.
	Claims ClaimControl
	// Metrics takes in the metrics that workflows declare; nil: they are not kept.
	Metrics *CustomMetrics
	// Recorder emits Kubernetes Events.
	Recorder EventRecorder
	// Finalizers keeps workflows until their artifacts are dealt with; nil: artifacts are let be.
	Finalizers FinalizerControl
	// Config is the configuration in force; nil: that of an empty ConfigMap.
	Config func() *config.Config
	// NamespaceLimit is how many workflows of a namespace may run, where its labels say so; nil: no namespace says.
	NamespaceLimit func(namespace string) (int, bool)
	// Repositories finds artifact repositories; nil: there are none.
	Repositories Repositories
	// Credentials brings those of the installation's own artifact store to a namespace; nil: nobody does.
	Credentials CredentialSharer
	// History tells how long earlier runs took, for estimates; nil: no workflow gets one.
	History RunHistory
	// WorkflowInformer delivers the headers of workflows, kept by KeepWorkflowHeader.
	WorkflowInformer cache.SharedIndexInformer
	// PodInformer delivers the pods of workflows that are not labelled completed, indexed by OwnerIndex.
	PodInformer cache.SharedIndexInformer
	// ResultInformer delivers task results; nil: none are taken.
	ResultInformer cache.SharedIndexInformer
	// MayCreate tells whether this process may still create pods: false once its lease could be somebody else's.
	MayCreate func() bool
}

// maxRetryDelay is how long a workflow whose sync failed waits at most for the next one: about as long as runs may idle
// after an outage.
const maxRetryDelay = 5 * time.Second

// Controller is the loop.
type Controller struct {
	options Options
	clock   clock.WithTicker
	newRun  func(*wfv1.Workflow, []wfv1.NodeStatus, engine.Options) (decider, error)

	workflows WorkflowClient
	pods      PodControl
	claims    ClaimControl
	recorder  EventRecorder
	mayCreate func() bool

	config       func() *config.Config
	throttle     *throttle
	rate         *podRate
	repositories Repositories
	credentials  CredentialSharer
	finalizers   FinalizerControl

	headers   headerReader
	podCache  podReader
	hasSynced []cache.InformerSynced

	queue   workqueue.TypedRateLimitingInterface[types.NamespacedName]
	mail    *mailbox
	reports *reportBox
	runs    *runTable
	writes  *writeLog
	cleaner *podCleaner
	// custom are the metrics that workflows declare.
	custom *CustomMetrics
	// baselines knows how long earlier runs took.
	baselines *baselines

	resultCleaner *resultCleaner
}

// NewController returns the loop; Run starts it. The informers are the caller's to start.
func NewController(deps Dependencies, options Options) (*Controller, error) {
	return newControllerWithClock(deps, options, clock.RealClock{})
}

func newControllerWithClock(deps Dependencies, options Options, clock clock.WithTicker) (*Controller, error) {
	options.setDefaults()
	c := &Controller{
		options:   options,
		clock:     clock,
		newRun:    newEngineRun,
		workflows: deps.Workflows,
		pods:      deps.Pods,
		claims:    deps.Claims,
		recorder:  deps.Recorder,
		mayCreate: deps.MayCreate,

		config:       deps.Config,
		repositories: deps.Repositories,
		credentials:  deps.Credentials,
		finalizers:   deps.Finalizers,

		headers:   headerReader{deps.WorkflowInformer.GetIndexer()},
		podCache:  podReader{deps.PodInformer.GetIndexer()},
		mail:      newMailbox(),
		reports:   newReportBox(),
		runs:      newRunTable(),
		writes:    newWriteLog(),
		cleaner:   newPodCleaner(deps.Pods, podReader{deps.PodInformer.GetIndexer()}, deps.Exec, clock),
		custom:    deps.Metrics,
		baselines: newBaselines(deps.History, clock),

		resultCleaner: newResultCleaner(deps.Results, clock),
	}
	c.queue = workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](5*time.Millisecond, maxRetryDelay),
		workqueue.TypedRateLimitingQueueConfig[types.NamespacedName]{Name: "workflow_queue", Clock: clock})
	c.configure(deps)
	if err := c.watch(deps); err != nil {
		return nil, err
	}
	return c, nil
}

func newEngineRun(wf *wfv1.Workflow, nodes []wfv1.NodeStatus, options engine.Options) (decider, error) {
	run, err := engine.NewRun(wf, nodes, options)
	if err != nil {
		return nil, err
	}
	return run, nil
}

// HasSynced tells whether the informers have delivered what was there at the start.
func (c *Controller) HasSynced() bool {
	for _, synced := range c.hasSynced {
		if !synced() {
			return false
		}
	}
	return true
}

// Run works until ctx ends, then lets the work in flight finish within the stop timeout. It returns an error only when the
// informers never delivered.
func (c *Controller) Run(ctx context.Context) error {
	logger := klog.FromContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), c.hasSynced...) {
		return fmt.Errorf("workflow controller: stopped before workflows and pods were listed")
	}
	logger.Info("Running workflows", "workers", c.options.Workers)

	// Work in flight outlives ctx, so that a decision that was stored is also carried out.
	work, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	var workers sync.WaitGroup
	for range c.options.Workers {
		workers.Go(func() {
			for c.processNextWorkItem(work) {
			}
		})
	}
	for range c.options.CleanupWorkers {
		workers.Go(func() {
			for c.cleaner.processNextWorkItem(work) {
			}
		})
		workers.Go(func() {
			for c.resultCleaner.processNextWorkItem(work) {
			}
		})
	}

	<-ctx.Done()
	c.queue.ShutDown()
	c.cleaner.queue.ShutDown()
	c.resultCleaner.queue.ShutDown()
	patience := time.AfterFunc(c.options.StopTimeout, abort)
	defer patience.Stop()
	workers.Wait()
	logger.Info("Stopped running workflows")
	return nil
}

func (c *Controller) enqueue(key types.NamespacedName) { c.queue.Add(key) }

func (c *Controller) processNextWorkItem(ctx context.Context) bool {
	key, shutdown := c.queue.Get()
	if shutdown {
		return false
	}
	defer c.queue.Done(key)
	c.handle(ctx, key)
	return true
}

// handle syncs one workflow and decides when to look at it again.
func (c *Controller) handle(ctx context.Context, key types.NamespacedName) {
	started := c.clock.Now()
	err := c.syncSafely(ctx, key)
	syncDuration.Observe(c.clock.Since(started).Seconds())
	if err == nil {
		c.queue.Forget(key)
		return
	}
	// What the run holds in memory may be ahead of what is stored: the next sync starts from what is stored.
	if r := c.runs.get(key); r != nil {
		for _, l := range r.unstored {
			c.mail.putBack(key, l)
		}
		for _, result := range r.reports {
			c.reports.put(key, result)
		}
		c.runs.drop(key)
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		// The workflow goes with its namespace, and that first with its pods.
		c.letGo(key)
		c.queue.Forget(key)
		return
	}
	if ctx.Err() == nil {
		logSyncError(ctx, key, err)
		c.queue.AddRateLimited(key)
	}
}

// syncSafely keeps a panic over one workflow from ending the runs of all others.
func (c *Controller) syncSafely(ctx context.Context, key types.NamespacedName) (err error) {
	defer func() {
		if r := recover(); r != nil {
			errorCount.WithLabelValues("OperationPanic").Inc()
			klog.FromContext(ctx).Error(nil, "Panic while running a workflow", "workflow", key, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return c.sync(ctx, key)
}
