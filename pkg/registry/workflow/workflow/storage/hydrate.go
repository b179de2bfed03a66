package storage

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

// tables is what all endpoints of a workflow share: where nodes are, and when they leave the object.
type tables struct {
	nodes       nodes.Store
	inlineBytes int64
}

func refOf(workflow *v1alpha1.Workflow) nodes.Ref {
	return nodes.Ref{Namespace: workflow.Namespace, Name: workflow.Name, UID: workflow.UID}
}

// paged is true when the nodes of a header are in pages.
func paged(workflow *v1alpha1.Workflow) bool { return workflow.Status.NodeStorage != nil }

// load reads the nodes that belong to this version of a workflow.
func (t tables) load(ctx context.Context, header *v1alpha1.Workflow, patient bool) (*nodes.Table, error) {
	return t.nodes.Load(ctx, refOf(header), nodes.LoadOptions{
		Revision: header.Status.NodeStorage.Revision,
		Expected: header.Status.NodeStorage.Pages,
		Wait:     patient,
	})
}

// loadNewest reads the nodes as they are now, also what was stored of them without its header.
func (t tables) loadNewest(ctx context.Context, header *v1alpha1.Workflow) (*nodes.Table, error) {
	return t.nodes.Load(ctx, refOf(header), nodes.LoadOptions{Expected: header.Status.NodeStorage.Pages})
}

// get returns a workflow with its nodes, unless the request has no use for them.
func (t tables) get(ctx context.Context, store *genericregistry.Store, name string, options *metav1.GetOptions) (runtime.Object, error) {
	object, err := store.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	header := object.(*v1alpha1.Workflow)
	if !paged(header) || headersOnly(ctx) {
		return header, nil
	}
	table, err := t.load(ctx, header, false)
	if err != nil {
		return nil, hydrationError(err)
	}
	// The nodes are in memory until the answer is written, which is when the request's context ends.
	context.AfterFunc(ctx, table.Release)
	return hydrated(header, table.Records()), nil
}

// hydrated returns the workflow with these nodes. The header, which the watch cache may share, stays as it is.
func hydrated(header *v1alpha1.Workflow, records []v1alpha1.NodeStatus) *v1alpha1.Workflow {
	whole := *header
	whole.Status.Nodes = node.ToWire(records)
	return &whole
}

// hydrationError makes an error of the storage one that the client understands.
func hydrationError(err error) error {
	if _, ok := err.(apierrors.APIStatus); ok {
		return err
	}
	return apierrors.NewInternalError(err)
}
