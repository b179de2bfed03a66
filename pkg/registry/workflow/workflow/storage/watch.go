package storage

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
)

// watchInterval is the shortest time between two events of one workflow whose nodes are in pages: each carries all nodes.
const watchInterval = time.Second

// Watch watches workflows. A watch narrowed to one name delivers all nodes; a wider one delivers headers, and the nodes of
// those that have them inside.
func (r *REST) Watch(ctx context.Context, options *metainternalversion.ListOptions) (watch.Interface, error) {
	if !oneName(options) || headersOnly(ctx) {
		return r.Store.Watch(ctx, options)
	}
	// Of several events the last one is delivered, which would lack the parts that came with an earlier one.
	inner, err := r.Store.Watch(parts.WithNothingOmitted(ctx), options)
	if err != nil {
		return nil, err
	}
	w := &wholeWatch{
		tables: r.tables,
		clock:  r.clock,
		inner:  inner,
		result: make(chan watch.Event),
		timer:  r.clock.NewTimer(watchInterval),
	}
	w.ctx, w.cancel = context.WithCancel(ctx)
	go w.run()
	return w, nil
}

// oneName is true for a watch with a field selector metadata.name=x.
func oneName(options *metainternalversion.ListOptions) bool {
	if options == nil || options.FieldSelector == nil {
		return false
	}
	name, ok := options.FieldSelector.RequiresExactMatch(v1alpha1.FieldMetadataName)
	return ok && name != ""
}

// wholeWatch puts the nodes into the events of one workflow. Of the changes of a workflow in pages that follow each other
// within watchInterval, the last one is delivered; its end is delivered at once.
type wholeWatch struct {
	tables
	clock  clock.Clock
	ctx    context.Context
	cancel context.CancelFunc
	inner  watch.Interface
	result chan watch.Event

	timer   clock.Timer
	sent    time.Time    // of the last event with nodes from pages
	pending *watch.Event // waits for the timer
}

// ResultChan implements watch.Interface.
func (w *wholeWatch) ResultChan() <-chan watch.Event { return w.result }

// Stop implements watch.Interface.
func (w *wholeWatch) Stop() {
	w.cancel()
	w.inner.Stop()
}

func (w *wholeWatch) run() {
	defer close(w.result)
	defer w.timer.Stop()
	defer w.Stop()
	for {
		var due <-chan time.Time
		if w.pending != nil {
			due = w.timer.C()
		}
		select {
		case <-w.ctx.Done():
			return
		case <-due:
			if !w.flush() {
				return
			}
		case event, ok := <-w.inner.ResultChan():
			if !ok {
				w.flush()
				return
			}
			if !w.handle(event) {
				return
			}
		}
	}
}

// handle delivers or keeps an event. It returns false when the watch is over.
func (w *wholeWatch) handle(event watch.Event) bool {
	// The watch cache may share the encoding of one event among its watchers; what is in it is not for changing.
	if shared, ok := event.Object.(runtime.CacheableObject); ok {
		event.Object = shared.GetObject()
	}
	workflow, ok := event.Object.(*v1alpha1.Workflow)
	if !ok || event.Type == watch.Bookmark || event.Type == watch.Error || !paged(workflow) {
		// What waits comes first: a bookmark says that everything before it was delivered.
		return w.flush() && w.send(event)
	}
	if event.Type == watch.Modified && !workflow.Status.Phase.Completed() {
		if wait := watchInterval - w.clock.Since(w.sent); wait > 0 {
			if w.pending == nil {
				w.timer.Reset(wait)
			}
			w.pending = &event
			return true
		}
	}
	w.pending = nil // the newer event says it all
	return w.sendWhole(event)
}

func (w *wholeWatch) flush() bool {
	if w.pending == nil {
		return true
	}
	event := *w.pending
	w.pending = nil
	return w.sendWhole(event)
}

// sendWhole delivers an event with the nodes that belong to it.
func (w *wholeWatch) sendWhole(event watch.Event) bool {
	header := event.Object.(*v1alpha1.Workflow)
	table, err := w.load(w.ctx, header, true)
	if err != nil {
		if w.ctx.Err() != nil {
			return false
		}
		// The client lists and watches again.
		status := apierrors.NewInternalError(err).ErrStatus
		if known, ok := err.(apierrors.APIStatus); ok {
			status = known.Status()
		}
		w.send(watch.Event{Type: watch.Error, Object: &status})
		return false
	}
	defer table.Release()
	event.Object = hydrated(header, table.Records())
	w.sent = w.clock.Now()
	return w.send(event)
}

func (w *wholeWatch) send(event watch.Event) bool {
	select {
	case w.result <- event:
		return true
	case <-w.ctx.Done():
		return false
	}
}
