package app

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/resourcequota"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	logsapi "k8s.io/component-base/logs/api/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apiserver"
	"fairlead.dev/fairlead/pkg/registry/workflow/artifacts"
	"fairlead.dev/fairlead/pkg/registry/workflow/podlog"
)

// podNamespaceEnv is set by the manifests to the namespace that the server runs in.
const podNamespaceEnv = "POD_NAMESPACE"

func init() {
	utilruntime.Must(logsapi.AddFeatureGates(utilfeature.DefaultMutableFeatureGate))
}

// Options are the settings of the API server, as flags give them.
type Options struct {
	// Recommended are the settings of the generic server.
	Recommended *genericoptions.RecommendedOptions
	// Storage says where objects are kept.
	Storage StorageOptions
	// Identity says how kube-apiserver finds this server.
	Identity IdentityOptions
	// Artifacts says how artifacts are read.
	Artifacts ArtifactOptions
	// Logging sets verbosity and format.
	Logging *logsapi.LoggingConfiguration

	// APIGroup asserts which group this server is for. The group itself comes from the environment.
	APIGroup string

	MaxRequestsInFlight         int
	MaxMutatingRequestsInFlight int
	RequestTimeout              time.Duration
	MinRequestTimeout           int
	ShutdownDelay               time.Duration

	// Standalone replaces the cluster in a server that runs without one.
	Standalone *Standalone
}

// Standalone is what a server needs that runs by itself, for tests and development: nobody to ask who may do what, no
// admission and no APIService.
type Standalone struct {
	// Authenticator says who a client is. Required.
	Authenticator authenticator.Request
	// Authorizer says what a client may do. Required.
	Authorizer authorizer.Authorizer
	// Admission is asked about what is created and changed; nil: nobody is.
	Admission admission.Interface
	// Pods are where logs are read from; nil: log requests are answered 503.
	Pods podlog.Pods
	// Artifacts are how artifact stores are read; nil: requests for artifacts are answered 503.
	Artifacts *artifacts.Source
	// WorkflowDefaults are what controllers lay under workflows, by instance, and whether that is known; nil: nothing.
	WorkflowDefaults func(instanceID string) (defaults *v1alpha1.Workflow, known bool)
}

// IdentityOptions name the objects through which kube-apiserver reaches this server.
type IdentityOptions struct {
	// Namespace of the server, its Service and its Secret.
	Namespace string
	// Service in front of the server.
	Service string
	// Secret that holds the self-made serving certificate.
	Secret string
	// APIService that registers the group.
	APIService string
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	recommended := genericoptions.NewRecommendedOptions(storagePrefix, apiserver.Codecs.LegacyCodec(v1alpha1.SchemeGroupVersion))
	recommended.SecureServing.BindPort = 6443
	recommended.SecureServing.ServerCert.CertDirectory = ""
	// kube-apiserver has queued the requests fairly before they get here.
	recommended.Features.EnablePriorityAndFairness = false
	resourcequota.Register(recommended.Admission.Plugins)
	recommended.Admission.RecommendedPluginOrder = append(recommended.Admission.RecommendedPluginOrder, resourcequota.PluginName)

	generic := genericapiserver.NewConfig(apiserver.Codecs)
	return &Options{
		Recommended: recommended,
		Storage:     NewStorageOptions(),
		Identity: IdentityOptions{
			Namespace:  os.Getenv(podNamespaceEnv),
			Service:    "fairlead-apiserver",
			Secret:     "fairlead-apiserver-cert",
			APIService: v1alpha1.Version + "." + v1alpha1.GroupName,
		},
		Artifacts:                   NewArtifactOptions(),
		Logging:                     logsapi.NewLoggingConfiguration(),
		APIGroup:                    v1alpha1.GroupName,
		MaxRequestsInFlight:         generic.MaxRequestsInFlight,
		MaxMutatingRequestsInFlight: generic.MaxMutatingRequestsInFlight,
		RequestTimeout:              generic.RequestTimeout,
		MinRequestTimeout:           generic.MinRequestTimeout,
	}
}

// RunStandalone makes the server run without a cluster.
func (o *Options) RunStandalone(standalone Standalone) {
	o.Recommended.Authentication = nil
	o.Recommended.Authorization = nil
	o.Recommended.CoreAPI = nil
	o.Recommended.Admission = nil
	o.Standalone = &standalone
}

// inCluster tells whether there is a kube-apiserver to work with.
func (o *Options) inCluster() bool { return o.Standalone == nil }

// ownCertificate tells whether the server has to make its serving certificate.
func (o *Options) ownCertificate() bool {
	certificate := o.Recommended.SecureServing.ServerCert
	return o.inCluster() && certificate.CertKey.CertFile == "" && certificate.GeneratedCert == nil
}

// AddFlags adds all flags.
func (o *Options) AddFlags(flags *pflag.FlagSet) {
	o.Recommended.AddFlags(flags)
	o.Storage.AddFlags(flags)
	o.Artifacts.AddFlags(flags)
	logsapi.AddFlags(o.Logging, flags)
	utilfeature.DefaultMutableFeatureGate.AddFlag(flags)

	flags.StringVar(&o.APIGroup, "api-group", o.APIGroup,
		"The API group that this server is expected to serve. It is fixed by the environment variable "+v1alpha1.GroupNameEnv+"; the server refuses to start when the two differ.")
	flags.StringVar(&o.Identity.Namespace, "cert-namespace", o.Identity.Namespace,
		"Namespace of the server: of its Service, of the Secret with its serving certificate and of the ConfigMap with the identity of its storage. Default: the environment variable "+podNamespaceEnv+".")
	flags.StringVar(&o.Identity.Service, "service-name", o.Identity.Service,
		"Service in front of the server. The self-made serving certificate is valid for it.")
	flags.StringVar(&o.Identity.Secret, "cert-secret", o.Identity.Secret,
		"Secret that holds the self-made serving certificate. It is made if it does not exist, and not used when --tls-cert-file is given.")
	flags.StringVar(&o.Identity.APIService, "apiservice-name", o.Identity.APIService,
		"APIService that registers the server. Its caBundle is kept equal to the self-made certificate authority; with --tls-cert-file it is left alone.")
	flags.IntVar(&o.MaxRequestsInFlight, "max-requests-inflight", o.MaxRequestsInFlight,
		"How many requests that change nothing are served at the same time; more are answered 429. 0: no limit.")
	flags.IntVar(&o.MaxMutatingRequestsInFlight, "max-mutating-requests-inflight", o.MaxMutatingRequestsInFlight,
		"How many requests that change something are served at the same time; more are answered 429. 0: no limit.")
	flags.DurationVar(&o.RequestTimeout, "request-timeout", o.RequestTimeout,
		"How long a request may take that is neither a watch nor a log.")
	flags.IntVar(&o.MinRequestTimeout, "min-request-timeout", o.MinRequestTimeout,
		"A watch is ended after a random time between this number of seconds and twice of it.")
	flags.DurationVar(&o.ShutdownDelay, "shutdown-delay-duration", o.ShutdownDelay,
		"How long to go on serving after a signal to end, while /readyz fails already. With several replicas it gives kube-apiserver the time to use another.")
}

// Complete fills in what follows from other settings.
func (o *Options) Complete() error {
	if !o.inCluster() {
		return nil
	}
	if path := o.Recommended.CoreAPI.CoreAPIKubeconfigPath; path != "" {
		if o.Recommended.Authentication.RemoteKubeConfigFile == "" {
			o.Recommended.Authentication.RemoteKubeConfigFile = path
		}
		if o.Recommended.Authorization.RemoteKubeConfigFile == "" {
			o.Recommended.Authorization.RemoteKubeConfigFile = path
		}
	}
	return nil
}

// Validate returns everything that is wrong with the settings.
func (o *Options) Validate() error {
	var problems []error
	if o.APIGroup != v1alpha1.GroupName {
		problems = append(problems, fmt.Errorf("--api-group is %q but the server was started for %q: set the environment variable %s to the group",
			o.APIGroup, v1alpha1.GroupName, v1alpha1.GroupNameEnv))
	}
	if o.inCluster() && o.Identity.Namespace == "" {
		problems = append(problems, fmt.Errorf("--cert-namespace is required when the environment variable %s is not set", podNamespaceEnv))
	}
	if o.MaxRequestsInFlight < 0 || o.MaxMutatingRequestsInFlight < 0 {
		problems = append(problems, errors.New("--max-requests-inflight and --max-mutating-requests-inflight must not be negative"))
	}
	if o.RequestTimeout <= 0 {
		problems = append(problems, errors.New("--request-timeout must be greater than 0"))
	}
	problems = append(problems, o.Storage.Validate(o.Recommended.Etcd)...)
	problems = append(problems, o.Artifacts.Validate()...)
	problems = append(problems, o.Recommended.SecureServing.Validate()...)
	problems = append(problems, o.Recommended.Authentication.Validate()...)
	problems = append(problems, o.Recommended.Authorization.Validate()...)
	problems = append(problems, o.Recommended.Audit.Validate()...)
	problems = append(problems, o.Recommended.Features.Validate()...)
	problems = append(problems, o.Recommended.Admission.Validate()...)
	problems = append(problems, o.Recommended.EgressSelector.Validate()...)
	problems = append(problems, o.Recommended.Traces.Validate()...)
	return errors.Join(problems...)
}
