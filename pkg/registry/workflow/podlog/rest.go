package podlog

import (
	"context"
	"fmt"
	"io"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// REST serves `workflows/{name}/log`.
type REST struct {
	headers  Workflows
	hydrated rest.Getter
	pods     Pods
	archive  Archive
	stop     <-chan struct{}
	clock    clock.WithTicker
}

var (
	_ rest.Storage           = &REST{}
	_ rest.GetterWithOptions = &REST{}
	_ rest.StorageMetadata   = &REST{}
)

// NewREST returns the subresource. headers reads workflows as they are stored, hydrated reads one with all its nodes; it
// is asked only when a request names a node. Without pods, in a server that runs without a cluster, every request is
// answered 503; without an archive, logs of pods that are gone are gone too. Open streams end when stop is closed, so that they do not hold up the server's shutdown; it may be nil.
func NewREST(headers Workflows, hydrated rest.Getter, pods Pods, archive Archive, stop <-chan struct{}) *REST {
	return &REST{headers: headers, hydrated: hydrated, pods: pods, archive: archive, stop: stop, clock: clock.RealClock{}}
}

// New returns an empty workflow: the object that the subresource belongs to.
func (r *REST) New() runtime.Object { return &v1alpha1.Workflow{} }

// Destroy does nothing: the storage of workflows belongs to the parent resource.
func (r *REST) Destroy() {}

// NewGetOptions returns the options that query parameters are read into.
func (r *REST) NewGetOptions() (runtime.Object, bool, string) {
	return &v1alpha1.LogOptions{}, false, ""
}

// ProducesMIMETypes says what the stream is.
func (r *REST) ProducesMIMETypes(string) []string { return []string{"text/plain"} }

// ProducesObject says that the answer is described by a string rather than by an object.
func (r *REST) ProducesObject(string) any { return "" }

// Get checks the request and returns the log as a stream.
func (r *REST) Get(ctx context.Context, name string, object runtime.Object) (runtime.Object, error) {
	options, ok := object.(*v1alpha1.LogOptions)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("options of a log request are a %T", object))
	}
	stored, err := r.headers.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	workflow, ok := stored.(*v1alpha1.Workflow)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("stored workflow is a %T", stored))
	}
	if r.pods == nil {
		return nil, apierrors.NewServiceUnavailable("this server runs without a cluster and cannot read logs of pods")
	}
	request, problems := newRequest(workflow, options, r.clock)
	if len(problems) > 0 {
		return nil, apierrors.NewInvalid(v1alpha1.Kind("LogOptions"), name, problems)
	}
	if options.NodeID != "" {
		if err := r.narrow(ctx, request, options.NodeID); err != nil {
			return nil, err
		}
	}
	if r.archive != nil && !request.previous && request.selector == "" {
		request.findSaved = r.finderOfSaved(request)
		if mayHaveSaved(workflow) {
			if request.saved, err = request.findSaved(ctx); err != nil {
				return nil, err
			}
		}
	}
	if workflow.Status.Phase.Completed() {
		// Nothing grows any more, and the order can be exact.
		request.follow = false
	}
	namespace := genericapirequest.NamespaceValue(ctx)
	return &streamer{open: func(ctx context.Context) (io.ReadCloser, error) {
		// The handler calls with the request's context, which knows nothing of the namespace.
		return r.open(genericapirequest.WithNamespace(ctx, namespace), request, workflow.Status.Phase.Completed())
	}, follow: request.follow}, nil
}

// narrow narrows a request to a node: to its pods, or to one container of its pod when it is a member of a container set, which
// has no pod of its own (TPL-12).
func (r *REST) narrow(ctx context.Context, request *request, id string) error {
	workflow, err := r.whole(ctx, request.workflow)
	if err != nil {
		return err
	}
	node, ok := workflow.Status.Nodes[id]
	if !ok {
		return notFound("nodes", id, fmt.Sprintf("workflow %q has no node with the ID %q", request.workflow, id))
	}
	request.nodeName = node.Name
	set, ok := workflow.Status.Nodes[node.BoundaryID]
	if node.Type != v1alpha1.NodeTypeContainer || !ok {
		return nil
	}
	member := strings.TrimPrefix(node.Name, set.Name+".")
	if request.container != "" && request.container != member {
		return apierrors.NewBadRequest(fmt.Sprintf("node %q is the container %q, and the container %q was asked for: leave one of nodeID and container out", id, member, request.container))
	}
	request.nodeName, request.container = set.Name, member
	return nil
}

// finderOfSaved finds the saved logs of a request in what its workflow has recorded by then.
func (r *REST) finderOfSaved(request *request) func(ctx context.Context) ([]container, error) {
	return func(ctx context.Context) ([]container, error) {
		workflow, err := r.whole(ctx, request.workflow)
		if err != nil || workflow.UID != request.uid || !mayHaveSaved(workflow) {
			return nil, err
		}
		return savedContainers(workflow, request, r.archive), nil
	}
}

// whole reads a workflow with its nodes.
func (r *REST) whole(ctx context.Context, name string) (*v1alpha1.Workflow, error) {
	object, err := r.hydrated.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	workflow, ok := object.(*v1alpha1.Workflow)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("stored workflow is a %T", object))
	}
	return workflow, nil
}

// open begins the merge and returns where it can be read. Without follow it returns when the first byte is there, so that
// an error can still be answered as one.
func (r *REST) open(ctx context.Context, request *request, ended bool) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	finder := newFinder(request, r.pods)
	containers, pods, err := finder.list(ctx)
	containers = append(containers, finder.unseen(request.saved)...)
	switch {
	case err != nil || request.follow && !ended || len(request.saved) > 0:
	case pods == 0:
		err = noPods(request, ended)
	case request.container != "" && !finder.named:
		err = apierrors.NewBadRequest(fmt.Sprintf("none of the pods asked for has a container %q", request.container))
	}
	if err != nil {
		cancel()
		return nil, err
	}

	reader, writer := io.Pipe()
	merger := newMerger(request, r.pods, finder.found, writer)
	go r.find(ctx, finder, containers)
	go func() {
		select {
		case <-r.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	go func() {
		writer.CloseWithError(merger.run(ctx))
		cancel()
	}()
	log := &followedLog{reader: reader, cancel: cancel}
	if request.follow {
		return log, nil
	}
	return log, log.peek()
}

// find delivers containers to the merger and tells it when there are no more.
func (r *REST) find(ctx context.Context, f *finder, containers []container) {
	defer close(f.found)
	f.deliver(ctx, containers)
	if !f.request.follow {
		return
	}
	watching, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.watch(watching)
	}()
	awaitEnd(ctx, r.headers, f.request)
	// The last pod may have ended before the watch told of it.
	if containers, _, err := f.list(ctx); err == nil {
		f.deliver(ctx, containers)
	}
	stop()
	<-done
	// So may others, which are deleted as soon as they have ended.
	if f.request.findSaved != nil {
		if saved, err := f.request.findSaved(ctx); err == nil {
			f.deliver(ctx, f.unseen(saved))
		}
	}
}

// noPods is the answer when there is nothing to read.
func noPods(request *request, ended bool) error {
	switch {
	case request.podName != "":
		return notFound("pods", request.podName, fmt.Sprintf("workflow %q has no pod %q (any more)", request.workflow, request.podName))
	case ended:
		return notFound("pods", request.workflow, fmt.Sprintf("workflow %q has ended and none of the pods asked for exists any more", request.workflow))
	}
	return nil
}

func notFound(resource, name, message string) error {
	err := apierrors.NewNotFound(schema.GroupResource{Resource: resource}, name)
	err.ErrStatus.Message = message
	return err
}
