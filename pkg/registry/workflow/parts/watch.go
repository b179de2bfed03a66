package parts

import (
	"context"
	"io"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

type unchangedKey struct{}

// WithUnchangedOmitted marks a watch whose events are to be without large parts that are what they were in the event before of
// the same workflow, with references in their place. Events of workflows that are over, and of deletions, have all parts: the
// watcher need not remember those of workflows that nothing happens to any more.
func WithUnchangedOmitted(ctx context.Context) context.Context {
	return context.WithValue(ctx, unchangedKey{}, true)
}

// WithNothingOmitted takes back WithUnchangedOmitted: for a watch of which not every event reaches the client, who then could
// not know what an omitted part was.
func WithNothingOmitted(ctx context.Context) context.Context {
	return context.WithValue(ctx, unchangedKey{}, false)
}

// Watch implements storage.Interface.
func (s whole) Watch(ctx context.Context, key string, options storage.ListOptions) (watch.Interface, error) {
	inner, err := s.Interface.Watch(ctx, key, options)
	if err != nil {
		return nil, err
	}
	w := &wholeWatch{storage: s, inner: inner, result: make(chan watch.Event)}
	if omit, _ := ctx.Value(unchangedKey{}).(bool); omit {
		w.sent = map[types.UID][]string{}
	}
	w.ctx, w.cancel = context.WithCancel(ctx)
	go w.run()
	return w, nil
}

// wholeWatch puts the parts into the events of a watch.
type wholeWatch struct {
	storage whole
	ctx     context.Context
	cancel  context.CancelFunc
	inner   watch.Interface
	result  chan watch.Event
	once    sync.Once
	// sent are the references of what was sent last of each workflow that is under way; nil: nothing is to be omitted.
	sent map[types.UID][]string
}

// ResultChan implements watch.Interface.
func (w *wholeWatch) ResultChan() <-chan watch.Event { return w.result }

// Stop implements watch.Interface.
func (w *wholeWatch) Stop() {
	w.once.Do(func() {
		w.cancel()
		w.inner.Stop()
	})
}

func (w *wholeWatch) run() {
	defer close(w.result)
	defer w.Stop()
	for {
		select {
		case <-w.ctx.Done():
			return
		case event, ok := <-w.inner.ResultChan():
			if !ok {
				return
			}
			object, err := w.join(event.Type, event.Object)
			if err != nil {
				if w.ctx.Err() != nil {
					return
				}
				// The client lists and watches again.
				event.Type, object = watch.Error, &apierrors.NewInternalError(err).ErrStatus
			}
			event.Object = object
			select {
			case w.result <- event:
			case <-w.ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}
}

// join returns what an event is about in one piece.
func (w *wholeWatch) join(kind watch.EventType, object runtime.Object) (runtime.Object, error) {
	about, ok := object.(metav1.Object)
	if !ok || kind == watch.Bookmark || w.omits(kind, about) || !refers(about.GetAnnotations()) {
		return object, nil
	}
	with, err := w.storage.load(w.ctx, owner{about.GetNamespace(), about.GetUID()}, about.GetName(), about.GetAnnotations())
	if err != nil {
		return nil, err
	}
	if shared, ok := object.(cacheable); ok {
		return &sharedWhole{cacheable: shared, with: with}, nil
	}
	if stored, ok := object.(*v1alpha1.Workflow); ok {
		return joined(stored, with), nil
	}
	return object, nil
}

// omits tells whether an event is to be sent as the workflow is stored, and remembers it.
func (w *wholeWatch) omits(kind watch.EventType, about metav1.Object) bool {
	if w.sent == nil {
		return false
	}
	references := References(about.GetAnnotations())
	if len(references) == 0 || kind == watch.Deleted || about.GetLabels()[v1alpha1.LabelKeyCompleted] == "true" {
		delete(w.sent, about.GetUID())
		return false
	}
	if slices.Equal(w.sent[about.GetUID()], references) {
		return true
	}
	w.sent[about.GetUID()] = references
	return false
}

// cacheable is what the watch cache sends to several watchers.
type cacheable interface {
	runtime.Object
	runtime.CacheableObject
	metav1.Object
}

// sharedWhole is a workflow in one piece that is encoded once for all watchers that want it in the same form.
type sharedWhole struct {
	cacheable
	with loaded
}

var _ runtime.CacheableObject = &sharedWhole{}

// CacheEncode implements runtime.CacheableObject.
func (w *sharedWhole) CacheEncode(id runtime.Identifier, encode func(runtime.Object, io.Writer) error, out io.Writer) error {
	return w.cacheable.CacheEncode("whole,"+id, func(object runtime.Object, out io.Writer) error {
		return encode(w.join(object), out)
	}, out)
}

// GetObject implements runtime.CacheableObject. The caller owns what it gets, except for the parts: nobody who reads from a
// watch changes templates in place.
func (w *sharedWhole) GetObject() runtime.Object { return w.join(w.cacheable.GetObject()) }

// DeepCopyObject implements runtime.Object.
func (w *sharedWhole) DeepCopyObject() runtime.Object {
	return &sharedWhole{cacheable: w.cacheable.DeepCopyObject().(cacheable), with: w.with}
}

// GetAnnotations implements metav1.Object.
func (w *sharedWhole) GetAnnotations() map[string]string {
	return withoutReferences(w.cacheable.GetAnnotations())
}

func (w *sharedWhole) join(object runtime.Object) runtime.Object {
	if stored, ok := object.(*v1alpha1.Workflow); ok {
		return joined(stored, w.with)
	}
	return object
}
