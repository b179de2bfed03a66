// Package app wires the controller together: options become a config, and the config runs.
package app

import (
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/klog/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// Options are the command line.
type Options struct {
	// APIGroup asserts the API group that the process was started with in its environment; empty asserts nothing.
	APIGroup string
	// Kubeconfig is the file that says how to reach the cluster; empty means the pod's own service account.
	Kubeconfig string
	// WorkflowServer is the address of the workflow server, https://HOST[:PORT], to which requests for workflows go straight;
	// empty: they go through kube-apiserver.
	WorkflowServer string
	// Namespace restricts the controller to one namespace; empty means all.
	Namespace string
	// Workers and CleanupWorkers are how many workflows and ended pods are worked on at once.
	Workers, CleanupWorkers int
	// QPS and Burst limit requests to the cluster; 0 means no limit.
	QPS   float32
	Burst int
	// ExecutorImage is the image of the helpers in pods; empty: the image of this controller's own pod.
	ExecutorImage string
	// ExecutorImagePullPolicy of that image; empty: the one of this controller's own pod, else Kubernetes' default.
	ExecutorImagePullPolicy string
	// StageByInit gives every pod that needs the executor a container `init`.
	StageByInit bool
	// ImageVolumes says whether wrapped containers get the wrapper from an image volume: ImageVolumesAuto, -Always or -Never.
	ImageVolumes string
	// ConfigMap is the name of the ConfigMap with the configuration, in the controller's namespace.
	ConfigMap string
	// TTLWorkers is how many workflows whose time is over are deleted at once.
	TTLWorkers int
	// ShareRepositorySecret is the name of a Secret of the controller's namespace that is copied to the namespaces whose
	// workflows use the configured artifact repository; empty: none is.
	ShareRepositorySecret string
	// MaxWorkflowNodes is how many nodes a workflow may have; 0: any number.
	MaxWorkflowNodes int
	// NodeEvents emits a Kubernetes Event for each phase that a step enters.
	NodeEvents bool
	// LeaderElect makes only the holder of a Lease work.
	LeaderElect bool
	// LeaseNamespace is where the Lease is.
	LeaseNamespace string
	// LeaseDuration, RenewDeadline and RetryPeriod time the Lease.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
	// HealthzAddress and MetricsAddress are where to serve; empty means not at all.
	HealthzAddress, MetricsAddress string
	// Profiling serves pprof beside the metrics.
	Profiling bool
}

// What --executor-image-volume can be.
const (
	// ImageVolumesAuto uses image volumes when the API server and all nodes are seen to know them.
	ImageVolumesAuto = "auto"
	// ImageVolumesAlways uses them without looking.
	ImageVolumesAlways = "always"
	// ImageVolumesNever does without.
	ImageVolumesNever = "never"
)

// NewOptions returns the defaults.
func NewOptions() *Options {
	return &Options{
		Workers:        32,
		CleanupWorkers: 8,
		TTLWorkers:     4,
		ImageVolumes:   ImageVolumesAuto,
		ConfigMap:      "workflow-controller-configmap",
		LeaderElect:    true,

		MaxWorkflowNodes: engine.DefaultMaxNodes,

		LeaseNamespace: "fairlead-system",
		LeaseDuration:  15 * time.Second,
		RenewDeadline:  10 * time.Second,
		RetryPeriod:    2 * time.Second,
		HealthzAddress: ":6060",
		MetricsAddress: ":9090",
	}
}

// AddFlags binds the options to flags.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.APIGroup, "api-group", o.APIGroup, "API group that this controller is expected to work with. The group itself is set by the environment variable "+wfv1.GroupNameEnv+"; a difference is an error.")
	fs.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "File that says how to reach the cluster. Without it, the pod's service account is used.")
	fs.StringVar(&o.WorkflowServer, "workflow-server", o.WorkflowServer, "Address of the workflow server, as https://HOST or https://HOST:PORT, to send requests for workflows straight to it. It is verified with the authority that its APIService names; while it cannot be reached, requests go through kube-apiserver. Empty: they always do.")
	fs.StringVar(&o.Namespace, "namespace", o.Namespace, "Run workflows of this namespace only. Empty: of all namespaces.")
	fs.IntVar(&o.Workers, "workers", o.Workers, "How many workflows are looked at at once.")
	fs.IntVar(&o.CleanupWorkers, "pod-cleanup-workers", o.CleanupWorkers, "How many ended pods are labelled or deleted at once.")
	fs.Float32Var(&o.QPS, "qps", o.QPS, "Requests a second to the cluster. 0: no limit.")
	fs.IntVar(&o.Burst, "burst", o.Burst, "Requests that may exceed --qps for a moment. 0: no limit, or as many as --qps when that is given.")
	fs.StringVar(&o.ExecutorImage, "executor-image", o.ExecutorImage, "Image of the helpers in the pods of steps that have outputs. Empty: the image of this controller's own pod (named by POD_NAME and POD_NAMESPACE).")
	fs.StringVar(&o.ExecutorImagePullPolicy, "executor-image-pull-policy", o.ExecutorImagePullPolicy, "Pull policy of that image: Always, IfNotPresent or Never. Empty: that of this controller's own pod.")
	fs.BoolVar(&o.StageByInit, "executor-init", o.StageByInit, "Give every pod that needs the executor a container init, which costs about a second a step, instead of a hook that the kubelet has to run before it starts main.")
	fs.StringVar(&o.ImageVolumes, "executor-image-volume", o.ImageVolumes, "Mount the executor's image as a volume into the containers whose command it wraps, which saves the container init of steps with sidecars: auto (when the API server and all nodes are seen to know image volumes: kubelet 1.35 and containerd 2.1), always or never.")
	fs.StringVar(&o.ConfigMap, "configmap", o.ConfigMap, "Name of the ConfigMap with the configuration, in the controller's own namespace (POD_NAMESPACE, else --lease-namespace). Changes come into force without a restart.")
	fs.IntVar(&o.TTLWorkers, "workflow-ttl-workers", o.TTLWorkers, "How many workflows whose time is over are deleted at once.")
	fs.StringVar(&o.ShareRepositorySecret, "share-repository-secret", o.ShareRepositorySecret, "Name of a Secret of the controller's own namespace that is copied to each namespace whose workflows use the artifactRepository of the configuration. Whoever may read Secrets there, may then read that store. Empty: none is.")
	fs.IntVar(&o.MaxWorkflowNodes, "max-workflow-nodes", o.MaxWorkflowNodes, "How many nodes (steps, their groups and attempts) a workflow may have. One that wants more, as a template does that calls itself without end, ends in Error. 0: no limit.")
	fs.BoolVar(&o.NodeEvents, "node-events", o.NodeEvents, "Emit a Kubernetes Event for each phase that a step enters, not only for workflows.")
	fs.BoolVar(&o.LeaderElect, "leader-elect", o.LeaderElect, "Work only while holding the Lease fairlead-controller. Needed as soon as two controllers can run at once, which a rolling update is enough for.")
	fs.StringVar(&o.LeaseNamespace, "lease-namespace", o.LeaseNamespace, "Namespace of the Lease.")
	fs.DurationVar(&o.LeaseDuration, "lease-duration", o.LeaseDuration, "How long others wait after the last renewal before they take the Lease.")
	fs.DurationVar(&o.RenewDeadline, "lease-renew-deadline", o.RenewDeadline, "How long the holder tries to renew before it gives up; no pod is created later than that.")
	fs.DurationVar(&o.RetryPeriod, "lease-retry-period", o.RetryPeriod, "How often the Lease is tried.")
	fs.StringVar(&o.HealthzAddress, "healthz-bind-address", o.HealthzAddress, "Address for /healthz and /readyz. Empty: not served.")
	fs.StringVar(&o.MetricsAddress, "metrics-bind-address", o.MetricsAddress, "Address for /metrics in Prometheus' text format. Empty: not served.")
	fs.BoolVar(&o.Profiling, "profiling", o.Profiling, "Serve /debug/pprof beside the metrics.")

	klogFlags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(klogFlags)
	if v := klogFlags.Lookup("v"); v != nil {
		fs.AddGoFlag(v)
	}
}

// Validate reports the first option that cannot be.
func (o *Options) Validate() error {
	switch {
	case o.APIGroup != "" && o.APIGroup != wfv1.GroupName:
		return fmt.Errorf("--api-group=%s, but the process was started for the group %s: set the environment variable %s to the same group in all parts of the installation", o.APIGroup, wfv1.GroupName, wfv1.GroupNameEnv)
	case o.Workers < 1:
		return fmt.Errorf("--workers must be at least 1, is %d", o.Workers)
	case o.MaxWorkflowNodes < 0:
		return fmt.Errorf("--max-workflow-nodes must not be negative, is %d; 0 means no limit", o.MaxWorkflowNodes)
	case o.TTLWorkers < 1:
		return fmt.Errorf("--workflow-ttl-workers must be at least 1, is %d", o.TTLWorkers)
	case o.ConfigMap == "":
		return fmt.Errorf("--configmap must not be empty: it names the ConfigMap with the configuration, which need not exist")
	case o.CleanupWorkers < 1:
		return fmt.Errorf("--pod-cleanup-workers must be at least 1, is %d", o.CleanupWorkers)
	case !slices.Contains([]string{"", "Always", "IfNotPresent", "Never"}, o.ExecutorImagePullPolicy):
		return fmt.Errorf("--executor-image-pull-policy must be Always, IfNotPresent or Never, is %q", o.ExecutorImagePullPolicy)
	case !slices.Contains([]string{ImageVolumesAuto, ImageVolumesAlways, ImageVolumesNever}, o.ImageVolumes):
		return fmt.Errorf("--executor-image-volume must be auto, always or never, is %q", o.ImageVolumes)
	case o.QPS < 0 || o.Burst < 0:
		return fmt.Errorf("--qps and --burst must not be negative; 0 means no limit")
	case o.LeaderElect && (o.LeaseDuration <= o.RenewDeadline || o.RenewDeadline <= o.RetryPeriod || o.RetryPeriod <= 0):
		return fmt.Errorf("lease times must satisfy --lease-duration (%s) > --lease-renew-deadline (%s) > --lease-retry-period (%s) > 0", o.LeaseDuration, o.RenewDeadline, o.RetryPeriod)
	}
	return nil
}
