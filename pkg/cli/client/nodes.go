package client

import (
	"context"
	"encoding/json"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// nodesPerRequest bounds one answer: about 3 MB.
const nodesPerRequest = 5000

// Nodes is the table of nodes of a workflow, in record form, kept up to date with what each request says has changed.
type Nodes struct {
	client *Client
	byID   map[string]v1alpha1.NodeStatus
	// revision up to which pages are known; empty while none are.
	revision string
	restarts string
}

// NewNodes returns an empty table.
func (c *Client) NewNodes() *Nodes { return &Nodes{client: c} }

// Update brings the table to the state of this version of the workflow and returns it. Of a workflow whose nodes are in
// pages only those pages are read that have changed since the last call. The map is the table itself: read only.
func (n *Nodes) Update(ctx context.Context, header *v1alpha1.Workflow) (map[string]v1alpha1.NodeStatus, error) {
	storage := header.Status.NodeStorage
	if storage == nil {
		n.replace(node.FromWire(header.Status.Nodes))
		n.revision = ""
		return n.byID, nil
	}
	// A retry removes nodes, and of pages that are gone no request tells.
	if restarts := header.Status.StartedAt.String(); restarts != n.restarts {
		n.restarts, n.revision = restarts, ""
	}
	if n.revision == storage.Revision {
		return n.byID, nil
	}
	if err := n.read(ctx, header); err != nil {
		return nil, err
	}
	if n.revision != "" && int64(len(n.byID)) > storage.Nodes {
		// Either the pages are already newer than the header, or nodes were removed.
		n.revision = ""
		if err := n.read(ctx, header); err != nil {
			return nil, err
		}
	}
	n.revision = storage.Revision
	return n.byID, nil
}

func (n *Nodes) read(ctx context.Context, header *v1alpha1.Workflow) error {
	list, err := n.client.nodes(ctx, header.Namespace, header.Name, v1alpha1.NodesOptions{ChangedSince: n.revision})
	if denied(err) || apierrors.IsNotFound(err) {
		// Roles written for Argo grant the object and know nothing of the subresource.
		whole, err := answer(n.client.scoped(n.client.rest.Get(), Workflows, header.Namespace).Name(header.Name).Do(ctx))
		if err != nil {
			return err
		}
		workflow, err := decode(whole)
		if err != nil {
			return err
		}
		n.replace(node.FromWire(workflow.Status.Nodes))
		return nil
	}
	if err != nil {
		return err
	}
	if n.revision == "" {
		n.replace(list.Items)
		return nil
	}
	n.merge(list)
	return nil
}

func (n *Nodes) replace(records []v1alpha1.NodeStatus) {
	n.byID = make(map[string]v1alpha1.NodeStatus, len(records))
	for _, record := range records {
		n.byID[record.ID] = record
	}
}

// merge puts changed pages in the place of what was known of them.
func (n *Nodes) merge(list *v1alpha1.NodeList) {
	changed := map[int64]bool{}
	for _, page := range list.Pages {
		changed[int64(page.Index)] = true
	}
	for id, record := range n.byID {
		if changed[record.Ordinal/v1alpha1.NodesPerPage] {
			delete(n.byID, id)
		}
	}
	for _, record := range list.Items {
		n.byID[record.ID] = record
	}
}

// nodes reads nodes, in as many requests as it takes.
func (c *Client) nodes(ctx context.Context, namespace, name string, options v1alpha1.NodesOptions) (*v1alpha1.NodeList, error) {
	all := &v1alpha1.NodeList{}
	for {
		request := c.scoped(c.rest.Get(), Workflows, namespace).Name(name).SubResource("nodes").Param("limit", strconv.Itoa(nodesPerRequest))
		for key, value := range map[string]string{
			"phase": options.Phase, "type": options.Type, "changedSince": options.ChangedSince, "continue": options.Continue,
		} {
			if value != "" {
				request = request.Param(key, value)
			}
		}
		data, err := answer(request.Do(ctx))
		if err != nil {
			return nil, err
		}
		part := &v1alpha1.NodeList{}
		if err := json.Unmarshal(data, part); err != nil {
			return nil, unreadable(err)
		}
		all.ListMeta = part.ListMeta
		all.Pages = append(all.Pages, part.Pages...)
		all.Items = append(all.Items, part.Items...)
		if options.Continue = part.Continue; options.Continue == "" {
			return all, nil
		}
	}
}
