package storage

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
)

// NodeLookup finds single nodes. Of a workflow whose nodes are in pages it reads one page.
type NodeLookup struct {
	headers *genericregistry.Store
	nodes   nodes.Store
}

// Lookup returns what finds single nodes of the workflows of this storage.
func (s *Storage) Lookup() *NodeLookup {
	return &NodeLookup{headers: s.Headers, nodes: s.Nodes.nodes}
}

// Node returns a workflow, without its nodes if they are in pages, and one node of it. ordinal says in which page to look;
// a node that is not there counts as absent. Both are nil when there is no such workflow.
func (l *NodeLookup) Node(ctx context.Context, namespace, workflow, id string, ordinal int64) (*v1alpha1.Workflow, *v1alpha1.NodeStatus, error) {
	ctx = parts.WithReferencesOnly(genericapirequest.WithNamespace(ctx, namespace))
	object, err := l.headers.Get(ctx, workflow, &metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	header := object.(*v1alpha1.Workflow)
	if !paged(header) {
		if n, ok := header.Status.Nodes[id]; ok {
			return header, &n, nil
		}
		return header, nil, nil
	}
	page := ordinal / v1alpha1.NodesPerPage
	if ordinal < 0 || page >= int64(header.Status.NodeStorage.Pages) {
		return header, nil, nil
	}
	// The newest page: what is in it is a fact, also before the header that covers it is stored.
	table, err := l.nodes.Load(ctx, refOf(header), nodes.LoadOptions{Expected: int32(page) + 1, From: int32(page), Limit: 1, Wait: true})
	if err != nil {
		return nil, nil, hydrationError(err)
	}
	defer table.Release()
	for i := range table.Pages {
		for j := range table.Pages[i].Nodes {
			if n := table.Pages[i].Nodes[j]; n.ID == id {
				return header, &n, nil
			}
		}
	}
	return header, nil, nil
}
