// Package app makes a process of the API server: options become a configuration, and that becomes a server with its
// storage.
package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apiserver/pkg/admission"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apiserver"
	"fairlead.dev/fairlead/pkg/apiserver/anyname"
	"fairlead.dev/fairlead/pkg/apiserver/clusterfeatures"
	"fairlead.dev/fairlead/pkg/apiserver/frontproxy"
	_ "fairlead.dev/fairlead/pkg/artifact/all" // drivers of every kind of store
	"fairlead.dev/fairlead/pkg/registry/workflow/artifacts"
	"fairlead.dev/fairlead/pkg/registry/workflow/podlog"
	workflowrest "fairlead.dev/fairlead/pkg/registry/workflow/rest"
	"fairlead.dev/fairlead/pkg/storage/identity"
	"fairlead.dev/fairlead/pkg/version"
)

// watchTerminationGracePeriod is how long an ending server takes to end its watches, so that clients do not all come back
// to another replica at once.
const watchTerminationGracePeriod = 5 * time.Second

// NewCommand returns the command. It serves until the context ends.
func NewCommand(ctx context.Context) *cobra.Command {
	o := NewOptions()
	command := &cobra.Command{
		Use:   "fairlead-apiserver",
		Short: "Serve the workflow API as an aggregated API server of Kubernetes",
		Long: "Serves " + v1alpha1.SchemeGroupVersion.String() + " with storage of its own: an etcd inside this process (--data-dir), or an external one (--etcd-servers).\n" +
			"The API group is taken from the environment variable " + v1alpha1.GroupNameEnv + ".",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: false,
		Version:       version.Version,
		RunE: func(*cobra.Command, []string) error {
			if err := logsapi.ValidateAndApply(o.Logging, utilfeature.DefaultFeatureGate); err != nil {
				return err
			}
			if err := o.Complete(); err != nil {
				return err
			}
			if err := o.Validate(); err != nil {
				return err
			}
			process, err := New(ctx, o)
			if err != nil {
				return err
			}
			return process.Run(ctx)
		},
	}
	o.AddFlags(command.Flags())
	return command
}

// Process is a server together with its storage.
type Process struct {
	// Server is built and not running before Run.
	Server *apiserver.Server
	store  *store
}

// New opens the storage and builds the server. Options have to be complete and valid. What is opened here is closed by Run.
func New(ctx context.Context, o *Options) (_ *Process, err error) {
	klog.FromContext(ctx).Info("Starting", "version", version.Version, "apiGroup", v1alpha1.GroupName)
	config := apiserver.NewConfig(version.Version)
	config.Generic.MaxRequestsInFlight = o.MaxRequestsInFlight
	config.Generic.MaxMutatingRequestsInFlight = o.MaxMutatingRequestsInFlight
	config.Generic.RequestTimeout = o.RequestTimeout
	config.Generic.MinRequestTimeout = o.MinRequestTimeout
	config.Generic.ShutdownDelayDuration = o.ShutdownDelay
	config.Generic.ShutdownWatchTerminationGracePeriod = watchTerminationGracePeriod
	config.Extra.PostStartHooks = map[string]genericapiserver.PostStartHookFunc{}

	around := &surroundings{}
	if o.inCluster() {
		if around, err = setUpCluster(ctx, o, config); err != nil {
			return nil, err
		}
	}

	s, err := openStore(ctx, &o.Storage, o.Recommended.Etcd, around.marker)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.embedded != nil {
		config.Extra.HealthChecks = append(config.Extra.HealthChecks, s.embedded)
	}
	config.Extra.ReadyzChecks = append(config.Extra.ReadyzChecks, s.identity)

	if err := o.Recommended.ApplyTo(config.Generic); err != nil {
		return nil, err
	}
	if headers := config.Generic.Authentication.RequestHeaderConfig; headers != nil {
		config.Generic.Authentication.Authenticator = frontproxy.NewAuthenticator(headers, config.Generic.Authentication.Authenticator)
	}
	if o.Standalone != nil {
		config.Generic.Authentication.Authenticator = o.Standalone.Authenticator
		config.Generic.Authorization.Authorizer = o.Standalone.Authorizer
		config.Generic.AdmissionControl = o.Standalone.Admission
		around.pods, around.artifacts, around.defaults = o.Standalone.Pods, o.Standalone.Artifacts, o.Standalone.WorkflowDefaults
	}
	config.Generic.Authorization.Authorizer = anyname.Authorizer(config.Generic.Authorization.Authorizer)
	compress(&config.Generic.Config, o.Recommended.Etcd)
	config.Extra.Storage = &workflowrest.StorageProvider{
		Scheme:           apiserver.Scheme,
		InlineNodesBytes: o.Storage.InlineNodesBytes,
		Pods:             around.pods,
		Artifacts:        around.artifacts,
		WorkflowDefaults: around.defaults,
		Authorizer:       config.Generic.Authorization.Authorizer,
		Admission:        config.Generic.AdmissionControl,
		Stop:             config.Generic.DrainedNotify(),
	}

	server, err := config.Complete().New()
	if err != nil {
		return nil, err
	}
	return &Process{Server: server, store: s}, nil
}

// surroundings are what the server takes from the cluster that it runs in; all of them may be nil.
type surroundings struct {
	// marker keeps a copy of the identity of the store.
	marker identity.Marker
	// pods are where logs are read from, and artifacts how artifact stores are read.
	pods      podlog.Pods
	artifacts *artifacts.Source
	// defaults are what controllers lay under workflows.
	defaults func(instanceID string) (*v1alpha1.Workflow, bool)
}

// setUpCluster does what needs the cluster before the storage is opened.
func setUpCluster(ctx context.Context, o *Options, config *apiserver.Config) (*surroundings, error) {
	c, err := connect(o.Recommended.CoreAPI.CoreAPIKubeconfigPath)
	if err != nil {
		return nil, err
	}
	plugins, keeper, err := c.prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	useAdmission(ctx, o.Recommended, plugins)
	config.Extra.ReadyzChecks = append(config.Extra.ReadyzChecks, clusterfeatures.ReadyzChecks(plugins, enabledPlugins(o.Recommended.Admission))...)
	if keeper != nil {
		o.Recommended.SecureServing.ServerCert.GeneratedCert = keeper
		config.Extra.PostStartHooks["register-api-service"] = func(hook genericapiserver.PostStartHookContext) error {
			go c.register(hook, o, keeper, hook.LoopbackClientConfig)
			return nil
		}
	}
	stores, err := o.Artifacts.source(ctx, c.kube.CoreV1(), o.Identity.Namespace)
	if err != nil {
		return nil, err
	}
	marker := identity.NewConfigMapMarker(c.kube.CoreV1().ConfigMaps(o.Identity.Namespace), identity.DefaultConfigMapName)
	return &surroundings{
		marker: marker, pods: podlog.NewPods(c.kube), artifacts: stores,
		defaults: watchDefaults(ctx, c.kube, o.Identity.Namespace, o.Artifacts.ConfigMap, config).of,
	}, nil
}

// useAdmission leaves out the plugins that cannot work in this cluster and completes what the others need.
func useAdmission(ctx context.Context, recommended *genericoptions.RecommendedOptions, plugins []clusterfeatures.Plugin) {
	recommended.Admission.RecommendedPluginOrder = clusterfeatures.Usable(ctx, plugins, recommended.Admission.RecommendedPluginOrder)
	recommended.ExtraAdmissionInitializers = func(*genericapiserver.RecommendedConfig) ([]admission.PluginInitializer, error) {
		return []admission.PluginInitializer{clusterfeatures.NewQuotaInitializer()}, nil
	}
}

// enabledPlugins are the plugins that run.
func enabledPlugins(o *genericoptions.AdmissionOptions) []string {
	var enabled []string
	for _, name := range o.RecommendedPluginOrder {
		disabled := false
		for _, other := range o.DisablePlugins {
			disabled = disabled || other == name
		}
		if !disabled {
			enabled = append(enabled, name)
		}
	}
	return enabled
}

// Run serves until the context ends, then stops: first the API server, which finishes the requests in flight, then the
// storage under it. It returns nil after an orderly end.
func (p *Process) Run(ctx context.Context) error {
	defer p.store.close()

	// The high-water mark is written a last time after the last request.
	marking, stopMarking := context.WithCancel(context.WithoutCancel(ctx))
	var marker sync.WaitGroup
	marker.Go(func() { p.store.identity.Run(marking) })
	defer marker.Wait()
	defer stopMarking()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err, ok := <-p.store.failed():
			if ok {
				cancel(&storageFailedError{err})
			}
		case <-ctx.Done():
		}
	}()
	if err := p.Server.PrepareRun().RunWithContext(ctx); err != nil {
		return err
	}
	var failure *storageFailedError
	if errors.As(context.Cause(ctx), &failure) {
		return failure
	}
	klog.FromContext(ctx).Info("Stopped")
	return nil
}

// storageFailedError ends a process whose embedded etcd stopped.
type storageFailedError struct{ err error }

func (e *storageFailedError) Error() string {
	return fmt.Sprintf("the embedded etcd stopped: %v", e.err)
}
func (e *storageFailedError) Unwrap() error { return e.err }
