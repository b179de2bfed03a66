package lint

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

// fate is what is certain before the run about whether a step or task runs.
type fate int

const (
	// undecided: what others give decides.
	undecided fate = iota
	// notOmitted: it runs or is skipped.
	notOmitted
	// runs whenever those before it succeed.
	runs
	// skipped: its condition is false or its loop is empty, whatever others give.
	skipped
	// omitted: what it depends on never comes about.
	omitted
	// passedOver is one of both.
	passedOver
	// unneeded: no target of its dag waits for it.
	unneeded
)

func (f fate) never() bool { return f >= skipped }

// inOrder lists the members, each after those that it waits for.
func (m *members) inOrder() []*sibling {
	if m.sorted != nil || len(m.names) == 0 {
		return m.sorted
	}
	if m.graph != nil {
		for _, i := range m.graph.Order {
			m.sorted = append(m.sorted, m.byName[m.graph.Tasks[i].Spec.Name])
		}
		return m.sorted
	}
	for _, name := range m.names {
		m.sorted = append(m.sorted, m.byName[name])
	}
	return m.sorted
}

// decide works out the fates of the members of a template. They follow from its inputs, and each from those before it.
func (p *program) decide(u *unit) {
	m := u.members
	if m == nil || m.root == "tasks" && m.graph == nil {
		return
	}
	if m.graph != nil {
		for i := range m.graph.Tasks {
			if m.graph.Tasks[i].Rank < 0 {
				m.byName[m.graph.Tasks[i].Spec.Name].fate = unneeded
			}
		}
	}
	v := &foresight{p: p, unit: u}
	for _, s := range m.inOrder() {
		s.fate = v.fate(s)
	}
}

func (v *foresight) fate(s *sibling) fate {
	start := runs
	if g := v.unit.members.graph; g != nil {
		if start = v.admission(&g.Tasks[s.index]); start == omitted {
			return omitted
		}
	}
	condition, loop := v.condition(s.step), v.loop(s.step)
	switch {
	case condition == skipped || loop == skipped:
		if start == runs {
			return skipped
		}
		return passedOver
	case start == runs && (condition != runs || loop != runs):
		return notOmitted
	}
	return start
}

func (v *foresight) condition(step *v1alpha1.WorkflowStep) fate {
	if strings.TrimSpace(step.When) == "" {
		return runs
	}
	text, open, err := v.render(step.When)
	if _, absent := expr.FindAbsent(text); open || absent || err != nil {
		return notOmitted
	}
	holds, err := v.p.holds(text)
	switch {
	case err != nil:
		return notOmitted
	case holds:
		return runs
	}
	return skipped
}

// loop tells whether the values of a step's loop are some, or none.
func (v *foresight) loop(step *v1alpha1.WorkflowStep) fate {
	sequence := step.WithSequence
	switch {
	case len(step.WithItems) > 0:
		return runs
	case step.WithParam != "":
		text, open, err := v.render(step.WithParam)
		if open {
			return notOmitted
		}
		var list []json.RawMessage
		if err == nil && json.Unmarshal([]byte(text), &list) == nil && len(list) == 0 {
			return skipped // what is no list fails when it comes up
		}
	case sequence != nil && sequence.End == nil && sequence.Count != nil:
		text, open, err := v.render(sequence.Count.String())
		if open {
			return notOmitted
		}
		if count, bad := strconv.Atoi(strings.TrimSpace(text)); err == nil && bad == nil && count <= 0 {
			return skipped
		}
	}
	return runs
}

// admission tells whether what a task depends on comes about (DAG-03).
func (v *foresight) admission(task *graph.Task) fate {
	if !strings.ContainsAny(task.Spec.Depends, "!|.") {
		return v.conjunction(task.Depends.Tasks)
	}
	members := v.unit.members
	never, always := true, true
	ends := func(name string) []end { return members.byName[name].ends() }
	try := func(well bool) func(map[string]end) {
		return func(results map[string]end) {
			holds, err := task.Depends.Eval(func(name string) graph.Results { return results[name].results })
			never = never && err == nil && !holds
			always = always && (!well || err == nil && holds)
		}
	}
	goodEnds := func(name string) []end { return slices.DeleteFunc(ends(name), func(e end) bool { return !e.well }) }
	tried := v.p.combinations(task.Depends.Tasks, goodEnds, try(true))
	if tried && never { // nothing that goes well makes it hold: something that fails may
		tried = v.p.combinations(task.Depends.Tasks, ends, try(false))
	}
	switch {
	case !tried:
		return undecided
	case never:
		return omitted
	case always:
		return runs
	}
	return undecided
}

// conjunction is admission where every one of some tasks has to have run well or to be skipped.
func (v *foresight) conjunction(tasks []string) fate {
	all := runs
	for _, name := range tasks {
		switch v.unit.members.byName[name].fate {
		case omitted:
			return omitted
		case undecided, passedOver:
			all = undecided
		}
	}
	return all
}

// end is one way in which a task can end. well: it does when all that runs succeeds.
type end struct {
	results graph.Results
	well    bool
}

func (s *sibling) ends() []end {
	var ends []end
	if s.fate == skipped || s.fate == notOmitted || s.fate == undecided || s.fate == passedOver {
		ends = append(ends, end{graph.Results{Skipped: true}, true})
	}
	if s.fate == omitted || s.fate == undecided || s.fate == passedOver {
		ends = append(ends, end{graph.Results{Omitted: true}, true})
	}
	if s.fate.never() && s.loop == noLoop {
		return ends
	}
	succeeded := end{graph.Results{Succeeded: true}, true}
	switch {
	case s.loop != noLoop: // of which every value may be skipped
		ends = append(ends, succeeded, end{graph.Results{Succeeded: true, AnySucceeded: true}, true},
			end{graph.Results{Failed: true, AllFailed: true}, false}, end{graph.Results{Failed: true, AnySucceeded: true}, false},
			end{graph.Results{Errored: true, AnySucceeded: true}, false})
	case s.call.callee == nil || s.call.callee.template.IsDaemon():
		ends = append(ends, succeeded, end{graph.Results{Daemoned: true}, true})
	default:
		ends = append(ends, succeeded)
	}
	return append(ends, end{graph.Results{Failed: true}, false}, end{graph.Results{Errored: true}, false})
}

const (
	// mostCombinations is how many ways for the tasks of one condition to end are tried, and mostCombined those for all
	// conditions of an object: each takes some two microseconds.
	mostCombinations = 300
	mostCombined     = 30_000
)

// combinations calls try with every way in which tasks can end together; false: there are too many.
func (p *program) combinations(tasks []string, ends func(task string) []end, try func(map[string]end)) bool {
	count := 1
	for _, task := range tasks {
		if count *= len(ends(task)); count > mostCombinations {
			return false
		}
	}
	if p.combined += count; p.combined > mostCombined {
		return false
	}
	results := make(map[string]end, len(tasks))
	var next func(tasks []string)
	next = func(tasks []string) {
		if len(tasks) == 0 {
			try(results)
			return
		}
		for _, end := range ends(tasks[0]) {
			results[tasks[0]] = end
			next(tasks[1:])
		}
	}
	next(tasks)
	return true
}
