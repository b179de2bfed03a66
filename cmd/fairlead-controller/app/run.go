package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/record"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client, queue and Lease metrics
	"k8s.io/klog/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/artifactgc"
	"fairlead.dev/fairlead/pkg/controller/direct"
	"fairlead.dev/fairlead/pkg/controller/repository"
	"fairlead.dev/fairlead/pkg/controller/ttl"
	"fairlead.dev/fairlead/pkg/controller/workflow"
	"fairlead.dev/fairlead/pkg/controller/workflow/command"
)

// straightWayPatience is how long a starting controller waits for the straight way to the workflow server.
const straightWayPatience = 2 * time.Second

// Main parses the arguments and runs until ctx ends or the Lease is lost.
func Main(ctx context.Context, arguments []string) error {
	o := NewOptions()
	fs := pflag.NewFlagSet("fairlead-controller", pflag.ContinueOnError)
	o.AddFlags(fs)
	if err := fs.Parse(arguments); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil
		}
		return err
	}
	if len(fs.Args()) > 0 {
		return fmt.Errorf("unexpected argument %q: everything is given by flags", fs.Args()[0])
	}
	if err := o.Validate(); err != nil {
		return err
	}
	c, err := NewConfig(o)
	if err != nil {
		return err
	}
	return c.Run(ctx)
}

// Run serves health and metrics, fills the informers, and runs workflows while this process may.
func (c *Config) Run(ctx context.Context) error {
	custom := workflow.RegisterMetrics()
	ttl.RegisterMetrics()
	artifactgc.RegisterMetrics()
	surroundings, err := readEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	ctx, restart := context.WithCancelCause(ctx)
	defer restart(nil)
	watchdog := leaderelection.NewLeaderHealthzAdaptor(20 * time.Second)
	var synced atomic.Bool
	live := []check{{"leaderElection", func(r *http.Request) error {
		if !c.Options.LeaderElect {
			return nil
		}
		return watchdog.Check(r)
	}}}
	ready := append(live, check{"informers", func(*http.Request) error {
		if !synced.Load() {
			return errors.New("workflows and pods are not listed yet")
		}
		return nil
	}})
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	if err := serve(serving, "health checks", c.Options.HealthzAddress, healthMux(live, ready)); err != nil {
		return err
	}
	if err := serve(serving, "metrics", c.Options.MetricsAddress, metricsMux(c.Options.Profiling)); err != nil {
		return err
	}

	surroundings.engine.NodeEvents = c.Options.NodeEvents
	if surroundings.engine.MaxNodes = c.Options.MaxWorkflowNodes; c.Options.MaxWorkflowNodes == 0 {
		surroundings.engine.MaxNodes = -1
	}
	executor, err := c.executor(ctx)
	if err != nil {
		return err
	}

	if err := c.loadConfiguration(ctx, custom, restart); err != nil {
		return err
	}
	c.openRoute(ctx, serving)

	// Informers and events go on while work in flight finishes.
	var syncs []func() bool
	for _, informer := range []cache.SharedIndexInformer{c.WorkflowInformer, c.PodInformer, c.ResultInformer, c.RepositoryInformer, c.NamespaceInformer, c.TaskInformer, c.ArtifactPodInformer} {
		if informer != nil {
			go informer.RunWithContext(serving)
			syncs = append(syncs, informer.HasSynced)
		}
	}
	go func() { synced.Store(waitForSync(serving, syncs...)) }()
	broadcaster := record.NewBroadcaster(record.WithContext(serving))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: c.Kube.CoreV1().Events("")})
	defer broadcaster.Shutdown()
	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "fairlead-controller"})

	c.Configuration.RecordTo(recorder)
	go c.Configuration.Run(serving)

	run := func(ctx context.Context, mayCreate func() bool) error {
		if !waitForSync(ctx, syncs...) {
			return nil
		}
		sharer := c.credentialSharer(ctx)
		imageVolumes := c.imageVolumes(ctx, executor)
		controller, err := workflow.NewController(workflow.Dependencies{
			Workflows:      workflow.NewWorkflowClient(c.Workflows.ArgoprojV1alpha1(), c.Kube.CoreV1()),
			Pods:           workflow.NewPodControl(c.Kube.CoreV1(), func() *int64 { return c.Configuration.Current().PodGCGracePeriodSeconds }),
			Exec:           workflow.NewContainerExec(c.KubeConfig, c.Kube),
			Results:        workflow.NewResultControl(c.Workflows.ArgoprojV1alpha1()),
			Claims:         workflow.NewClaimControl(c.Kube, surroundings.protectClaims),
			History:        history(c),
			Recorder:       workflow.NewEventRecorder(recorder),
			Metrics:        custom,
			Finalizers:     c.finalizers(surroundings),
			Config:         c.Configuration.Current,
			NamespaceLimit: c.namespaceLimit,
			Credentials:    sharer,
			Repositories: &repository.Resolver{
				Config: c.Configuration.Current, Namespace: c.ownNamespace(), Shared: c.RepositoryInformer.GetIndexer(), ConfigMaps: c.Kube.CoreV1(),
			},
			WorkflowInformer: c.WorkflowInformer,
			PodInformer:      c.PodInformer,
			ResultInformer:   c.ResultInformer,
			MayCreate:        mayCreate,
		}, workflow.Options{
			Workers:        c.Options.Workers,
			CleanupWorkers: c.Options.CleanupWorkers,
			CreateTimeout:  c.Options.LeaseDuration - c.Options.RenewDeadline,
			Executor:       executor,
			Engine:         surroundings.engine,
			Settings:       c.podSettings(surroundings, imageVolumes),
			Commands:       command.NewResolver(command.Options{Credentials: command.NewCredentials(c.Kube)}).Lookup,
			InstanceID:     c.Configuration.Current().InstanceID,
		})
		if err != nil {
			return err
		}
		garbage, err := c.artifactGC(recorder, executor, surroundings)
		if err != nil {
			return err
		}
		return c.runLoops(ctx, controller, garbage, surroundings)
	}
	klog.FromContext(ctx).Info("Starting", "leaderElection", c.Options.LeaderElect, "namespace", c.Options.Namespace)
	if !c.Options.LeaderElect {
		isLeader.Set(1)
		err = run(ctx, func() bool { return true })
	} else {
		err = runElected(ctx, c, watchdog, run)
	}
	if cause := context.Cause(ctx); err == nil && errors.Is(cause, errInstanceChanged) {
		err = cause
	}
	return err
}

// openRoute begins to look for the straight way to the workflow server, for as long as serving goes on. It is waited for a
// little: lists that begin through kube-apiserver are to be ended when it opens.
func (c *Config) openRoute(ctx, serving context.Context) {
	if c.Route == nil {
		return
	}
	go c.Route.Run(serving)
	go func() {
		if err := direct.FollowAPIService(serving, c.APIServices, wfv1.Version+"."+wfv1.GroupName, c.Route); err != nil {
			klog.FromContext(ctx).Error(err, "Requests for workflows go through kube-apiserver")
		}
	}()
	c.Route.Await(ctx, straightWayPatience)
}

// waitForSync polls, because the informers' own answer comes without a signal.
func waitForSync(ctx context.Context, synced ...func() bool) bool {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		all := true
		for _, s := range synced {
			all = all && s()
		}
		if all {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
}

// skipEstimationEnv switches estimates of durations off, as it does in the reference system.
const skipEstimationEnv = "SKIP_WORKFLOW_DURATION_ESTIMATION"

// history is where estimates of durations come from; nil when they are switched off.
func history(c *Config) workflow.RunHistory {
	if off, err := strconv.ParseBool(os.Getenv(skipEstimationEnv)); err == nil && off {
		return nil
	}
	return workflow.NewRunHistory(c.Workflows.ArgoprojV1alpha1(), c.WorkflowInformer.GetIndexer())
}
