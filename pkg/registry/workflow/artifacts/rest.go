package artifacts

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/location"
)

// REST serves GET and HEAD of workflows/{name}/artifacts, with a path behind it, and POST of a file.
type REST struct {
	workflows rest.Getter
	source    *Source
}

var (
	_ rest.Storage         = &REST{}
	_ rest.Connecter       = &REST{}
	_ rest.StorageMetadata = &REST{}
)

// NewREST returns the subresource. workflows reads a workflow with all its nodes. Without a source, in a server that runs
// without a cluster, only listings are answered.
func NewREST(workflows rest.Getter, source *Source) *REST {
	return &REST{workflows: workflows, source: source}
}

// New implements rest.Storage.
func (r *REST) New() runtime.Object { return &v1alpha1.ArtifactListing{} }

// Destroy implements rest.Storage.
func (r *REST) Destroy() {}

// ConnectMethods implements rest.Connecter.
func (r *REST) ConnectMethods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost}
}

// NewConnectOptions implements rest.Connecter: the rest of the URL becomes `path`.
func (r *REST) NewConnectOptions() (runtime.Object, bool, string) {
	return &v1alpha1.ArtifactOptions{}, true, "path"
}

// ProducesMIMETypes implements rest.StorageMetadata.
func (r *REST) ProducesMIMETypes(string) []string {
	return []string{"application/octet-stream", "application/json"}
}

// ProducesObject implements rest.StorageMetadata: bytes, or a listing.
func (r *REST) ProducesObject(string) any { return "" }

// Connect implements rest.Connecter.
func (r *REST) Connect(ctx context.Context, name string, object runtime.Object, responder rest.Responder) (http.Handler, error) {
	options, ok := object.(*v1alpha1.ArtifactOptions)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("options of an artifact request are a %T", object))
	}
	if isUpload(ctx) {
		// The name tells what the file is for: a workflow that is yet to be.
		if r.source == nil || r.source.Uploads == nil {
			return nil, apierrors.NewServiceUnavailable("this server runs without a cluster and cannot store artifacts")
		}
		return &upload{source: r.source, namespace: request.NamespaceValue(ctx), options: options, responder: responder}, nil
	}
	stored, err := r.workflows.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	wf, ok := stored.(*v1alpha1.Workflow)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("stored workflow is a %T", stored))
	}
	path := strings.TrimPrefix(options.Path, "/")
	if path == "" {
		return answer(responder, list(wf)), nil
	}
	a, file, err := find(wf, path, options.Input)
	if err != nil {
		return nil, err
	}
	if r.source == nil {
		return nil, apierrors.NewServiceUnavailable("this server runs without a cluster and cannot read artifacts")
	}
	driver, whole, err := r.source.Driver(ctx, wf, a)
	if err != nil {
		return nil, err
	}
	return &content{workflow: wf, artifact: whole, base: strings.TrimSuffix(strings.TrimSuffix(path, file), "/"), file: file, driver: driver, responder: responder}, nil
}

// answer is a handler that answers with an object.
func answer(responder rest.Responder, object runtime.Object) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(ListingHeader, "true")
		responder.Object(http.StatusOK, object)
	})
}

// find finds the artifact that a path names, NODE-ID/ARTIFACT, and what follows in the path.
func find(wf *v1alpha1.Workflow, path string, input bool) (*v1alpha1.Artifact, string, error) {
	id, rest, _ := strings.Cut(path, "/")
	name, file, _ := strings.Cut(rest, "/")
	node, ok := wf.Status.Nodes[id]
	if !ok {
		return nil, "", notFound(fmt.Sprintf("workflow %q has no node with the ID %q", wf.Name, id))
	}
	artifacts, what := outputsOf(&node), "output"
	if input {
		artifacts, what = nil, "input"
		if node.Inputs != nil {
			artifacts = node.Inputs.Artifacts
		}
	}
	a := artifacts.GetArtifactByName(name)
	switch {
	case a == nil && len(artifacts) == 0:
		return nil, "", notFound(fmt.Sprintf("node %q of workflow %q has no %s artifacts", id, wf.Name, what))
	case a == nil:
		var names []string
		for i := range artifacts {
			names = append(names, artifacts[i].Name)
		}
		return nil, "", notFound(fmt.Sprintf("node %q of workflow %q has no %s artifact %q; it has: %s", id, wf.Name, what, name, strings.Join(names, ", ")))
	case a.Deleted:
		return nil, "", refused(http.StatusGone, fmt.Sprintf("the artifact %q of node %q has been deleted by garbage collection", name, id))
	}
	return a, file, nil
}

func outputsOf(node *v1alpha1.NodeStatus) v1alpha1.Artifacts {
	if node.Outputs == nil {
		return nil
	}
	return node.Outputs.Artifacts
}

// list names the output artifacts of all nodes that made them: composites repeat what is inside them.
func list(wf *v1alpha1.Workflow) *v1alpha1.ArtifactListing {
	listing := newListing(wf)
	for id := range wf.Status.Nodes {
		node := wf.Status.Nodes[id]
		if node.Type != v1alpha1.NodeTypePod {
			continue
		}
		for i := range outputsOf(&node) {
			a := &node.Outputs.Artifacts[i]
			key, _ := location.KeyOf(&a.ArtifactLocation)
			listing.Items = append(listing.Items, v1alpha1.ArtifactEntry{
				Path: url.PathEscape(id) + "/" + url.PathEscape(a.Name), Name: a.Name, NodeID: id, NodeName: node.Name, Key: key, Deleted: a.Deleted,
			})
		}
	}
	slices.SortFunc(listing.Items, func(a, b v1alpha1.ArtifactEntry) int {
		x, y := wf.Status.Nodes[a.NodeID], wf.Status.Nodes[b.NodeID]
		switch {
		case x.Ordinal != y.Ordinal:
			return int(x.Ordinal - y.Ordinal)
		case a.NodeID != b.NodeID:
			return strings.Compare(a.NodeID, b.NodeID)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return listing
}

func newListing(wf *v1alpha1.Workflow) *v1alpha1.ArtifactListing {
	listing := &v1alpha1.ArtifactListing{Items: []v1alpha1.ArtifactEntry{}}
	listing.Name, listing.Namespace, listing.UID = wf.Name, wf.Namespace, wf.UID
	return listing
}
