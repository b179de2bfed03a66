package graph

import (
	"fmt"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// DAG is the compiled graph of a dag template.
type DAG struct {
	Tasks   []Task
	Targets []int // tasks whose end decides the phase, in the order of `target` or of the list
	Order   []int // needed tasks, every task after those that it waits for
	byName  map[string]int
}

// Task is one task of a DAG.
type Task struct {
	Spec       *v1alpha1.DAGTask
	Depends    *Depends
	Deps       []int // tasks it waits for
	Dependents []int // needed tasks that wait for it
	Rank       int   // position in Order; -1: not needed for any target (DAG-01)
	Target     int   // position in Targets; -1: no target
}

// BuildDAG compiles a dag template. target is the substituted `dag.target`; empty means every task that nobody waits for.
func BuildDAG(tasks []v1alpha1.DAGTask, target string) (*DAG, error) {
	g := &DAG{Tasks: make([]Task, len(tasks)), byName: make(map[string]int, len(tasks))}
	for i := range tasks {
		if _, twice := g.byName[tasks[i].Name]; twice {
			return nil, fmt.Errorf("task name %q is used twice", tasks[i].Name)
		}
		g.byName[tasks[i].Name] = i
		g.Tasks[i] = Task{Spec: &tasks[i], Rank: -1, Target: -1}
	}
	byName := func(name string) *v1alpha1.DAGTask {
		if i, ok := g.byName[name]; ok {
			return &tasks[i]
		}
		return nil
	}
	waitedFor := make([]bool, len(tasks))
	parser := &DependsParser{}
	for i := range g.Tasks {
		t := &g.Tasks[i]
		depends, err := parser.Parse(t.Spec, byName)
		if err != nil {
			return nil, fmt.Errorf("task %s: %w", t.Spec.Name, err)
		}
		t.Depends = depends
		for _, name := range depends.Tasks {
			t.Deps = append(t.Deps, g.byName[name])
			waitedFor[g.byName[name]] = true
		}
	}
	if err := g.setTargets(target, waitedFor); err != nil {
		return nil, err
	}
	if err := g.rank(); err != nil {
		return nil, err
	}
	for _, i := range g.Order {
		for _, dep := range g.Tasks[i].Deps {
			g.Tasks[dep].Dependents = append(g.Tasks[dep].Dependents, i)
		}
	}
	return g, nil
}

// Index gives the position of a task, or -1.
func (g *DAG) Index(name string) int {
	if i, ok := g.byName[name]; ok {
		return i
	}
	return -1
}

func (g *DAG) setTargets(target string, waitedFor []bool) error {
	if strings.TrimSpace(target) == "" {
		for i := range g.Tasks {
			if !waitedFor[i] {
				g.addTarget(i)
			}
		}
		return nil
	}
	for _, name := range strings.Fields(target) {
		i, ok := g.byName[name]
		if !ok {
			return fmt.Errorf("target %q is not a task of this dag", name)
		}
		if g.Tasks[i].Target < 0 {
			g.addTarget(i)
		}
	}
	return nil
}

func (g *DAG) addTarget(i int) {
	g.Tasks[i].Target = len(g.Targets)
	g.Targets = append(g.Targets, i)
}

// rank walks from the targets to what they wait for, without recursion: chains may be very long.
func (g *DAG) rank() error {
	const (
		unseen = iota
		open
		closed
	)
	state := make([]uint8, len(g.Tasks))
	next := make([]int, len(g.Tasks))
	var stack []int
	for _, target := range g.Targets {
		stack = append(stack, target)
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			t := &g.Tasks[i]
			state[i] = max(state[i], open)
			if next[i] < len(t.Deps) {
				dep := t.Deps[next[i]]
				next[i]++
				switch state[dep] {
				case unseen:
					stack = append(stack, dep)
				case open:
					return fmt.Errorf("task %s waits for itself through %s", t.Spec.Name, g.Tasks[dep].Spec.Name)
				}
				continue
			}
			stack = stack[:len(stack)-1]
			if state[i] != closed {
				state[i] = closed
				t.Rank = len(g.Order)
				g.Order = append(g.Order, i)
			}
		}
	}
	if len(g.Tasks) > 0 && len(g.Targets) == 0 {
		return fmt.Errorf("every task waits for another: the dag has no end")
	}
	return nil
}
