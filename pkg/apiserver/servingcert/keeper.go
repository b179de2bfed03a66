package servingcert

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// checkInterval is how often the certificates are looked at when nothing happens to the Secret.
	checkInterval = time.Hour
	// retryInterval is how long to wait after a failed look.
	retryInterval = 10 * time.Second
	// writeAttempts bounds the retries against replicas that write the Secret at the same time.
	writeAttempts = 8
)

// Keeper keeps authority and serving certificate in a Secret and offers the current ones to the secure server. Any
// number of replicas may run one on the same Secret: the first write wins and the others take what it stored.
type Keeper struct {
	client          kubernetes.Interface
	namespace, name string
	dnsNames        []string
	clock           clock.WithTicker

	mu        sync.Mutex
	current   bundle
	listeners []dynamiccertificates.Listener
}

var (
	_ dynamiccertificates.CertKeyContentProvider = &Keeper{}
	_ dynamiccertificates.ControllerRunner       = &Keeper{}
)

// NewKeeper returns a Keeper for the Secret namespace/name whose certificate is valid for the Service of that namespace.
// Call RunOnce before serving: until it succeeds there is no certificate.
func NewKeeper(client kubernetes.Interface, namespace, name, service string, c clock.WithTicker) *Keeper {
	return &Keeper{
		client:    client,
		namespace: namespace,
		name:      name,
		dnsNames: []string{
			// kube-apiserver verifies the first of these.
			fmt.Sprintf("%s.%s.svc", service, namespace),
			fmt.Sprintf("%s.%s.svc.cluster.local", service, namespace),
			fmt.Sprintf("%s.%s", service, namespace),
			service,
		},
		clock: c,
	}
}

// Name identifies the provider in logs.
func (k *Keeper) Name() string { return fmt.Sprintf("secret %s/%s", k.namespace, k.name) }

// AddListener registers somebody to be told when certificate or authority have changed.
func (k *Keeper) AddListener(listener dynamiccertificates.Listener) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.listeners = append(k.listeners, listener)
}

// CurrentCertKeyContent returns the serving certificate and its key as PEM, nil before the first RunOnce.
func (k *Keeper) CurrentCertKeyContent() ([]byte, []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current.serving == nil {
		return nil, nil
	}
	return k.current.serving.certPEM, k.current.serving.keyPEM
}

// CABundle returns the certificate that clients must trust, as PEM, nil before the first RunOnce.
func (k *Keeper) CABundle() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current.authority == nil {
		return nil
	}
	return k.current.authority.certPEM
}

// RunOnce reads the Secret, renews what is due, stores it and takes it into use.
func (k *Keeper) RunOnce(ctx context.Context) error {
	secrets := k.client.CoreV1().Secrets(k.namespace)
	var lastErr error
	for range writeAttempts {
		secret, err := secrets.Get(ctx, k.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			// Who deletes the Secret wants it back, not a new authority that kube-apiserver has yet to learn.
			made, reason, err := k.held().renewed(k.dnsNames, k.clock.Now())
			if err != nil {
				return err
			}
			secret := &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: k.namespace, Name: k.name},
				Type:       corev1.SecretTypeTLS,
				Data:       made.secretData(),
			}
			if _, err = secrets.Create(ctx, secret, metav1.CreateOptions{}); err == nil {
				klog.FromContext(ctx).Info("Created the serving certificate", "secret", klog.KRef(k.namespace, k.name), "reason", reason)
				k.adopt(made)
				return nil
			} else if !apierrors.IsAlreadyExists(err) {
				return fmt.Errorf("create secret %s/%s for the serving certificate: %w", k.namespace, k.name, err)
			}
			lastErr = err
			continue
		}
		if err != nil {
			return fmt.Errorf("read secret %s/%s with the serving certificate: %w", k.namespace, k.name, err)
		}

		made, reason, err := bundleFromSecret(secret.Data).renewed(k.dnsNames, k.clock.Now())
		if err != nil {
			return err
		}
		if reason == "" {
			k.adopt(made)
			return nil
		}
		changed := secret.DeepCopy()
		changed.Data = made.secretData()
		if _, err = secrets.Update(ctx, changed, metav1.UpdateOptions{}); err == nil {
			klog.FromContext(ctx).Info("Renewed the serving certificate", "secret", klog.KRef(k.namespace, k.name), "reason", reason,
				"notAfter", made.serving.cert.NotAfter)
			k.adopt(made)
			return nil
		} else if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return fmt.Errorf("update secret %s/%s with the serving certificate: %w", k.namespace, k.name, err)
		}
		lastErr = err
	}
	return fmt.Errorf("store the serving certificate in secret %s/%s: %w", k.namespace, k.name, lastErr)
}

func (k *Keeper) held() bundle {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current
}

// adopt takes the bundle into use and tells the listeners when it is another one.
func (k *Keeper) adopt(b bundle) {
	k.mu.Lock()
	same := k.current.serving != nil &&
		bytes.Equal(k.current.serving.certPEM, b.serving.certPEM) &&
		bytes.Equal(k.current.authority.certPEM, b.authority.certPEM)
	k.current = b
	listeners := append([]dynamiccertificates.Listener(nil), k.listeners...)
	k.mu.Unlock()
	if same {
		return
	}
	for _, listener := range listeners {
		listener.Enqueue()
	}
}

// Run looks at the certificates whenever the Secret changes and once an hour, until the context ends.
func (k *Keeper) Run(ctx context.Context, _ int) {
	changed := make(chan struct{}, 1)
	factory := informers.NewSharedInformerFactoryWithOptions(k.client, 0,
		informers.WithNamespace(k.namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, k.name).String()
		}))
	informer := factory.Core().V1().Secrets().Informer()
	if _, err := informer.AddEventHandler(notify(changed)); err != nil {
		klog.FromContext(ctx).Error(err, "Cannot watch the secret with the serving certificate; it is read once an hour instead")
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()

	every(ctx, k.clock, changed, k.RunOnce, "Keeping the serving certificate")
}

// notify returns a handler that puts a token into the channel, which must have room for one, at every event.
func notify(changed chan<- struct{}) cache.ResourceEventHandler {
	signal := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { signal() },
		UpdateFunc: func(any, any) { signal() },
		DeleteFunc: func(any) { signal() },
	}
}

// every runs sync at once, at every signal and at the intervals of this package, until the context ends.
func every(ctx context.Context, c clock.WithTicker, changed <-chan struct{}, sync func(context.Context) error, what string) {
	for {
		wait := checkInterval
		if err := sync(ctx); err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, what+" failed, will be tried again", "after", retryInterval)
			wait = retryInterval
		}
		timer := c.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-changed:
			timer.Stop()
		case <-timer.C():
		}
	}
}
