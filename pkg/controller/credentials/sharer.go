// Package credentials brings the credentials of the installation's own artifact store to the namespaces that use it. Pods
// read credentials from Secrets of their own namespace; an installation that comes with a store, and is to work without
// anything being set up, has to put one there. Off unless asked for: whoever may read Secrets of such a namespace, may read
// the store.
package credentials

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/pager"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// LabelCopiedFrom marks a copy; its value is the namespace of the original. Only Secrets with it are ever changed.
const LabelCopiedFrom = "fairlead.dev/copied-from"

// lookAgain is how long a copy is believed to be as it was left.
const lookAgain = time.Minute

// client is what a Sharer asks the cluster for.
type client interface {
	corev1client.SecretsGetter
	corev1client.NamespacesGetter
}

// Sharer keeps copies of one Secret.
type Sharer struct {
	secrets client
	source  types.NamespacedName
	clock   clock.WithTicker

	mu     sync.Mutex
	copies map[string]time.Time // when the copy of a namespace was looked at last
}

// NewSharer shares the Secret of this namespace and name.
func NewSharer(secrets client, namespace, name string, clock clock.WithTicker) *Sharer {
	return &Sharer{secrets: secrets, source: types.NamespacedName{Namespace: namespace, Name: name}, clock: clock, copies: map[string]time.Time{}}
}

// Ensure gives a namespace its copy. It asks the cluster at most once a minute for each namespace. Without an original, the
// error is one that passes.
func (s *Sharer) Ensure(ctx context.Context, namespace string) error {
	s.mu.Lock()
	looked, known := s.copies[namespace]
	s.mu.Unlock()
	if known && s.clock.Since(looked) < lookAgain || namespace == s.source.Namespace {
		return nil
	}
	original, err := s.secrets.Secrets(s.source.Namespace).Get(ctx, s.source.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) { // the store makes it when it starts: worth waiting for
		return apierrors.NewServiceUnavailable(fmt.Sprintf("Secret %s with the credentials of the artifact store does not exist yet", s.source))
	}
	if err != nil {
		return fmt.Errorf("read the credentials of the artifact store: %w", err)
	}
	return s.put(ctx, original, namespace)
}

// Run renews the copies that it knows of when the original changes, until ctx ends.
func (s *Sharer) Run(ctx context.Context) {
	ticker := s.clock.NewTicker(lookAgain)
	defer ticker.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
		last = s.renew(ctx, last)
	}
}

// renew brings the copies up to date when the original is not the version that they were made from last, and returns the
// version that they are made from now.
func (s *Sharer) renew(ctx context.Context, last string) string {
	logger := klog.FromContext(ctx)
	original, err := s.secrets.Secrets(s.source.Namespace).Get(ctx, s.source.Name, metav1.GetOptions{})
	if err != nil {
		logger.Error(err, "Cannot read the credentials of the artifact store, will try again", "secret", s.source)
		return last
	}
	if original.ResourceVersion == last {
		return last
	}
	renewed := original.ResourceVersion
	if last == "" {
		if err := s.adopt(ctx); err != nil {
			logger.Error(err, "Cannot find the copies of the credentials that were made before, will try again")
			renewed = last
		}
	}
	for _, namespace := range s.namespaces() {
		err := s.put(ctx, original, namespace)
		if apierrors.IsNotFound(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) { // the namespace goes or is gone
			s.mu.Lock()
			delete(s.copies, namespace)
			s.mu.Unlock()
			continue
		}
		if err != nil {
			logger.Error(err, "Cannot renew a copy of the credentials, will try again", "namespace", namespace)
			renewed = last
		}
	}
	return renewed
}

// adopt takes note of the copies that an earlier run of the controller has made: in namespaces where nothing runs at the moment
// they have to be renewed as well.
func (s *Sharer) adopt(ctx context.Context) error {
	return pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return s.secrets.Namespaces().List(ctx, o)
	}).EachListItem(ctx, metav1.ListOptions{}, func(obj runtime.Object) error {
		namespace := obj.(*corev1.Namespace).Name
		if s.knows(namespace) {
			return nil
		}
		copied, err := s.secrets.Secrets(namespace).Get(ctx, s.source.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && copied.Labels[LabelCopiedFrom] != s.source.Namespace {
			return nil
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.copies[namespace] = time.Time{} // not looked at yet
		return nil
	})
}

func (s *Sharer) knows(namespace string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.copies[namespace]
	return known
}

func (s *Sharer) namespaces() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.copies))
	for name := range s.copies {
		names = append(names, name)
	}
	return names
}

// put makes the copy of a namespace equal to the original.
func (s *Sharer) put(ctx context.Context, original *corev1.Secret, namespace string) error {
	wanted := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: s.source.Name, Labels: map[string]string{LabelCopiedFrom: s.source.Namespace}},
		Type:       original.Type,
		Data:       maps.Clone(original.Data),
	}
	client := s.secrets.Secrets(namespace)
	existing, err := client.Get(ctx, s.source.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		_, err = client.Create(ctx, wanted, metav1.CreateOptions{})
	case err != nil:
	case existing.Labels[LabelCopiedFrom] != s.source.Namespace:
		// Somebody's own: perhaps meant, in any case not ours to change.
	case reflect.DeepEqual(existing.Data, wanted.Data):
	default:
		changed := existing.DeepCopy()
		changed.Data = wanted.Data
		_, err = client.Update(ctx, changed, metav1.UpdateOptions{})
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("copy the credentials of the artifact store to namespace %s: %w", namespace, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copies[namespace] = s.clock.Now()
	return nil
}
