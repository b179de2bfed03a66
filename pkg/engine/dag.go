package engine

import (
	"container/heap"
	"sort"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

// dagFrame runs a dag template. It keeps for each task how many of those it waits for are not done, so that a finished task
// costs no more than its dependents.
type dagFrame struct {
	composite
	tasks []taskRun
	ready readyTasks
	open  int // tasks that have a node and are not done
	known int // target tasks that are done
	bad   []int
	over  bool // nothing more is started
	// stored: some of the tasks may have nodes from before a restart
	stored bool
}

// taskRun is a task of a running DAG.
type taskRun struct {
	waits  int
	e      *entry // its node; of a loop, the TaskGroup
	frame  *groupFrame
	branch branch
	done   bool
	begun  bool
}

// branch says how the tasks that led here ended; a task that ran says how it ended itself (DAG-07).
type branch uint8

const (
	branchFailed branch = 1 << iota
	branchErrored
)

// readyTasks is a heap of task indexes by rank, so that tasks start in a fixed order.
type readyTasks struct {
	sort.IntSlice
	g *graph.DAG
}

// Less is part of heap.Interface.
func (q readyTasks) Less(i, j int) bool {
	return q.g.Tasks[q.IntSlice[i]].Rank < q.g.Tasks[q.IntSlice[j]].Rank
}

// Push is part of heap.Interface.
func (q *readyTasks) Push(x any) {
	if i, ok := x.(int); ok {
		q.IntSlice = append(q.IntSlice, i)
	}
}

// Pop is part of heap.Interface.
func (q *readyTasks) Pop() any {
	last := len(q.IntSlice) - 1
	i := q.IntSlice[last]
	q.IntSlice = q.IntSlice[:last]
	return i
}

func (r *Run) openDAG(e *entry, t *template) {
	t, err := t.forNode(r, r.nodeScope(e, t))
	if err != nil {
		r.setPhase(e, v1alpha1.NodeError, e.call.refusal(err))
		return
	}
	f := &dagFrame{composite: r.newComposite(e, t, "tasks"), stored: e.stored}
	f.tasks = make([]taskRun, len(t.graph.Tasks))
	f.ready.g = t.graph
	for _, i := range t.graph.Order {
		if f.tasks[i].waits = len(t.graph.Tasks[i].Deps); f.tasks[i].waits == 0 {
			heap.Push(&f.ready, i)
		}
	}
	e.frame = f
	r.touch(f)
}

func (f *dagFrame) find(name string) member {
	i := f.t.graph.Index(name)
	if i < 0 {
		return member{}
	}
	m := member{known: true, act: f.t.tasks[i]}
	if m.e = f.tasks[i].e; m.e == nil {
		m.e = f.run.find(f.memberName(name))
	}
	if m.e != nil && m.e.st.Type == v1alpha1.NodeTypeTaskGroup {
		m.loop = byItem(m.e.members, m.e.st.Name)
	}
	return m
}

func (f *dagFrame) siblings() siblingScope { return siblingScope{c: &f.composite, find: f.find} }

// advance implements frame. Stored tasks are taken up first. What can start does, whatever else has failed; then the phase is
// looked at (DAG-06).
func (f *dagFrame) advance() {
	if f.e.frame != f || f.takeUpStored() {
		return
	}
	for f.ready.Len() > 0 && !f.over {
		verdict := f.begin(f.ready.IntSlice[0])
		if verdict == blocked {
			break
		}
		f.over = verdict == refused
	}
	if f.open > 0 {
		return
	}
	if phase, message := f.assess(); phase != v1alpha1.NodeRunning {
		f.end(phase, message, f.siblings())
	}
}

// assess gives the phase as far as it is known while no node of the DAG is unfulfilled (DAG-06, DAG-07, DAG-11).
func (f *dagFrame) assess() (v1alpha1.NodePhase, string) {
	r, spec := f.run, f.t.spec.DAG
	if f.e.failFast && f.e.failedChildren > 0 {
		return v1alpha1.NodeFailed, failFastMessage
	}
	all := f.known == len(f.t.graph.Targets)
	failFast := spec.FailFast == nil || *spec.FailFast
	if len(f.bad) > 0 && (all || failFast) {
		worst := f.bad[0]
		for _, i := range f.bad {
			if (i < worst) == failFast {
				worst = i
			}
		}
		return f.tasks[f.t.graph.Targets[worst]].branch.phase(), ""
	}
	switch {
	case all:
		return v1alpha1.NodeSucceeded, ""
	case f.over && r.stopping(f.e.call.onExit):
		return v1alpha1.NodeFailed, r.dagStopMessage()
	}
	return v1alpha1.NodeRunning, ""
}

func (b branch) phase() v1alpha1.NodePhase {
	if b&branchFailed != 0 {
		return v1alpha1.NodeFailed
	}
	return v1alpha1.NodeError
}

// slotDone implements slotOwner.
func (f *dagFrame) slotDone(s *slot) {
	t, task := &f.tasks[s.index], &f.t.graph.Tasks[s.index]
	t.e, t.done = s.e, true
	f.open--
	f.setBranch(s.index)
	if task.Target >= 0 {
		f.known++
	}
	for _, next := range task.Dependents {
		n := &f.tasks[next]
		if n.waits--; n.waits == 0 && !n.begun {
			heap.Push(&f.ready, next)
		}
	}
	f.run.touch(f)
}

// slotReopened implements slotOwner: a daemon has ended; as a target its end counts.
func (f *dagFrame) slotReopened(s *slot) {
	if f.e.frame == f {
		f.setBranch(s.index)
		f.run.touch(f)
	}
}

// setBranch notes how a task ended, and whether that fails the DAG.
func (f *dagFrame) setBranch(i int) {
	t, task := &f.tasks[i], &f.t.graph.Tasks[i]
	t.branch = 0
	switch {
	case t.e.st.Phase == v1alpha1.NodeFailed:
		t.branch = branchFailed
	case t.e.st.Phase == v1alpha1.NodeError:
		t.branch = branchErrored
	case !t.e.st.Completed():
		for _, dep := range task.Deps {
			t.branch |= f.tasks[dep].branch
		}
	}
	if task.Target < 0 {
		return
	}
	failed := t.branch != 0 && !continues(task.Spec.ContinueOn, t.branch.phase())
	at := sort.SearchInts(f.bad, task.Target)
	listed := at < len(f.bad) && f.bad[at] == task.Target
	switch {
	case failed && !listed:
		f.bad = append(f.bad, 0)
		copy(f.bad[at+1:], f.bad[at:])
		f.bad[at] = task.Target
	case !failed && listed:
		f.bad = append(f.bad[:at], f.bad[at+1:]...)
	}
}
