package listwatch

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"
)

// answers is a server that gives these errors, one a call, and then a list.
func answers(calls *int, errs ...error) cache.ListerWatcherWithContext {
	return cache.ToListerWatcherWithContext(&cache.ListWatch{ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
		*calls++
		if *calls <= len(errs) {
			return nil, errs[*calls-1]
		}
		return &corev1.PodList{}, nil
	}})
}

func TestThroughOutages(t *testing.T) {
	resource := schema.GroupResource{Resource: "workflows"}
	calls := 0
	clock := clocktesting.NewFakeClock(time.Now())
	o := Outlasting{what: "workflows", clock: clock, inner: answers(&calls,
		apierrors.NewServiceUnavailable("no endpoints"), apierrors.NewNotFound(resource, ""), apierrors.NewTooManyRequests("later", 0))}
	done := make(chan error)
	go func() {
		_, err := o.ListWithContext(t.Context(), metav1.ListOptions{})
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil || calls != 4 {
				t.Errorf("%v after %d calls", err, calls)
			}
			return
		default:
			if clock.HasWaiters() {
				clock.Step(maxDelay)
			}
		}
	}
}

func TestAnswersAreNotWaitedOut(t *testing.T) {
	for _, err := range []error{
		apierrors.NewForbidden(schema.GroupResource{Resource: "workflows"}, "", errors.New("no role")),
		apierrors.NewResourceExpired("too old"),
		errors.New("anything"),
	} {
		calls := 0
		if _, got := ThroughOutages("workflows", answers(&calls, err)).ListWithContext(t.Context(), metav1.ListOptions{}); got == nil || calls != 1 {
			t.Errorf("%v: %v after %d calls", err, got, calls)
		}
	}
}

func TestEndedContextEndsTheWait(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	calls := 0
	if _, err := ThroughOutages("workflows", answers(&calls, apierrors.NewServiceUnavailable("no endpoints"))).ListWithContext(ctx, metav1.ListOptions{}); err == nil {
		t.Error("no error")
	}
}
