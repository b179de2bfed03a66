package listwatch

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// WithUnchangedOmitted watches workflows of a namespace, or of all if it is empty, and has the server leave templates and other
// large parts out of events in which they have not changed. They are put back here, so that who reads the watch notices
// nothing: each workflow is whole, and shares its parts with its earlier version. NOTE: they must not be changed in place, and
// managed fields are not put back.
func WithUnchangedOmitted(ctx context.Context, client rest.Interface, namespace string, options metav1.ListOptions) (watch.Interface, error) {
	var timeout time.Duration
	if options.TimeoutSeconds != nil {
		timeout = time.Duration(*options.TimeoutSeconds) * time.Second
	}
	options.Watch = true
	inner, err := client.Get().
		NamespaceIfScoped(namespace, namespace != "").
		Resource("workflows").
		VersionedParams(&options, scheme.ParameterCodec).
		Timeout(timeout).
		SetHeader(wfv1.UnchangedHeader, wfv1.UnchangedOmit).
		Watch(ctx)
	if err != nil {
		return nil, err
	}
	return newRestoring(inner), nil
}

// restoring puts the parts back that the server has left out. It remembers them for as long as the server does: while the
// watch lasts and the workflow is not over.
type restoring struct {
	inner  watch.Interface
	result chan watch.Event
	done   chan struct{}
	once   sync.Once
	last   map[types.UID]*wfv1.Workflow
}

func newRestoring(inner watch.Interface) watch.Interface {
	r := &restoring{inner: inner, result: make(chan watch.Event), done: make(chan struct{}), last: map[types.UID]*wfv1.Workflow{}}
	go r.run()
	return r
}

// ResultChan implements watch.Interface.
func (r *restoring) ResultChan() <-chan watch.Event { return r.result }

// Stop implements watch.Interface.
func (r *restoring) Stop() {
	r.once.Do(func() {
		close(r.done)
		r.inner.Stop()
	})
}

func (r *restoring) run() {
	defer close(r.result)
	defer r.Stop()
	for event := range r.inner.ResultChan() {
		event = r.restore(event)
		select {
		case r.result <- event:
		case <-r.done:
			return
		}
		if event.Type == watch.Error {
			return
		}
	}
}

// restore makes the workflow of an event whole.
func (r *restoring) restore(event watch.Event) watch.Event {
	wf, ok := event.Object.(*wfv1.Workflow)
	if !ok || event.Type == watch.Bookmark {
		return event
	}
	_, given := wf.Annotations[wfv1.AnnotationKeyGivenPart]
	_, resolved := wf.Annotations[wfv1.AnnotationKeyResolvedPart]
	last := r.last[wf.UID]
	switch {
	case (given || resolved) && last == nil:
		// Nobody could run such a workflow. Whoever watches begins anew, and so does the server.
		err := apierrors.NewInternalError(fmt.Errorf("the watch brought workflow %s/%s without its templates, which were never sent before", wf.Namespace, wf.Name))
		return watch.Event{Type: watch.Error, Object: &err.ErrStatus}
	case event.Type == watch.Deleted, wf.Labels[wfv1.LabelKeyCompleted] == "true":
		delete(r.last, wf.UID)
		return event
	}
	if given {
		wf.Spec.Templates, wf.Spec.Arguments = last.Spec.Templates, last.Spec.Arguments
		delete(wf.Annotations, wfv1.AnnotationKeyGivenPart)
	}
	if resolved {
		wf.Status.StoredTemplates, wf.Status.StoredWorkflowSpec = last.Status.StoredTemplates, last.Status.StoredWorkflowSpec
		delete(wf.Annotations, wfv1.AnnotationKeyResolvedPart)
	}
	r.last[wf.UID] = &wfv1.Workflow{
		Spec:   wfv1.WorkflowSpec{Templates: wf.Spec.Templates, Arguments: wf.Spec.Arguments},
		Status: wfv1.WorkflowStatus{StoredTemplates: wf.Status.StoredTemplates, StoredWorkflowSpec: wf.Status.StoredWorkflowSpec},
	}
	return event
}
