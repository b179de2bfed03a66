package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apiserver/clusterfeatures"
	"fairlead.dev/fairlead/pkg/apiserver/groupguard"
	"fairlead.dev/fairlead/pkg/apiserver/servingcert"
)

// clusterRetryInterval is how long to wait for a kube-apiserver that does not answer at start-up.
const clusterRetryInterval = 2 * time.Second

// readyInterval is how often a starting server asks itself whether it is ready.
const readyInterval = 200 * time.Millisecond

// ownResources are the plural names of the kinds that this server serves.
var ownResources = []string{
	"workflows", "workflowtemplates", "clusterworkflowtemplates", "cronworkflows",
	"workfloweventbindings", "workflowtasksets", "workflowtaskresults", "workflowartifactgctasks",
}

// cluster is the way to the kube-apiserver that this server is aggregated into.
type cluster struct {
	kube        kubernetes.Interface
	metadata    metadata.Interface
	apiServices aggregator.Interface
}

// connect makes the clients. None has a timeout or a rate limit: one of them streams logs, and the others ask little.
func connect(kubeconfig string) (*cluster, error) {
	var config *rest.Config
	var err error
	if kubeconfig != "" {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	} else {
		config, err = rest.InClusterConfig()
	}
	if err != nil {
		return nil, fmt.Errorf("find the kube-apiserver (run in a pod, or give --kubeconfig): %w", err)
	}
	config = rest.AddUserAgent(config, "fairlead-apiserver")
	config.QPS, config.Timeout = -1, 0

	c := &cluster{}
	if c.kube, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if c.metadata, err = metadata.NewForConfig(config); err != nil {
		return nil, err
	}
	if c.apiServices, err = aggregator.NewForConfig(config); err != nil {
		return nil, err
	}
	return c, nil
}

// prepare checks that the group may be taken, finds out what the cluster supports and makes the serving certificate if
// this server has to.
func (c *cluster) prepare(ctx context.Context, o *Options) ([]clusterfeatures.Plugin, *servingcert.Keeper, error) {
	guard := groupGuard(o)
	err := untilAnswered(ctx, "see whether the API group is free", func(ctx context.Context) error {
		return guard.Claim(ctx, c.metadata, c.apiServices)
	})
	if err != nil {
		return nil, nil, err
	}
	plugins, err := clusterfeatures.Await(ctx, c.kube.Discovery())
	if err != nil {
		return nil, nil, err
	}
	if !o.ownCertificate() {
		return plugins, nil, nil
	}
	keeper := servingcert.NewKeeper(c.kube, o.Identity.Namespace, o.Identity.Secret, o.Identity.Service, clock.RealClock{})
	if err := untilAnswered(ctx, "make the serving certificate", keeper.RunOnce); err != nil {
		return nil, nil, err
	}
	return plugins, keeper, nil
}

func groupGuard(o *Options) groupguard.Guard {
	return groupguard.Guard{
		Group: v1alpha1.GroupName, APIService: o.Identity.APIService,
		Namespace: o.Identity.Namespace, Service: o.Identity.Service, OwnResources: ownResources,
	}
}

// register creates the APIService when the server is ready, then keeps its CA bundle right, until the context ends.
func (c *cluster) register(ctx context.Context, o *Options, keeper *servingcert.Keeper, loopback *rest.Config) {
	ready, err := kubernetes.NewForConfig(loopback)
	if err != nil {
		klog.FromContext(ctx).Error(err, "Cannot make a client of this server; it does not register itself")
		return
	}
	err = wait.PollUntilContextCancel(ctx, readyInterval, true, func(ctx context.Context) (bool, error) {
		return ready.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() == nil, nil
	})
	if err != nil {
		return
	}
	guard := groupGuard(o)
	err = untilAnswered(ctx, "register the API group", func(ctx context.Context) error {
		return guard.Register(ctx, c.apiServices, c.kube.RbacV1().ClusterRoles(), keeper.CABundle())
	})
	if err != nil {
		return
	}
	servingcert.NewPublisher(c.apiServices, o.Identity.APIService, o.Identity.Namespace, o.Identity.Service, keeper, clock.RealClock{}).Run(ctx)
}

// untilAnswered repeats what fails until it succeeds, is refused for good, or the context ends. A new cluster may still be
// granting the rights that this server needs.
func untilAnswered(ctx context.Context, what string, try func(context.Context) error) error {
	return wait.PollUntilContextCancel(ctx, clusterRetryInterval, true, func(ctx context.Context) (bool, error) {
		attempt, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		err := try(attempt)
		var refused *groupguard.RefusedError
		if err == nil || errors.As(err, &refused) {
			return err == nil, err
		}
		klog.FromContext(ctx).Error(err, "Cannot "+what+", will be tried again")
		return false, nil
	})
}
