package servingcert

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	aggregatorinformers "k8s.io/kube-aggregator/pkg/client/informers/externalversions"
	"k8s.io/utils/clock"
)

// Authority is where the Publisher takes the CA bundle from. Keeper is one.
type Authority interface {
	// RunOnce brings the bundle up to date, so that a replica does not publish what another has just replaced.
	RunOnce(ctx context.Context) error
	// CABundle returns the PEM certificates to trust.
	CABundle() []byte
	// AddListener registers a listener that is told about new bundles.
	AddListener(dynamiccertificates.Listener)
}

// Publisher keeps `spec.caBundle` of one APIService equal to the authority's. It never creates the APIService and leaves
// one alone that points at another Service.
type Publisher struct {
	client             aggregator.Interface
	apiService         string
	namespace, service string
	authority          Authority
	clock              clock.WithTicker
	changed            chan struct{}
}

var _ dynamiccertificates.Listener = &Publisher{}

// NewPublisher returns a Publisher for the APIService of that name, which is expected to point at namespace/service.
func NewPublisher(client aggregator.Interface, apiService, namespace, service string, authority Authority, c clock.WithTicker) *Publisher {
	p := &Publisher{
		client: client, apiService: apiService, namespace: namespace, service: service,
		authority: authority, clock: c, changed: make(chan struct{}, 1),
	}
	authority.AddListener(p)
	return p
}

// Enqueue asks for another look at the APIService.
func (p *Publisher) Enqueue() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// Run keeps the APIService right until the context ends.
func (p *Publisher) Run(ctx context.Context) {
	factory := aggregatorinformers.NewSharedInformerFactoryWithOptions(p.client, 0,
		aggregatorinformers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, p.apiService).String()
		}))
	informer := factory.Apiregistration().V1().APIServices().Informer()
	if _, err := informer.AddEventHandler(notify(p.changed)); err != nil {
		klog.FromContext(ctx).Error(err, "Cannot watch the APIService; it is read once an hour instead")
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()

	every(ctx, p.clock, p.changed, p.sync, "Publishing the certificate authority in APIService "+p.apiService)
}

// sync compares the APIService with the authority and patches it when they differ.
func (p *Publisher) sync(ctx context.Context) error {
	if err := p.authority.RunOnce(ctx); err != nil {
		return err
	}
	want := p.authority.CABundle()
	apiService, err := p.client.ApiregistrationV1().APIServices().Get(ctx, p.apiService, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		klog.FromContext(ctx).Info("There is no APIService, so nobody reaches this server through kube-apiserver", "apiService", p.apiService)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the APIService: %w", err)
	}
	if !pointsAt(apiService, p.namespace, p.service) {
		klog.FromContext(ctx).Info("The APIService points at another service and is left alone", "apiService", p.apiService, "want", klog.KRef(p.namespace, p.service))
		return nil
	}
	if bytes.Equal(apiService.Spec.CABundle, want) && !apiService.Spec.InsecureSkipTLSVerify {
		return nil
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": apiService.ResourceVersion},
		// The API refuses a CA bundle beside insecureSkipTLSVerify.
		"spec": map[string]any{"caBundle": want, "insecureSkipTLSVerify": false},
	})
	if err != nil {
		return err
	}
	if _, err = p.client.ApiregistrationV1().APIServices().Patch(ctx, p.apiService, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("set spec.caBundle of the APIService: %w", err)
	}
	klog.FromContext(ctx).Info("Published the certificate authority", "apiService", p.apiService)
	return nil
}

func pointsAt(apiService *apiregistrationv1.APIService, namespace, service string) bool {
	ref := apiService.Spec.Service
	return ref != nil && ref.Namespace == namespace && ref.Name == service
}
