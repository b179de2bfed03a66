package engine

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// stepsFrame runs the groups of a steps template one after another (FLOW-01).
type stepsFrame struct {
	composite
	group    int
	sg       *entry  // node of the group; nil: not begun
	previous *entry  // node of the group before
	plans    []*plan // of the group's steps, once begun
	step     int     // the next to start: step and value of its loop
	item     int
	open     int // started and not done
	failed   *slot
	broken   *slot
	over     bool            // a failure stops further starts in this group
	taken    map[[2]int]bool // taken up after a restart, before anything new was started
}

func (r *Run) openSteps(e *entry, t *template) {
	f := &stepsFrame{composite: r.newComposite(e, t, "steps")}
	e.frame = f
	r.touch(f)
}

// find finds the finished nodes of a step by its name.
func (f *stepsFrame) find(name string) member {
	place, ok := f.t.places[name]
	if !ok {
		return member{}
	}
	m := member{known: true, act: f.t.steps[place.group][place.index]}
	group := node.Group(f.e.st.Name, place.group)
	full := node.Child(group, name)
	if m.e = f.run.find(full); m.e != nil {
		return m
	}
	if sg := f.run.find(group); sg != nil && m.act.loop != nil {
		for _, e := range sg.members {
			if itemIndex(e.st.Name, full) >= 0 {
				m.loop = append(m.loop, e)
			}
		}
		m.loop = byItem(m.loop, full)
	}
	return m
}

func (f *stepsFrame) siblings() siblingScope { return siblingScope{c: &f.composite, find: f.find} }

// advance implements frame.
func (f *stepsFrame) advance() {
	for f.e.frame == f {
		if f.group == len(f.t.steps) {
			f.end(v1alpha1.NodeSucceeded, "", f.siblings())
			return
		}
		if f.sg == nil && !f.begin() {
			return
		}
		if f.sg.st.Fulfilled() {
			f.next()
			continue
		}
		if f.plans == nil && !f.planGroup() {
			continue
		}
		if !f.startAll() || f.open > 0 || !f.failFastEnd() {
			return
		}
		f.judge()
	}
}

// slotDone implements slotOwner.
func (f *stepsFrame) slotDone(s *slot) {
	f.open--
	st := &s.e.st
	act := f.t.steps[f.group][s.index]
	if st.FailedOrError() && !continues(act.step.ContinueOn, st.Phase) {
		if f.failed == nil || s.before(f.failed) {
			f.failed = s
		}
		if s.e.broken() && (f.broken == nil || s.before(f.broken)) {
			f.broken = s
		}
	}
	f.run.touch(f)
}

// slotReopened implements slotOwner: a daemon that dies later changes nothing here (DMN-03).
func (f *stepsFrame) slotReopened(*slot) {}

func (s *slot) before(other *slot) bool {
	return s.index < other.index || (s.index == other.index && s.item < other.item)
}

// judge ends the group when all its steps are done (FLOW-02).
func (f *stepsFrame) judge() {
	r := f.run
	switch {
	case f.broken != nil:
		r.setPhase(f.sg, v1alpha1.NodeError,
			fmt.Sprintf("step group deemed errored due to child %s error: %s", f.broken.e.st.Name, f.broken.e.st.Message))
	case f.failed != nil:
		r.setPhase(f.sg, v1alpha1.NodeFailed, fmt.Sprintf("child '%s' failed", f.failed.e.st.ID))
	case f.over:
		r.setPhase(f.sg, v1alpha1.NodeFailed, r.stopMessage())
	default:
		r.setPhase(f.sg, v1alpha1.NodeSucceeded, "")
	}
}

// next goes on to the next group, or ends the Steps with the phase of this one.
func (f *stepsFrame) next() {
	if f.sg.st.FailedOrError() {
		f.end(f.sg.st.Phase, f.sg.st.Message, f.siblings())
		return
	}
	f.previous, f.sg, f.plans = f.sg, nil, nil
	f.group, f.step, f.item = f.group+1, 0, 0
	f.failed, f.broken = nil, nil
}

// continues reports whether continueOn covers a phase (FLOW-03).
func continues(c *v1alpha1.ContinueOn, phase v1alpha1.NodePhase) bool {
	if c == nil {
		return false
	}
	return (c.Error && phase == v1alpha1.NodeError) || (c.Failed && phase == v1alpha1.NodeFailed)
}

var _ expr.Scope = siblingScope{}
