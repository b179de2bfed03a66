package node

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ToWire turns a table in record form (edges on the child) into `status.nodes` (edges on the parent). Children come in order
// of creation; a fulfilled Steps or DAG gets its outbound nodes. The records stay as they are.
func ToWire(records []v1alpha1.NodeStatus) v1alpha1.Nodes {
	if len(records) == 0 {
		return nil
	}
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, byOrdinal)
	table := relate(sorted)
	out := &outbound{table: table, done: map[string][]string{}}

	children := make(map[string][]string, len(sorted))
	for i := range sorted {
		n := &sorted[i]
		for _, entry := range n.Parents {
			parents := []string{entry}
			if id, ok := ParentRef(entry); ok {
				parents = out.of(id)
			}
			for _, parent := range parents {
				if _, known := table.nodes[parent]; known && !endsWith(children[parent], n.ID) {
					children[parent] = append(children[parent], n.ID)
				}
			}
		}
	}
	wire := make(v1alpha1.Nodes, len(sorted))
	for i := range sorted {
		n := sorted[i]
		n.Parents = nil
		n.Children = children[n.ID]
		n.OutboundNodes = nil
		if (n.Type == v1alpha1.NodeTypeSteps || n.Type == v1alpha1.NodeTypeDAG) && n.Fulfilled() {
			n.OutboundNodes = slices.Clone(out.of(n.ID))
		}
		wire[n.ID] = n
	}
	return wire
}

// FromWire turns `status.nodes` into record form, sorted by ordinal. Nodes without ordinals of their own, written by clients
// that do not know them, get them by start time, then by name.
func FromWire(nodes v1alpha1.Nodes) []v1alpha1.NodeStatus {
	records := make([]v1alpha1.NodeStatus, 0, len(nodes))
	for id, n := range nodes {
		if n.ID == "" {
			n.ID = id
		}
		records = append(records, n)
	}
	if distinctOrdinals(records) {
		slices.SortFunc(records, byOrdinal)
	} else {
		slices.SortFunc(records, byAge)
		for i := range records {
			records[i].Ordinal = int64(i)
		}
	}
	index := make(map[string]int, len(records))
	for i := range records {
		records[i].Parents = nil
		index[records[i].ID] = i
	}
	markTargets(records, index)
	for i := range records {
		for _, child := range records[i].Children {
			if j, ok := index[child]; ok && !slices.Contains(records[j].Parents, records[i].ID) {
				records[j].Parents = append(records[j].Parents, records[i].ID)
			}
		}
	}
	for i := range records {
		records[i].Children, records[i].OutboundNodes = nil, nil
	}
	return records
}

func distinctOrdinals(records []v1alpha1.NodeStatus) bool {
	seen := make(map[int64]struct{}, len(records))
	for i := range records {
		if _, twice := seen[records[i].Ordinal]; twice {
			return false
		}
		seen[records[i].Ordinal] = struct{}{}
	}
	return true
}

func byOrdinal(a, b v1alpha1.NodeStatus) int {
	switch {
	case a.Ordinal < b.Ordinal:
		return -1
	case a.Ordinal > b.Ordinal:
		return 1
	}
	return 0
}

func byAge(a, b v1alpha1.NodeStatus) int {
	switch {
	case a.StartedAt.Time.Before(b.StartedAt.Time):
		return -1
	case b.StartedAt.Time.Before(a.StartedAt.Time):
		return 1
	}
	return strings.Compare(a.Name, b.Name)
}

func endsWith(list []string, s string) bool { return len(list) > 0 && list[len(list)-1] == s }
