package engine

import (
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// groupFrame runs the values of a task's loop below a TaskGroup (DAG-10). Values start one after another as limits allow.
type groupFrame struct {
	frameBase
	dag    *dagFrame
	act    *activity
	plan   *plan
	e      *entry
	next   int
	open   int
	failed *slot
	over   bool
	taken  map[int]bool // taken up after a restart, before anything new was started
}

// openGroup makes the TaskGroup of a task, or takes up a stored one.
func (f *dagFrame) openGroup(i int, p *plan, c *call) {
	r := f.run
	e := r.find(c.name)
	if e == nil {
		e = r.create(c, v1alpha1.NodeTypeTaskGroup, v1alpha1.NodeRunning, "")
	} else {
		r.takeUp(e, c)
		if e.st.Fulfilled() {
			r.fulfilled = append(r.fulfilled, e)
			return
		}
	}
	g := &groupFrame{
		frameBase: frameBase{depth: f.depth, ordinal: e.st.Ordinal}, dag: f, act: f.t.tasks[i], plan: p, e: e,
	}
	f.tasks[i].e, f.tasks[i].frame = e, g
	e.frame = g
	g.takeUpStored()
	r.touch(g)
}

// takeUpStored takes up the stored members of a stored group, wherever they stand.
func (g *groupFrame) takeUpStored() {
	if !g.e.stored {
		return
	}
	g.taken = map[int]bool{}
	for i := range g.plan.items {
		if g.dag.run.find(node.Item(g.e.st.Name, i, g.plan.items[i].Rendered())) == nil {
			continue
		}
		if g.next = i; g.startOne() == admitted {
			g.taken[i] = true
		}
	}
	g.next = 0
}

// advance implements frame.
func (g *groupFrame) advance() {
	if g.e.frame != g || !g.startAll() || g.open > 0 {
		return
	}
	r := g.dag.run
	g.e.frame = nil
	switch {
	case g.failed != nil:
		r.setPhase(g.e, g.failed.e.st.Phase, "")
	case g.over && r.stopping(g.dag.e.call.onExit):
		r.setPhase(g.e, v1alpha1.NodeFailed, r.stopMessage())
	case g.over:
		r.setPhase(g.e, v1alpha1.NodeFailed, failFastMessage)
	default:
		r.setPhase(g.e, v1alpha1.NodeSucceeded, "")
	}
}

func (g *groupFrame) startAll() bool {
	for !g.over && g.next < len(g.plan.items) {
		if g.taken[g.next] {
			g.next++
			continue
		}
		switch g.startOne() {
		case blocked:
			return false
		case refused:
			g.over = true
			return true
		}
		g.next++
	}
	return true
}

func (g *groupFrame) startOne() admission {
	f, r := g.dag, g.dag.run
	name := node.Item(g.e.st.Name, g.next, g.plan.items[g.next].Rendered())
	stored := r.find(name)
	if stored == nil {
		if verdict := r.admit(g, f.e, f.e.call.onExit); verdict != admitted {
			return verdict
		}
	}
	step, skip, err := r.at(g.plan, g.next, f.scope(f.siblings()), f.artifact(f.find))
	if step == nil {
		step = g.act.step
	}
	c := f.call(step, name)
	s := &slot{owner: g, item: g.next}
	c.slot, c.group, c.up, c.parents = s, g.e, g.e, []string{g.e.st.ID}
	g.open++
	switch {
	case stored != nil && stored.over():
		s.hooks = r.conditionalHooksOf(s, g.act.step, g.plan.item(g.next), c, &f.composite, f.siblings())
		r.adopt(stored, c, nil, nil)
	case stored == nil && err != nil:
		r.create(c, v1alpha1.NodeTypeSkipped, v1alpha1.NodeError, err.Error())
	case stored == nil && skip != "":
		r.create(c, v1alpha1.NodeTypeSkipped, v1alpha1.NodeSkipped, skip)
	default:
		s.hooks = r.conditionalHooksOf(s, g.act.step, g.plan.item(g.next), c, &f.composite, f.siblings())
		if !r.start(g, c) {
			g.open--
			return blocked
		}
	}
	return admitted
}

// slotDone implements slotOwner.
func (g *groupFrame) slotDone(s *slot) {
	g.open--
	if s.e.st.FailedOrError() && (g.failed == nil || g.failed.before(s)) {
		g.failed = s
	}
	g.dag.run.touch(g)
}

// slotReopened implements slotOwner.
func (g *groupFrame) slotReopened(*slot) {}
