package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/artifactgc"
	"fairlead.dev/fairlead/pkg/controller/config"
	"fairlead.dev/fairlead/pkg/controller/credentials"
	"fairlead.dev/fairlead/pkg/controller/repository"
	"fairlead.dev/fairlead/pkg/controller/ttl"
	"fairlead.dev/fairlead/pkg/controller/workflow"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

var errInstanceChanged = errors.New("instanceID was changed in the configuration: ending, because a controller with another one works on other workflows")

// ownNamespace is where the controller's ConfigMap and Secrets are: that of its pod, else of its Lease.
func (c *Config) ownNamespace() string {
	return cmp.Or(os.Getenv("POD_NAMESPACE"), c.Options.LeaseNamespace)
}

// loadConfiguration reads the ConfigMap for the first time and makes what depends on it. restart is called when a change takes
// a restart to come into force.
func (c *Config) loadConfiguration(ctx context.Context, custom *workflow.CustomMetrics, restart context.CancelCauseFunc) error {
	c.Configuration = config.NewWatcher(c.Kube, c.ownNamespace(), c.Options.ConfigMap)
	started := false
	c.Configuration.OnChange(func(old, current *config.Config) {
		custom.SetTTL(current.MetricsTTL())
		if started && old.InstanceID != current.InstanceID {
			restart(errInstanceChanged)
		}
	})
	if err := c.Configuration.Load(ctx); err != nil {
		return err
	}
	started = true
	if err := c.makeInformers(c.Configuration.Current().InstanceID); err != nil {
		return err
	}
	if err := c.makeArtifactGCInformers(c.Configuration.Current().InstanceID); err != nil {
		return err
	}
	c.RepositoryInformer = repository.NewInformer(c.Kube, c.Options.Namespace)
	if c.Options.Namespace == "" {
		c.NamespaceInformer = informers.NewSharedInformerFactoryWithOptions(c.Kube, 0, informers.WithTransform(keepLabels)).Core().V1().Namespaces().Informer()
	}
	return nil
}

// keepLabels is the transform of the informer of namespaces: only their labels are read.
func keepLabels(obj any) (any, error) {
	if n, ok := obj.(*corev1.Namespace); ok {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n.Name, UID: n.UID, ResourceVersion: n.ResourceVersion, Labels: n.Labels}}, nil
	}
	return obj, nil
}

// namespaceLimit is how many workflows of a namespace may run, where its labels say so (LBL-07).
func (c *Config) namespaceLimit(namespace string) (int, bool) {
	if c.NamespaceInformer == nil {
		return 0, false
	}
	obj, ok, err := c.NamespaceInformer.GetIndexer().GetByKey(namespace)
	if n, is := obj.(*corev1.Namespace); err == nil && ok && is {
		return workflow.LimitOf(n.Labels)
	}
	return 0, false
}

// reconsider calls f whenever limits may have changed.
func (c *Config) reconsider(f func()) error {
	if c.NamespaceInformer == nil {
		return nil
	}
	_, err := c.NamespaceInformer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { f() },
		UpdateFunc: func(old, obj any) {
			a, ok1 := old.(*corev1.Namespace)
			b, ok2 := obj.(*corev1.Namespace)
			if ok1 && ok2 && a.Labels[wfv1.LabelKeyParallelismLimit] != b.Labels[wfv1.LabelKeyParallelismLimit] {
				f()
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watch namespaces: %w", err)
	}
	return nil
}

// credentialSharer copies the credentials of the artifact store until ctx ends, if that is asked for; else it is nil.
func (c *Config) credentialSharer(ctx context.Context) workflow.CredentialSharer {
	if c.Options.ShareRepositorySecret == "" {
		return nil
	}
	sharer := credentials.NewSharer(c.Kube.CoreV1(), c.ownNamespace(), c.Options.ShareRepositorySecret, clock.RealClock{})
	go sharer.Run(ctx)
	return sharer
}

// runLoops runs workflows and the loops that clean up after them, until ctx ends.
func (c *Config) runLoops(ctx context.Context, workflows *workflow.Controller, garbage *artifactgc.Controller, e environment) error {
	retention, err := ttl.NewController(c.Workflows.ArgoprojV1alpha1(), c.WorkflowInformer, ttl.Options{
		Workers: c.Options.TTLWorkers, Config: c.Configuration.Current, Propagation: e.deletion,
	}, clock.RealClock{})
	if err != nil {
		return err
	}
	c.Configuration.OnChange(func(_, _ *config.Config) {
		workflows.Reconsider()
		retention.Reconsider()
	})
	if err := c.reconsider(workflows.Reconsider); err != nil {
		return err
	}
	var loops sync.WaitGroup
	defer loops.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	loops.Go(func() { retention.Run(ctx) })
	loops.Go(func() { garbage.Run(ctx) })
	return workflows.Run(ctx)
}

// podSettings is what the environment and, at the moment, the configuration and the cluster say about pods.
func (c *Config) podSettings(surroundings environment, imageVolumes func(*config.Config) bool) func() podbuilder.Settings {
	return func() podbuilder.Settings {
		current := c.Configuration.Current()
		s := podSettings(current)
		s.ImageVolume = imageVolumes(current)
		s.StatusFinalizer = surroundings.statusFinalizer
		s.ProgressPace = surroundings.progress
		return s
	}
}

// podSettings translates the configuration for the pod builder.
func podSettings(c *config.Config) podbuilder.Settings {
	s := podbuilder.Settings{MainContainer: c.MainContainer, Executor: c.Executor, InstanceID: c.InstanceID}
	if d := c.PodGCDeleteDelayDuration; d != nil {
		delay := d.Duration
		s.PodGCDeleteDelay = &delay
	}
	if len(c.Images) > 0 {
		s.Images = make(map[string]podbuilder.ImageCommand, len(c.Images))
		for name, image := range c.Images {
			s.Images[name] = podbuilder.ImageCommand{Entrypoint: image.Entrypoint, Cmd: image.Cmd}
		}
	}
	if len(c.ArtifactDrivers) > 0 {
		s.ArtifactDrivers = make(map[string]podbuilder.ArtifactDriver, len(c.ArtifactDrivers))
		for _, d := range c.ArtifactDrivers {
			s.ArtifactDrivers[d.Name] = podbuilder.ArtifactDriver{Image: d.Image, ConnectionTimeoutSeconds: d.ConnectionTimeoutSeconds}
		}
	}
	return s
}
