package lifecycle

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// resetPlan says for each node whether a retry removes it or has it run again.
type resetPlan struct {
	workflow string
	records  []v1alpha1.NodeStatus // in order of creation
	byID     map[string]*v1alpha1.NodeStatus
	children map[string][]string // in wire form
	parents  map[string][]string
	waiting  map[string][]string // nodes by what they wait for, as their records say it
	removed  map[string]bool
	reset    map[string]bool
	// before are the nodes that come before a success, worked out once for all.
	before map[string]bool
}

func newPlan(workflow string, nodes []v1alpha1.NodeStatus) *resetPlan {
	p := &resetPlan{
		workflow: workflow, records: slices.Clone(nodes), byID: map[string]*v1alpha1.NodeStatus{}, children: map[string][]string{},
		parents: map[string][]string{}, waiting: map[string][]string{}, removed: map[string]bool{}, reset: map[string]bool{},
	}
	slices.SortFunc(p.records, func(a, b v1alpha1.NodeStatus) int { return int(a.Ordinal - b.Ordinal) })
	for i := range p.records {
		p.byID[p.records[i].ID] = &p.records[i]
		for _, entry := range p.records[i].Parents {
			p.waiting[entry] = append(p.waiting[entry], p.records[i].ID)
		}
	}
	for id, n := range node.ToWire(p.records) {
		p.children[id] = n.Children
		for _, child := range n.Children {
			p.parents[child] = append(p.parents[child], id)
		}
	}
	return p
}

func hooked(n *v1alpha1.NodeStatus) bool { return n.NodeFlag != nil && n.NodeFlag.Hooked }

func retried(n *v1alpha1.NodeStatus) bool { return n.NodeFlag != nil && n.NodeFlag.Retried }

// executes reports whether a node does something itself rather than enclose others.
func executes(n *v1alpha1.NodeStatus) bool {
	switch n.Type {
	case v1alpha1.NodeTypePod, v1alpha1.NodeTypeContainer, v1alpha1.NodeTypeSuspend, v1alpha1.NodeTypeHTTP, v1alpha1.NodeTypePlugin,
		v1alpha1.NodeTypeSkipped:
		return true
	}
	return false
}

// dropExit removes the workflow's exit handler and everything under it.
func (p *resetPlan) dropExit() {
	exit := node.Exit(p.workflow)
	for i := range p.records {
		if name := p.records[i].Name; strings.HasPrefix(name, exit) {
			p.removed[p.records[i].ID] = true
		}
	}
}

// resetFailed removes what failed and was not handled, and has the groups around it run again.
func (p *resetPlan) resetFailed() {
	for i := range p.records {
		n := &p.records[i]
		if !n.FailedOrError() || p.removed[n.ID] || hooked(n) || p.handled(n) {
			continue
		}
		switch {
		case n.Type == v1alpha1.NodeTypeRetry && p.ofLeaves(n):
			p.remove(n.ID)
			p.open(n)
		case executes(n) && !retried(n):
			p.remove(n.ID)
			p.open(n)
		case !executes(n):
			p.reset[n.ID] = true
			p.open(n)
		}
	}
}

// retryOf gives the Retry node whose attempt a node is, or nil.
func (p *resetPlan) retryOf(n *v1alpha1.NodeStatus) *v1alpha1.NodeStatus {
	if !retried(n) {
		return nil
	}
	for _, id := range p.parents[n.ID] {
		if parent := p.byID[id]; parent.Type == v1alpha1.NodeTypeRetry {
			return parent
		}
	}
	return nil
}

func (p *resetPlan) attempts(retry string) []string {
	var ids []string
	for _, id := range p.children[retry] {
		if n := p.byID[id]; retried(n) {
			ids = append(ids, id)
		}
	}
	return ids
}

// ofLeaves reports whether the attempts of a Retry are leaves: it then starts afresh.
func (p *resetPlan) ofLeaves(retry *v1alpha1.NodeStatus) bool {
	for _, id := range p.attempts(retry.ID) {
		if !executes(p.byID[id]) {
			return false
		}
	}
	return true
}

// remove removes a node and everything downstream.
func (p *resetPlan) remove(id string) {
	for stack := []string{id}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if p.removed[at] {
			continue
		}
		p.removed[at] = true
		stack = append(stack, p.children[at]...)
	}
}

// open has everything that encloses a node run again, and removes what came after that.
func (p *resetPlan) open(n *v1alpha1.NodeStatus) {
	for m := n; m != nil; m = p.byID[m.BoundaryID] {
		if m != n && !p.removed[m.ID] {
			p.reset[m.ID] = true
		}
		for _, id := range p.parents[m.ID] {
			group := p.byID[id]
			switch group.Type {
			case v1alpha1.NodeTypeStepGroup, v1alpha1.NodeTypeTaskGroup, v1alpha1.NodeTypeRetry:
				if p.member(group, m) && !p.removed[id] {
					p.reset[id] = true
				}
			}
		}
		p.removeAfter(m)
	}
}

// member reports whether a child of a group, TaskGroup or Retry is one of its members rather than what follows it.
func (p *resetPlan) member(group, n *v1alpha1.NodeStatus) bool {
	if executes(group) {
		return false
	}
	return group.BoundaryID == n.BoundaryID && strings.HasPrefix(n.Name, group.Name)
}

// removeAfter removes what waits for a composite to end.
func (p *resetPlan) removeAfter(n *v1alpha1.NodeStatus) {
	for _, id := range p.waiting[node.OutboundOf(n.ID)] {
		p.remove(id)
	}
}

// restart also runs again what a selector picks, whatever became of it; false: it picks nothing.
func (p *resetPlan) restart(selector Selector) bool {
	found := false
	for i := range p.records {
		n := &p.records[i]
		if strings.HasPrefix(n.Name, node.Exit(p.workflow)) || !selector.Matches(n) || n.ID == p.workflow && !executes(n) {
			continue
		}
		found = true
		p.remove(n.ID)
		p.open(n)
	}
	return found
}

// emptyGroups removes the members of groups that run again, so that loops are expanded with the new parameters.
func (p *resetPlan) emptyGroups() {
	for id := range p.reset {
		if n := p.byID[id]; n.Type == v1alpha1.NodeTypeStepGroup || n.Type == v1alpha1.NodeTypeTaskGroup {
			for _, child := range p.children[id] {
				p.remove(child)
			}
		}
	}
}
