package storage

import (
	"cmp"
	"slices"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// tableChange is how the nodes of a whole object differ from those that are stored.
type tableChange struct {
	// set are the new and changed nodes, in record form.
	set []v1alpha1.NodeStatus
	// removed are stored nodes that are gone.
	removed []v1alpha1.NodeStatus
	// records is the whole new table.
	records []v1alpha1.NodeStatus
}

func (c *tableChange) empty() bool { return len(c.set)+len(c.removed) == 0 }

// compareTables compares stored nodes, in record form, with the nodes of an object that a client wrote.
//
// Clients that do not know our own fields leave them out; they are taken from the stored node. Nodes that such a client
// made get the next ordinals. Edges are compared as the client saw them, so that the compact form in which some are
// stored is no difference.
func compareTables(stored []v1alpha1.NodeStatus, written v1alpha1.Nodes) tableChange {
	known := make(map[string]*v1alpha1.NodeStatus, len(stored))
	for i := range stored {
		known[stored[i].ID] = &stored[i]
	}
	seen := node.FromWire(node.ToWire(stored))
	asSeen := make(map[string]*v1alpha1.NodeStatus, len(seen))
	for i := range seen {
		asSeen[seen[i].ID] = &seen[i]
	}

	change := tableChange{records: make([]v1alpha1.NodeStatus, 0, len(written))}
	for _, record := range node.FromWire(withOwnFields(known, written)) {
		before, ok := asSeen[record.ID]
		switch {
		case ok && apiequality.Semantic.DeepEqual(before, &record):
			change.records = append(change.records, *known[record.ID])
			continue
		case ok && slices.Equal(before.Parents, record.Parents):
			record.Parents = known[record.ID].Parents
		}
		change.set = append(change.set, record)
		change.records = append(change.records, record)
	}
	for i := range stored {
		if _, ok := written[stored[i].ID]; !ok {
			change.removed = append(change.removed, stored[i])
		}
	}
	return change
}

// withOwnFields returns the written nodes with the fields that only we know.
func withOwnFields(known map[string]*v1alpha1.NodeStatus, written v1alpha1.Nodes) v1alpha1.Nodes {
	next := int64(0)
	for _, n := range known {
		next = max(next, n.Ordinal+1)
	}
	complete := make(v1alpha1.Nodes, len(written))
	var added []v1alpha1.NodeStatus
	for id, n := range written {
		n.ID = id
		before, ok := known[id]
		if !ok {
			added = append(added, n)
			continue
		}
		n.Ordinal = before.Ordinal
		n.Outbound = n.Outbound || before.Outbound
		if n.PodUID == "" {
			n.PodUID = before.PodUID
		}
		complete[id] = n
	}
	slices.SortFunc(added, func(a, b v1alpha1.NodeStatus) int {
		return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), a.StartedAt.Time.Compare(b.StartedAt.Time), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for _, n := range added {
		n.Ordinal = max(n.Ordinal, next)
		next = n.Ordinal + 1
		complete[n.ID] = n
	}
	return complete
}

// pages sorts the change by pages. versions are those of the stored pages.
func (c *tableChange) pages(versions map[int32]string) []v1alpha1.NodePageChange {
	byIndex := map[int32]*v1alpha1.NodePageChange{}
	page := func(ordinal int64) *v1alpha1.NodePageChange {
		index := int32(ordinal / v1alpha1.NodesPerPage)
		if byIndex[index] == nil {
			byIndex[index] = &v1alpha1.NodePageChange{Index: index, ResourceVersion: versions[index]}
		}
		return byIndex[index]
	}
	for _, n := range c.set {
		change := page(n.Ordinal)
		change.Set = append(change.Set, n)
	}
	for _, n := range c.removed {
		change := page(n.Ordinal)
		change.Removed = append(change.Removed, n.ID)
	}
	changes := make([]v1alpha1.NodePageChange, 0, len(byIndex))
	for _, change := range byIndex {
		changes = append(changes, *change)
	}
	slices.SortFunc(changes, func(a, b v1alpha1.NodePageChange) int { return cmp.Compare(a.Index, b.Index) })
	return changes
}

// firstPages puts a whole table, in record form, into pages.
func firstPages(records []v1alpha1.NodeStatus) []v1alpha1.NodePageChange {
	change := tableChange{set: records}
	return change.pages(nil)
}
