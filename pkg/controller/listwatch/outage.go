// Package listwatch makes informers notice quickly that a server is back.
package listwatch

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = time.Second
)

// ThroughOutages returns a ListerWatcher whose calls wait while the API is not served: not registered yet, or its server
// is being replaced. A reflector would wait up to a minute between its own attempts, and all runs with it.
func ThroughOutages(what string, inner cache.ListerWatcherWithContext) Outlasting {
	return Outlasting{what: what, inner: inner, clock: clock.RealClock{}}
}

var (
	_ cache.ListerWatcher            = Outlasting{}
	_ cache.ListerWatcherWithContext = Outlasting{}
)

// Outlasting is a ListerWatcher, in both forms, whose calls outlast outages.
type Outlasting struct {
	what  string
	inner cache.ListerWatcherWithContext
	clock clock.Clock
}

// ListWithContext lists, asking again while the API is away.
func (o Outlasting) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	return outlast(ctx, o, func() (runtime.Object, error) { return o.inner.ListWithContext(ctx, options) })
}

// WatchWithContext watches, asking again while the API is away.
func (o Outlasting) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	return outlast(ctx, o, func() (watch.Interface, error) { return o.inner.WatchWithContext(ctx, options) })
}

// List is ListWithContext without an end of its own; informers still ask for this form.
func (o Outlasting) List(options metav1.ListOptions) (runtime.Object, error) {
	return o.ListWithContext(context.Background(), options)
}

// Watch is WatchWithContext without an end of its own.
func (o Outlasting) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return o.WatchWithContext(context.Background(), options)
}

func outlast[T any](ctx context.Context, o Outlasting, call func() (T, error)) (T, error) {
	logger := klog.FromContext(ctx)
	waiting := false
	for delay := firstDelay; ; delay = min(delay*2, maxDelay) {
		answer, err := call()
		if err == nil || !notServed(err) || ctx.Err() != nil {
			if waiting && err == nil {
				logger.Info("The API answers again", "resource", o.what)
			}
			return answer, err
		}
		if !waiting {
			logger.Info("The API does not answer, waiting for it", "resource", o.what, "reason", err.Error())
			waiting = true
		}
		select {
		case <-ctx.Done():
			return answer, ctx.Err()
		case <-o.clock.After(delay):
		}
	}
}

// notServed tells whether an error means that nobody is there to answer, as opposed to an answer that is an error.
func notServed(err error) bool {
	return apierrors.IsServiceUnavailable(err) || apierrors.IsNotFound(err) || apierrors.IsTooManyRequests(err) ||
		utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err)
}
