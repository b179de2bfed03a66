package node

import (
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// relations indexes records by what they belong to. Every list is in order of creation.
type relations struct {
	nodes      map[string]*v1alpha1.NodeStatus
	members    map[string][]string // of a StepGroup or TaskGroup: its steps or expanded tasks
	attempts   map[string][]string // of a Retry
	containers map[string][]string // of the Pod of a container set
	targets    map[string][]string // of a DAG: nodes of its target tasks
	lastGroup  map[string]string   // of a Steps: the group created last
}

// relate indexes records that are sorted by ordinal.
func relate(records []v1alpha1.NodeStatus) *relations {
	r := &relations{
		nodes:      make(map[string]*v1alpha1.NodeStatus, len(records)),
		members:    map[string][]string{},
		attempts:   map[string][]string{},
		containers: map[string][]string{},
		targets:    map[string][]string{},
		lastGroup:  map[string]string{},
	}
	for i := range records {
		r.nodes[records[i].ID] = &records[i]
	}
	for i := range records {
		r.add(&records[i])
	}
	return r
}

func (r *relations) add(n *v1alpha1.NodeStatus) {
	switch n.Type {
	case v1alpha1.NodeTypeContainer:
		r.containers[n.BoundaryID] = append(r.containers[n.BoundaryID], n.ID)
		return
	case v1alpha1.NodeTypeStepGroup:
		r.lastGroup[n.BoundaryID] = n.ID
		return
	}
	if n.Outbound && n.BoundaryID != "" {
		r.targets[n.BoundaryID] = append(r.targets[n.BoundaryID], n.ID)
	}
	for _, entry := range n.Parents {
		id, outbound := ParentRef(entry)
		parent, ok := r.nodes[id]
		if !ok || outbound {
			continue
		}
		switch {
		case parent.Type == v1alpha1.NodeTypeRetry && retried(n):
			r.attempts[id] = append(r.attempts[id], n.ID)
		case hooked(n):
			// hooks hang below the node that they belong to and lead nowhere
		case parent.Type == v1alpha1.NodeTypeTaskGroup, parent.Type == v1alpha1.NodeTypeStepGroup:
			r.members[id] = append(r.members[id], n.ID)
		}
	}
}

func retried(n *v1alpha1.NodeStatus) bool { return n.NodeFlag != nil && n.NodeFlag.Retried }

func hooked(n *v1alpha1.NodeStatus) bool { return n.NodeFlag != nil && n.NodeFlag.Hooked }
