package node

import (
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// outboundMark starts an entry of Parents that stands for several parents.
const outboundMark = ">"

// OutboundOf is an entry for NodeStatus.Parents that means: every outbound node of the node with this ID. What follows a
// fan-out of 100,000 has as many parents; one entry keeps such a record small. Readers of the wire form never see it.
func OutboundOf(id string) string { return outboundMark + id }

// ParentRef splits an entry of NodeStatus.Parents into the ID that it names and whether it means that node's outbound nodes.
func ParentRef(entry string) (id string, outbound bool) {
	return strings.CutPrefix(entry, outboundMark)
}

// outbound computes outbound nodes of all kinds of nodes (NOD-17), each once.
type outbound struct {
	table *relations
	done  map[string][]string
}

// of gives the outbound nodes of a node in order of creation. A node that is not known has none.
func (o *outbound) of(id string) []string {
	if known, ok := o.done[id]; ok {
		return known
	}
	n, ok := o.table.nodes[id]
	if !ok {
		return nil
	}
	o.done[id] = []string{id} // ends a cycle, which only a broken table has
	result := o.expand(n)
	o.done[id] = result
	return result
}

func (o *outbound) expand(n *v1alpha1.NodeStatus) []string {
	var from []string
	switch n.Type {
	case v1alpha1.NodeTypeRetry:
		if attempts := o.table.attempts[n.ID]; len(attempts) > 0 {
			from = attempts[len(attempts)-1:]
		}
	case v1alpha1.NodeTypeTaskGroup, v1alpha1.NodeTypeStepGroup:
		from = o.table.members[n.ID]
	case v1alpha1.NodeTypePod:
		return o.lastContainers(n.ID)
	case v1alpha1.NodeTypeSteps, v1alpha1.NodeTypeDAG:
		return o.composite(n)
	}
	if len(from) == 0 {
		return []string{n.ID}
	}
	var ids []string
	for _, member := range from {
		ids = append(ids, o.of(member)...)
	}
	return ids
}

// composite gives the outbound nodes of a Steps (those of its last group) or a DAG (those of its target tasks).
func (o *outbound) composite(n *v1alpha1.NodeStatus) []string {
	from := o.table.targets[n.ID]
	if n.Type == v1alpha1.NodeTypeSteps {
		from = nil
		if group, ok := o.table.lastGroup[n.ID]; ok {
			from = o.table.members[group]
		}
	}
	var ids []string
	for _, member := range from {
		ids = append(ids, o.of(member)...)
	}
	return ids
}

// lastContainers gives the containers of a set that no other container of the set waits for; the pod itself if it is no set.
func (o *outbound) lastContainers(pod string) []string {
	containers := o.table.containers[pod]
	if len(containers) == 0 {
		return []string{pod}
	}
	followed := map[string]bool{}
	for _, id := range containers {
		for _, parent := range o.table.nodes[id].Parents {
			followed[parent] = true
		}
	}
	var ids []string
	for _, id := range containers {
		if !followed[id] {
			ids = append(ids, id)
		}
	}
	return ids
}
