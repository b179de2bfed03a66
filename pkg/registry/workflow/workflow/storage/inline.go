package storage

import (
	"slices"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// inlineTable is the nodes inside an object, in record form, while a change is merged into them.
type inlineTable struct {
	nodes []v1alpha1.NodeStatus
	index map[string]int
}

func newInlineTable(wire v1alpha1.Nodes) *inlineTable {
	t := &inlineTable{nodes: node.FromWire(wire)}
	t.index = make(map[string]int, len(t.nodes))
	for i := range t.nodes {
		t.index[t.nodes[i].ID] = i
	}
	return t
}

// change removes and sets nodes.
func (t *inlineTable) change(page *v1alpha1.NodePageChange) {
	for _, id := range page.Removed {
		if i, ok := t.index[id]; ok {
			t.nodes[i].ID = "" // marks the place as free
			delete(t.index, id)
		}
	}
	for _, n := range page.Set {
		n.Children, n.OutboundNodes = nil, nil
		if i, ok := t.index[n.ID]; ok {
			t.nodes[i] = n
			continue
		}
		t.index[n.ID] = len(t.nodes)
		t.nodes = append(t.nodes, n)
	}
}

// records returns the nodes that are left.
func (t *inlineTable) records() []v1alpha1.NodeStatus {
	return slices.DeleteFunc(t.nodes, func(n v1alpha1.NodeStatus) bool { return n.ID == "" })
}
