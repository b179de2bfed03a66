package engine

import (
	"errors"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// begin makes the node of the group, or takes up a stored one; false: nothing may start now.
func (f *stepsFrame) begin() bool {
	r := f.run
	name := node.Group(f.e.st.Name, f.group)
	if f.sg = r.find(name); f.sg != nil {
		r.takeUp(f.sg, f.groupCall(name))
		return true
	}
	if r.stopping(f.e.call.onExit) {
		f.end(v1alpha1.NodeFailed, r.stopMessage(), f.siblings())
		return false
	}
	if r.suspended() {
		r.waiters.wait(f)
		return false
	}
	f.sg = r.create(f.groupCall(name), v1alpha1.NodeTypeStepGroup, v1alpha1.NodeRunning, "")
	return true
}

func (f *stepsFrame) groupCall(name string) *call {
	parents := []string{f.e.st.ID}
	if f.previous != nil {
		parents = []string{node.OutboundOf(f.previous.st.ID)}
	}
	return &call{name: name, in: f.t.in, boundary: f.e, up: f.e, parents: parents, onExit: f.e.call.onExit}
}

// planGroup puts values into the steps of the group; a step whose values cannot be found ends the group. One whose condition cannot
// be judged is in error itself, and the others run.
func (f *stepsFrame) planGroup() bool {
	f.plans = make([]*plan, 0, len(f.t.steps[f.group]))
	siblings := f.siblings()
	scope := f.scope(siblings)
	for _, act := range f.t.steps[f.group] {
		p, err := f.run.plan(act, scope, f.artifact(f.find))
		var condition *conditionError
		switch {
		case errors.As(err, &condition):
			p.loops, p.broken = false, err
		case err != nil:
			f.run.setPhase(f.sg, v1alpha1.NodeError, err.Error())
			return false
		}
		f.plans = append(f.plans, p)
	}
	f.takeUpStored()
	return true
}

// takeUpStored takes up the stored members of a stored group, wherever they stand: what they hold must not keep others out.
func (f *stepsFrame) takeUpStored() {
	f.taken = nil
	if !f.sg.stored {
		return
	}
	f.taken = map[[2]int]bool{}
	for i, p := range f.plans {
		n := 1
		if p.loops {
			n = len(p.items)
		}
		for j := range n {
			if f.run.find(f.unitName(p, j)) == nil {
				continue
			}
			f.step, f.item = i, j
			if f.startOne(p) == admitted {
				f.taken[[2]int{i, j}] = true
			}
		}
	}
	f.step, f.item = 0, 0
}

func (f *stepsFrame) unitName(p *plan, item int) string {
	name := node.Child(f.sg.st.Name, p.act.step.Name)
	if p.loops {
		return node.Item(name, item, p.items[item].Rendered())
	}
	return name
}

// startAll starts what has not been started; false when something has to wait.
func (f *stepsFrame) startAll() bool {
	for f.step < len(f.plans) && !f.over {
		p := f.plans[f.step]
		n := 1
		if p.loops {
			n = len(p.items)
		}
		for f.item < n {
			if f.taken[[2]int{f.step, f.item}] {
				f.item++
				continue
			}
			switch f.startOne(p) {
			case blocked:
				return false
			case refused:
				f.over = true
				return f.failFastEnd()
			}
			f.item++
		}
		f.step, f.item = f.step+1, 0
	}
	return !f.over || f.failFastEnd()
}

// failFastEnd ends a composite that starts nothing more because a member failed (FLOW-09); false: pods still run.
func (f *stepsFrame) failFastEnd() bool {
	if !f.e.failFast || f.e.failedChildren == 0 || f.run.stopping(f.e.call.onExit) {
		return true
	}
	if f.e.activePods > 0 || f.open > 0 {
		return false
	}
	f.run.setPhase(f.sg, v1alpha1.NodeFailed, failFastMessage)
	f.end(v1alpha1.NodeFailed, failFastMessage, f.siblings())
	return false
}

// startOne starts a step, or one value of its loop.
func (f *stepsFrame) startOne(p *plan) admission {
	r := f.run
	name := f.unitName(p, f.item)
	stored := r.find(name)
	if stored == nil {
		if verdict := r.admit(f, f.e, f.e.call.onExit); verdict != admitted {
			return verdict
		}
	}
	step, skip, err := &p.step, p.skip, p.broken
	if p.loops {
		step, skip, err = r.at(p, f.item, f.scope(f.siblings()), f.artifact(f.find))
	}
	if step == nil || (skip != "" || p.broken != nil) && !p.loops {
		step = p.act.step
	}
	c := f.call(step, name)
	c.group, c.up, c.parents = f.sg, f.sg, []string{f.sg.st.ID}
	c.outbound = f.group == len(f.t.steps)-1
	s := &slot{owner: f, index: f.step, item: f.item}
	c.slot = s
	switch {
	case stored != nil && stored.over():
		s.hooks = r.hooksOf(s, p.act.step, p.item(f.item), c, &f.composite, f.siblings())
		f.open++
		r.adopt(stored, c, nil, nil)
		return admitted
	case stored == nil && err != nil:
		f.open++
		r.refuse(c, err)
		return admitted
	case stored == nil && skip != "":
		f.open++
		r.create(c, v1alpha1.NodeTypeSkipped, v1alpha1.NodeSkipped, skip)
		return admitted
	}
	s.hooks = r.hooksOf(s, p.act.step, p.item(f.item), c, &f.composite, f.siblings())
	f.open++
	if !r.start(f, c) {
		f.open--
		return blocked
	}
	return admitted
}
