package tree

import (
	"cmp"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// branch is a node with the nodes that are drawn inside it.
type branch struct {
	node *v1alpha1.NodeStatus
	kids []*branch
	// group is the number of the step group that the branch came from; branches of one group run side by side. 0 when it
	// is in none.
	group int
	// tally counts the steps inside, the branch itself if it is one.
	tally tally
	// kept is false when neither the branch nor anything inside is asked for.
	kept bool
}

// plant arranges nodes in record form by what contains what. The roots are the workflow itself and its exit handler.
func plant(nodes map[string]v1alpha1.NodeStatus) []*branch {
	records := make([]v1alpha1.NodeStatus, 0, len(nodes))
	for _, n := range nodes {
		records = append(records, n)
	}
	slices.SortFunc(records, func(a, b v1alpha1.NodeStatus) int {
		return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), strings.Compare(a.Name, b.Name))
	})
	byID := make(map[string]*branch, len(records))
	for i := range records {
		byID[records[i].ID] = &branch{node: &records[i]}
	}
	var roots []*branch
	for i := range records {
		b := byID[records[i].ID]
		if outer := container(b.node, byID); outer != nil {
			outer.kids = append(outer.kids, b)
		} else {
			roots = append(roots, b)
		}
	}
	for _, root := range roots {
		root.shape()
	}
	return roots
}

// container finds what a node is drawn inside of: the retry, the fan-out or the group whose name it continues, the node
// whose hook it is, or else its boundary.
func container(n *v1alpha1.NodeStatus, byID map[string]*branch) *branch {
	for _, entry := range n.Parents {
		id, outbound := node.ParentRef(entry)
		parent, known := byID[id]
		if outbound || !known || id == n.ID {
			continue
		}
		rest, below := strings.CutPrefix(n.Name, parent.node.Name)
		if !below || rest == "" {
			continue
		}
		switch parent.node.Type {
		case v1alpha1.NodeTypeRetry, v1alpha1.NodeTypeTaskGroup:
			if rest[0] == '(' {
				return parent
			}
		case v1alpha1.NodeTypeStepGroup:
			if rest[0] == '.' && n.BoundaryID == parent.node.BoundaryID {
				return parent
			}
		}
		if n.NodeFlag != nil && n.NodeFlag.Hooked && (strings.HasPrefix(rest, ".onExit") || strings.HasPrefix(rest, ".hooks.")) {
			return parent
		}
	}
	if outer, known := byID[n.BoundaryID]; known && n.BoundaryID != n.ID {
		return outer
	}
	return nil
}

// shape takes out what would only be noise: groups of steps become marks on their members, and a retry with one attempt
// stands for it. It counts the steps on the way.
func (b *branch) shape() {
	var kids []*branch
	groups := 0
	for _, kid := range b.kids {
		kid.shape()
		if kid.node.Type != v1alpha1.NodeTypeStepGroup {
			kids = append(kids, kid)
			continue
		}
		groups++
		if len(kid.kids) == 0 {
			kid.group = groups
			kids = append(kids, kid)
			continue
		}
		for _, member := range kid.kids {
			member.group = groups
			kids = append(kids, member)
		}
	}
	b.kids = kids
	b.count()
	if b.node.Type == v1alpha1.NodeTypeRetry && len(b.kids) == 1 && b.kids[0].node.NodeFlag != nil && b.kids[0].node.NodeFlag.Retried {
		b.kids = b.kids[0].kids
	}
}

// count sums up the steps inside. A step that was tried several times is one step.
func (b *branch) count() {
	b.tally = tally{}
	if b.node.Type == v1alpha1.NodeTypeRetry {
		if last := len(b.kids) - 1; last >= 0 && len(b.kids[last].kids) > 0 {
			b.tally = b.kids[last].tally
			return
		}
		b.tally.one(b.node)
		return
	}
	for _, kid := range b.kids {
		b.tally.add(kid.tally)
	}
	if len(b.kids) == 0 {
		b.tally.one(b.node)
	}
}

// prune marks what is asked for, and what has something of it inside.
func (b *branch) prune(keep func(*v1alpha1.NodeStatus) bool) bool {
	b.kept = keep == nil || keep(b.node)
	kids := b.kids[:0]
	for _, kid := range b.kids {
		if kid.prune(keep) {
			kids = append(kids, kid)
			b.kept = true
		}
	}
	if keep != nil {
		b.kids = kids
	}
	return b.kept
}
