package engine

import (
	"container/heap"
	"slices"
	"sort"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/graph"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// takeUpStored takes up the ready tasks that have nodes already; true: there were some, and what follows from them comes first.
func (f *dagFrame) takeUpStored() bool {
	if !f.stored {
		return false
	}
	var stored []int
	for _, i := range f.ready.IntSlice {
		if f.run.find(f.memberName(f.t.graph.Tasks[i].Spec.Name)) != nil {
			stored = append(stored, i)
		}
	}
	sort.Slice(stored, func(a, b int) bool { return f.t.graph.Tasks[stored[a]].Rank < f.t.graph.Tasks[stored[b]].Rank })
	taken := false
	for _, i := range stored {
		if f.begin(i) == admitted {
			taken = true
		}
	}
	if !taken {
		f.stored = false
		return false
	}
	f.run.touch(f)
	return true
}

// begin starts the first ready task, or decides that it does not run.
func (f *dagFrame) begin(i int) admission {
	r, task := f.run, &f.t.graph.Tasks[i]
	name := f.memberName(task.Spec.Name)
	stored := r.find(name)
	if stored == nil {
		if verdict := r.admit(f, f.e, f.e.call.onExit); verdict != admitted {
			return verdict
		}
	}
	s := &slot{owner: f, index: i}
	act := f.t.tasks[i]
	c := f.call(act.step, name)
	c.slot, c.outbound, c.parents = s, task.Target >= 0, f.parents(task)
	if stored != nil && (stored.st.Type == v1alpha1.NodeTypeSkipped || (stored.over() && act.step.Hooks == nil && act.step.OnExit == "")) {
		f.started(i)
		r.adopt(stored, c, nil, nil)
		return admitted
	}
	if stored == nil {
		run, err := task.Depends.Eval(func(name string) graph.Results { return f.results(f.t.graph.Index(name)) })
		if err != nil || !run {
			f.started(i)
			if err != nil {
				r.create(c, v1alpha1.NodeTypeSkipped, v1alpha1.NodeError, err.Error())
			} else {
				r.create(c, v1alpha1.NodeTypeSkipped, v1alpha1.NodeOmitted, "omitted: depends condition not met")
			}
			return admitted
		}
	}
	return f.runTask(i, s, c, act)
}

// runTask starts a task whose condition holds.
func (f *dagFrame) runTask(i int, s *slot, c *call, act *activity) admission {
	r := f.run
	siblings := f.siblings()
	p, err := r.plan(act, f.scope(siblings), f.artifact(f.find))
	switch {
	case err != nil && r.find(c.name) == nil:
		f.started(i)
		r.create(c, v1alpha1.NodeTypeSkipped, v1alpha1.NodeError, err.Error())
		return admitted
	case err != nil, p.skip != "" && !p.loops && r.find(c.name) != nil:
		return f.startTask(i, s, c, act, act.step)
	case p.skip != "" && !p.loops:
		f.started(i)
		r.create(c, v1alpha1.NodeTypeSkipped, v1alpha1.NodeSkipped, p.skip)
		return admitted
	case p.loops:
		s.hooks = r.exitOf(s, act.step, c, &f.composite, siblings)
		f.started(i)
		f.openGroup(i, p, c)
		return admitted
	}
	return f.startTask(i, s, c, act, &p.step)
}

func (f *dagFrame) startTask(i int, s *slot, c *call, act *activity, step *v1alpha1.WorkflowStep) admission {
	r := f.run
	full := f.call(step, c.name)
	full.slot, full.outbound, full.parents = s, c.outbound, c.parents
	s.hooks = r.hooksOf(s, act.step, nil, full, &f.composite, f.siblings())
	f.started(i)
	if !r.start(f, full) {
		f.open--
		f.tasks[i].begun = false
		heap.Push(&f.ready, i)
		return blocked
	}
	return admitted
}

// started takes a task out of those that are ready.
func (f *dagFrame) started(i int) {
	if f.ready.IntSlice[0] == i {
		heap.Pop(&f.ready)
	} else if at := slices.Index(f.ready.IntSlice, i); at >= 0 {
		heap.Remove(&f.ready, at)
	}
	f.tasks[i].begun = true
	f.open++
}

// parents are the outbound nodes of what a task waits for, or the DAG itself.
func (f *dagFrame) parents(task *graph.Task) []string {
	if len(task.Deps) == 0 {
		return []string{f.e.st.ID}
	}
	parents := make([]string, 0, len(task.Deps))
	for _, dep := range task.Deps {
		e := f.tasks[dep].e
		switch e.st.Type {
		case v1alpha1.NodeTypeSkipped, v1alpha1.NodeTypeSuspend:
			parents = append(parents, e.st.ID)
		default:
			parents = append(parents, node.OutboundOf(e.st.ID))
		}
	}
	return parents
}

// results is what `depends` sees of a task (DAG-03, DAG-05).
func (f *dagFrame) results(i int) graph.Results {
	e := f.tasks[i].e
	st := &e.st
	res := graph.Results{
		Succeeded: st.Phase == v1alpha1.NodeSucceeded, Failed: st.Phase == v1alpha1.NodeFailed, Errored: st.Phase == v1alpha1.NodeError,
		Skipped: st.Phase == v1alpha1.NodeSkipped, Omitted: st.Phase == v1alpha1.NodeOmitted,
		Daemoned: st.IsDaemoned() && st.Phase != v1alpha1.NodePending,
	}
	if st.Type == v1alpha1.NodeTypeTaskGroup {
		res.AllFailed = len(e.members) > 0
		for _, m := range e.members {
			res.AnySucceeded = res.AnySucceeded || m.st.Phase == v1alpha1.NodeSucceeded
			res.AllFailed = res.AllFailed && m.st.Phase == v1alpha1.NodeFailed
		}
	}
	return res
}
