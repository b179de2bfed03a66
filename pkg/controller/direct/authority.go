package direct

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/tools/cache"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	informers "k8s.io/kube-aggregator/pkg/client/informers/externalversions"
)

// FollowAPIService makes a route trust what kube-apiserver trusts for the same server: the CA bundle of its APIService,
// which the server keeps right when its authority changes. It returns when ctx ends.
func FollowAPIService(ctx context.Context, client aggregator.Interface, name string, route *Route) error {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	}))
	informer := factory.Apiregistration().V1().APIServices().Informer()
	see := func(object any) {
		if service, ok := object.(*apiregistrationv1.APIService); ok {
			follow(route, service)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    see,
		UpdateFunc: func(_, object any) { see(object) },
		DeleteFunc: func(any) { route.Distrust("APIService " + name + " is gone") },
	})
	if err != nil {
		return fmt.Errorf("watch APIService %s: %w", name, err)
	}
	informer.RunWithContext(ctx)
	return nil
}

func follow(route *Route, service *apiregistrationv1.APIService) {
	switch {
	case service.Spec.Service == nil:
		route.Distrust("APIService " + service.Name + " names no Service: the API group is not served by a workflow server")
	case service.Spec.InsecureSkipTLSVerify:
		route.Distrust("APIService " + service.Name + " has insecureSkipTLSVerify: there is no authority to verify the workflow server with")
	default:
		route.Trust(service.Spec.CABundle)
	}
}
