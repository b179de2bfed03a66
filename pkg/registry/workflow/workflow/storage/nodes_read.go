package storage

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
)

func notPrintable(object runtime.Object) error {
	return fmt.Errorf("cannot print %T in a table of nodes", object)
}

// Get answers GET workflows/{name}/nodes, the same whether the nodes are in pages or inside the object.
func (r *NodesREST) Get(ctx context.Context, name string, object runtime.Object) (runtime.Object, error) {
	options, ok := object.(*v1alpha1.NodesOptions)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("invalid options: %T", object))
	}
	if options.Limit < 0 {
		return nil, apierrors.NewBadRequest("limit must not be negative")
	}
	from, err := parseContinue(options.Continue)
	if err != nil {
		return nil, err
	}
	if _, err := nodes.ParseRevision(options.ChangedSince); err != nil {
		return nil, apierrors.NewBadRequest("changedSince: " + err.Error())
	}
	stored, err := r.headers.Get(parts.WithReferencesOnly(ctx), name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	header := stored.(*v1alpha1.Workflow)
	list := &v1alpha1.NodeList{Items: []v1alpha1.NodeStatus{}}
	list.ResourceVersion = header.ResourceVersion
	selection := selection{options: options, from: from, list: list}
	if !paged(header) {
		if options.ChangedSince == "" || later(options.ChangedSince, header.ResourceVersion) != options.ChangedSince {
			selection.add(node.FromWire(header.Status.Nodes))
		}
		return list, nil
	}
	if err := r.readPages(ctx, header, &selection); err != nil {
		return nil, hydrationError(err)
	}
	return list, nil
}

// readPages reads the pages wanted. With a limit they are read in parts, not beyond what is needed.
func (r *NodesREST) readPages(ctx context.Context, header *v1alpha1.Workflow, s *selection) error {
	request := nodes.LoadOptions{
		Revision:     header.Status.NodeStorage.Revision,
		Expected:     header.Status.NodeStorage.Pages,
		From:         int32(s.from.Ordinal / v1alpha1.NodesPerPage),
		ChangedSince: s.options.ChangedSince,
	}
	if s.from.Revision != "" {
		request.Revision = s.from.Revision // the parts of an answer belong together
	}
	if s.options.Latest {
		request.Revision = ""
	}
	if s.options.Limit > 0 {
		request.Limit = 1 + (s.options.Limit+v1alpha1.NodesPerPage-1)/v1alpha1.NodesPerPage
	}
	s.revision = request.Revision
	for {
		table, err := r.nodes.Load(ctx, refOf(header), request)
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, table.Release)
		for i := range table.Pages {
			page := &table.Pages[i]
			s.list.Pages = append(s.list.Pages, v1alpha1.NodePageVersion{Index: page.Index, ResourceVersion: page.ResourceVersion})
			if s.add(page.Nodes) {
				return nil
			}
		}
		if table.Continue < 0 {
			return nil
		}
		request.From = table.Continue
	}
}

// selection collects the nodes that were asked for.
type selection struct {
	options  *v1alpha1.NodesOptions
	from     continuation
	revision string
	list     *v1alpha1.NodeList
}

// add takes those of the nodes that were asked for. It returns true when the answer is full and more nodes follow.
func (s *selection) add(records []v1alpha1.NodeStatus) bool {
	for i := range records {
		n := &records[i]
		switch {
		case n.Ordinal < s.from.Ordinal,
			s.options.Phase != "" && string(n.Phase) != s.options.Phase,
			s.options.Type != "" && string(n.Type) != s.options.Type:
			continue
		case s.options.Limit > 0 && int64(len(s.list.Items)) == s.options.Limit:
			s.list.Continue = continuation{Ordinal: n.Ordinal, Revision: s.revision}.String()
			return true
		}
		s.list.Items = append(s.list.Items, *n)
	}
	return false
}

// continuation is where an answer ended.
type continuation struct {
	// Ordinal of the next node.
	Ordinal int64 `json:"o"`
	// Revision at which the pages are read.
	Revision string `json:"r,omitempty"`
}

func (c continuation) String() string {
	data, _ := json.Marshal(c) // a number and a string always encode
	return base64.RawURLEncoding.EncodeToString(data)
}

func parseContinue(text string) (continuation, error) {
	var c continuation
	if text == "" {
		return c, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil || c.Ordinal < 0 {
		return c, apierrors.NewBadRequest(fmt.Sprintf("continue: %q is not what an earlier answer gave", text))
	}
	return c, nil
}
