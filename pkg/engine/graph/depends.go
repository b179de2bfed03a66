// Package graph holds what is known of steps and DAGs before anything runs: which task waits for which, in which order tasks
// come up, what a loop expands to.
package graph

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Results are what a `depends` expression can ask about a task (DAG-03).
type Results struct {
	Succeeded, Failed, Errored, Skipped, Omitted, Daemoned, AnySucceeded, AllFailed bool
}

// Depends is a condition on other tasks.
type Depends struct {
	Tasks   []string // the tasks it asks about, in order of first mention
	source  string
	program *vm.Program // nil: always true
}

// DependsParser compiles conditions; those of the same shape share a program.
type DependsParser struct {
	programs map[string]*vm.Program
}

var operand = regexp.MustCompile(`[A-Za-z0-9_][-A-Za-z0-9_]*(\.[A-Za-z]+)?`)

// bare is what a task's name alone means.
const bare = "(%[1]s.Succeeded || %[1]s.Skipped || %[1]s.Daemoned)"

// Parse compiles the condition of a task: its `depends`, or its `dependencies`, each of which may let a failure pass if the
// task it names has continueOn (DAG-02). It returns an error for an operand that is no task or result.
func (p *DependsParser) Parse(task *v1alpha1.DAGTask, byName func(string) *v1alpha1.DAGTask) (*Depends, error) {
	d := &Depends{source: task.Depends}
	var text string
	var err error
	switch {
	case task.Depends != "":
		text, err = d.rewrite(task.Depends, byName)
	case len(task.Dependencies) > 0:
		text, err = d.conjunction(task.Dependencies, byName)
	default:
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	if known, ok := p.programs[text]; ok {
		d.program = known
		return d, nil
	}
	program, err := expr.Compile(text, expr.AllowUndefinedVariables(), expr.MaxNodes(0)) // a task may wait for thousands
	if err != nil {
		reason, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("cannot parse depends %q: %s", task.Depends, reason)
	}
	if p.programs == nil {
		p.programs = map[string]*vm.Program{}
	}
	p.programs[text] = program
	d.program = program
	return d, nil
}

// variable gives the name that stands for a task in the compiled expression: names of tasks need not be identifiers.
func (d *Depends) variable(task string) string {
	i := slices.Index(d.Tasks, task)
	if i < 0 {
		i = len(d.Tasks)
		d.Tasks = append(d.Tasks, task)
	}
	return "t" + strconv.Itoa(i)
}

func (d *Depends) rewrite(source string, byName func(string) *v1alpha1.DAGTask) (string, error) {
	var failure error
	text := operand.ReplaceAllStringFunc(source, func(word string) string {
		name, result, qualified := strings.Cut(word, ".")
		if byName(name) == nil {
			failure = fmt.Errorf("depends %q names the task %q, which is not in this dag", source, name)
			return word
		}
		v := d.variable(name)
		if !qualified {
			return fmt.Sprintf(bare, v)
		}
		if !validResult(result) {
			failure = fmt.Errorf("depends %q: task %s has no result %q", source, name, result)
		}
		return v + "." + result
	})
	return text, failure
}

func (d *Depends) conjunction(names []string, byName func(string) *v1alpha1.DAGTask) (string, error) {
	terms := make([]string, 0, len(names))
	seen := make(map[string]struct{}, len(names))
	for _, name := range names {
		other := byName(name)
		if other == nil {
			return "", fmt.Errorf("dependency %q is not a task of this dag", name)
		}
		if _, twice := seen[name]; twice {
			continue
		}
		seen[name] = struct{}{}
		v := "t" + strconv.Itoa(len(d.Tasks))
		d.Tasks = append(d.Tasks, name)
		term := fmt.Sprintf(bare, v)
		if c := other.ContinueOn; c != nil && c.Error {
			term = "(" + term + " || " + v + ".Errored)"
		}
		if c := other.ContinueOn; c != nil && c.Failed {
			term = "(" + term + " || " + v + ".Failed)"
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " && "), nil
}

// Eval decides the condition; results are asked for once a task, in the order of Tasks.
func (d *Depends) Eval(results func(task string) Results) (bool, error) {
	if d.program == nil {
		return true, nil
	}
	env := make(map[string]any, len(d.Tasks))
	for i, task := range d.Tasks {
		env["t"+strconv.Itoa(i)] = results(task)
	}
	out, err := expr.Run(d.program, env)
	if err != nil {
		reason, _, _ := strings.Cut(err.Error(), "\n")
		return false, fmt.Errorf("cannot evaluate depends %q: %s", d.source, reason)
	}
	b, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("depends %q gives %v, not true or false", d.source, out)
	}
	return b, nil
}

func validResult(name string) bool {
	switch name {
	case "Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed":
		return true
	}
	return false
}
