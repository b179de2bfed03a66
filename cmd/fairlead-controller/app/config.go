package app

import (
	"context"
	"fmt"
	"math"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
	"fairlead.dev/fairlead/pkg/controller/direct"
	"fairlead.dev/fairlead/pkg/controller/ended"
	"fairlead.dev/fairlead/pkg/controller/listwatch"
	"fairlead.dev/fairlead/pkg/controller/wire"
	"fairlead.dev/fairlead/pkg/controller/workflow"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned/scheme"
)

// Config is what the options come to: clients and informers, not started.
type Config struct {
	Options *Options
	Kube    kubernetes.Interface
	// KubeConfig is how Kube reaches the cluster.
	KubeConfig *rest.Config
	// Election is a client of its own, so that a busy one never delays the renewal of the Lease.
	Election  kubernetes.Interface
	Workflows versioned.Interface
	// Route is the way that Workflows takes; nil: through kube-apiserver, always.
	Route *direct.Route
	// APIServices name the authority that the Route trusts.
	APIServices aggregator.Interface

	WorkflowInformer cache.SharedIndexInformer
	PodInformer      cache.SharedIndexInformer
	ResultInformer   cache.SharedIndexInformer
	// RepositoryInformer delivers the artifact repositories of namespaces.
	RepositoryInformer cache.SharedIndexInformer
	// TaskInformer and ArtifactPodInformer deliver what artifact garbage collection has under way.
	TaskInformer, ArtifactPodInformer cache.SharedIndexInformer
	// NamespaceInformer delivers the labels of namespaces; nil when there is only one.
	NamespaceInformer cache.SharedIndexInformer

	// Configuration is what the ConfigMap says.
	Configuration *config.Watcher
}

// NewConfig makes the clients. It does not talk to the cluster yet.
func NewConfig(o *Options) (*Config, error) {
	base, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("find out how to reach the cluster: %w", err)
	}
	rest.AddUserAgent(base, "fairlead-controller")
	base.QPS, base.Burst = o.QPS, o.Burst
	switch {
	case o.QPS == 0:
		base.QPS = -1
	case o.Burst == 0:
		base.Burst = int(math.Ceil(float64(o.QPS)))
	}
	// Servers are near; compressing costs both sides more than sending.
	base.DisableCompression = true

	kubeConfig := rest.CopyConfig(base)
	kubeConfig.ContentType = runtime.ContentTypeProtobuf
	kubeConfig.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON

	c := &Config{Options: o, KubeConfig: kubeConfig}
	if c.Kube, err = kubernetes.NewForConfig(kubeConfig); err != nil {
		return nil, fmt.Errorf("make the client for Kubernetes: %w", err)
	}
	electionConfig := rest.CopyConfig(kubeConfig)
	electionConfig.Timeout = o.RenewDeadline / 2
	if c.Election, err = kubernetes.NewForConfig(electionConfig); err != nil {
		return nil, fmt.Errorf("make the client for the Lease: %w", err)
	}
	if c.APIServices, err = aggregator.NewForConfig(base); err != nil {
		return nil, fmt.Errorf("make the client for the APIService: %w", err)
	}
	workflowConfig := rest.CopyConfig(base)
	if o.WorkflowServer != "" {
		// Discovery of the group is what every client with a valid token may read.
		probe := "/apis/" + wfv1.SchemeGroupVersion.String()
		if c.Route, err = direct.NewRoute(workflowConfig, o.WorkflowServer, probe, klog.Background()); err != nil {
			return nil, fmt.Errorf("--workflow-server: %w", err)
		}
	}
	if c.Workflows, err = newWorkflowClient(workflowConfig); err != nil {
		return nil, fmt.Errorf("make the client for workflows: %w", err)
	}
	return c, nil
}

// newWorkflowClient makes the generated client, with codecs that are quicker with what watches bring: each change of a
// workflow comes back to the controller, which made most of them.
func newWorkflowClient(base *rest.Config) (versioned.Interface, error) {
	config := rest.CopyConfig(base)
	config.APIPath, config.GroupVersion = "/apis", &wfv1.SchemeGroupVersion
	config.NegotiatedSerializer = wire.NewCodecs(scheme.Scheme, rest.CodecFactoryForGeneratedClient(scheme.Scheme, scheme.Codecs).WithoutConversion())
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, err
	}
	return versioned.New(client), nil
}

// makeInformers makes the informers, which deliver what is for this instance (CFG-05).
func (c *Config) makeInformers(instance string) error {
	workflows := c.Workflows.ArgoprojV1alpha1().Workflows(c.Options.Namespace)
	// One watch for those that run and those that are over: with one for each, the end of a workflow would come twice.
	c.WorkflowInformer = cache.NewSharedIndexInformer(
		listwatch.ThroughOutages("workflows", cache.ToListerWatcherWithContext(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				o.LabelSelector = instanceSelector(instance)
				return workflows.List(ctx, o)
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				o.LabelSelector = instanceSelector(instance)
				return workflows.Watch(ctx, o)
			},
		})), &wfv1.Workflow{}, 0, ended.Indexers())
	if err := c.WorkflowInformer.SetTransform(workflow.KeepWorkflowHeader); err != nil {
		return fmt.Errorf("set up the informer of workflows: %w", err)
	}

	results := c.Workflows.ArgoprojV1alpha1().WorkflowTaskResults(c.Options.Namespace)
	c.ResultInformer = cache.NewSharedIndexInformer(
		listwatch.ThroughOutages("workflowtaskresults", cache.ToListerWatcherWithContext(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return results.List(ctx, o)
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				return results.Watch(ctx, o)
			},
		})), &wfv1.WorkflowTaskResult{}, 0, cache.Indexers{})
	if err := c.ResultInformer.SetTransform(workflow.KeepTaskResult); err != nil {
		return fmt.Errorf("set up the informer of task results: %w", err)
	}

	pods := informers.NewSharedInformerFactoryWithOptions(c.Kube, 0,
		informers.WithNamespace(c.Options.Namespace),
		informers.WithTransform(workflow.KeepPodState),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = workflow.PodSelector + "," + instanceSelector(instance) }))
	c.PodInformer = pods.Core().V1().Pods().Informer()
	if err := c.PodInformer.AddIndexers(workflow.PodIndexers()); err != nil {
		return fmt.Errorf("index pods by owner: %w", err)
	}
	return nil
}
