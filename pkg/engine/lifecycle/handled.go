package lifecycle

import (
	"slices"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// handled reports whether the run went on after a failure: something later has succeeded, what encloses the node has, or the
// attempt was followed by another one.
func (p *resetPlan) handled(n *v1alpha1.NodeStatus) bool {
	if p.laterSuccess(n.ID, map[string]bool{}) {
		return true
	}
	for m := n; ; {
		if retry := p.retryOf(m); retry != nil {
			attempts := p.attempts(retry.ID)
			if retry.Phase == v1alpha1.NodeSucceeded || attempts[len(attempts)-1] != m.ID {
				return !executes(m) || !retry.FailedOrError()
			}
		}
		boundary, ok := p.byID[m.BoundaryID]
		if !ok {
			return false
		}
		if boundary.Phase == v1alpha1.NodeSucceeded {
			return true
		}
		m = boundary
	}
}

// laterSuccess looks for a success after a node: downstream, but neither inside it nor among hooks.
func (p *resetPlan) laterSuccess(id string, seen map[string]bool) bool {
	if !p.beforeSuccess()[id] {
		return false
	}
	if n := p.byID[id]; executes(n) && !p.encloses(n) {
		return true
	}
	for stack := []string{id}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, child := range p.children[at] {
			n := p.byID[child]
			if seen[child] || hooked(n) {
				continue
			}
			seen[child] = true
			if executes(n) && n.Phase == v1alpha1.NodeSucceeded && !p.within(n, id) {
				return true
			}
			stack = append(stack, child)
		}
	}
	return false
}

// beforeSuccess are the nodes that have a success downstream, be it inside them: found once, from the successes backwards, because
// looking from every failure would cost the square of a large run.
func (p *resetPlan) beforeSuccess() map[string]bool {
	if p.before != nil {
		return p.before
	}
	p.before = map[string]bool{}
	var stack []string
	for i := range p.records {
		if n := &p.records[i]; executes(n) && n.Phase == v1alpha1.NodeSucceeded && !hooked(n) {
			stack = append(stack, n.ID)
		}
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, id := range p.parents[at] {
			if p.before[id] {
				continue
			}
			p.before[id] = true
			if !hooked(p.byID[id]) {
				stack = append(stack, id)
			}
		}
	}
	return p.before
}

// encloses reports whether a node that executes has others inside it, as the pod of a container set has.
func (p *resetPlan) encloses(n *v1alpha1.NodeStatus) bool {
	return slices.ContainsFunc(p.children[n.ID], func(id string) bool { return p.byID[id].BoundaryID == n.ID })
}

// within reports whether a node stands inside a composite or group.
func (p *resetPlan) within(n *v1alpha1.NodeStatus, id string) bool {
	outer := p.byID[id]
	for m := n; m != nil; m = p.byID[m.BoundaryID] {
		if m.BoundaryID == id || (slices.Contains(p.parents[m.ID], id) && p.member(outer, m)) {
			return true
		}
	}
	return false
}
