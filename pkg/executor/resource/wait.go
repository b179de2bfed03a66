package resource

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
)

// Objects reads one kind of object in one place; a dynamic client's resource interface is one.
type Objects interface {
	Get(ctx context.Context, name string, options metav1.GetOptions, subresources ...string) (*unstructured.Unstructured, error)
	Watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error)
}

const (
	// defaultInterval is how often an object is read that cannot be watched.
	defaultInterval = 5 * time.Second
	// rewatch is the pause before an object is watched again whose watch ended at once.
	rewatch = time.Second
)

// await waits until the conditions are met (TPL-04). The object is watched; where that is not allowed it is read now and then.
func await(ctx context.Context, objects Objects, name string, c *conditions, interval time.Duration, log func(string, ...any)) error {
	for {
		object, err := objects.Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return deleted(err)
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !transient(err):
			return fmt.Errorf("read %s to see its conditions: %w", name, err)
		case err != nil:
			log("cannot read %s yet: %v", name, err)
			if err := pause(ctx, interval); err != nil {
				return err
			}
			continue
		}
		if met, err := c.met(object); met || err != nil {
			return err
		}
		next, err := follow(ctx, objects, object, c)
		if done := (*verdict)(nil); errors.As(err, &done) {
			return done.err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := interval
		if err == nil {
			wait = rewatch
			if next {
				wait = 0
			}
		} else {
			log("cannot watch %s, so it is read every %s: %v", name, interval, err)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// verdict ends the waiting; err is nil when the conditions are met.
type verdict struct{ err error }

func (v *verdict) Error() string { return "the conditions are decided" }

// follow watches the object until the conditions are decided, which is a verdict, or the watch ends; it tells whether the
// watch had anything to tell.
func follow(ctx context.Context, objects Objects, object *unstructured.Unstructured, c *conditions) (told bool, err error) {
	w, err := objects.Watch(ctx, metav1.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector("metadata.name", object.GetName()).String(),
		ResourceVersion: object.GetResourceVersion(),
	})
	if err != nil {
		return false, err
	}
	defer w.Stop()
	for event := range w.ResultChan() {
		changed, ok := event.Object.(*unstructured.Unstructured)
		switch {
		case event.Type == watch.Error:
			if err := apierrors.FromObject(event.Object); !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
				return told, err
			}
			return told, nil
		case !ok || changed.GetName() != object.GetName():
			continue
		case event.Type == watch.Deleted:
			return told, &verdict{deleted(fmt.Errorf("%s %s is gone", object.GetKind(), object.GetName()))}
		case event.Type == watch.Added || event.Type == watch.Modified:
			told = true
			if met, err := c.met(changed); met || err != nil {
				return told, &verdict{err}
			}
		}
	}
	return told, nil
}

func deleted(err error) error {
	return fmt.Errorf("The resource has been deleted while its status was still being checked. Will not be retried: %w", err) //nolint:staticcheck // clients match on this text
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
