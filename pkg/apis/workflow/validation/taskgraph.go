package validation

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// taskEdges are the tasks that one task waits for.
type taskEdges struct {
	name  string
	needs []string
}

// taskResults are the ends of a task that `depends` can ask for.
var taskResults = []string{"Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed"}

// taskGraph reads who waits for whom, in the order of the tasks: V-146, V-147, V-148. Unknown tasks are left out of the
// result, so that one mistake is reported once.
func taskGraph(dag *v1alpha1.DAGTemplate, path *field.Path) (graph []taskEdges, errs field.ErrorList) {
	tasks := make(map[string]*v1alpha1.DAGTask, len(dag.Tasks))
	names := make([]string, len(dag.Tasks))
	for i := range dag.Tasks {
		names[i] = dag.Tasks[i].Name
		tasks[names[i]] = &dag.Tasks[i]
	}
	for i := range dag.Tasks {
		task := &dag.Tasks[i]
		edges := taskEdges{name: task.Name}
		for j, name := range task.Dependencies {
			if tasks[name] == nil {
				errs = append(errs, field.Invalid(path.Index(i).Child("dependencies").Index(j), name, fmt.Sprintf("dependency '%s' not defined; %s", name, oneOf(names))))
				continue
			}
			edges.needs = append(edges.needs, name)
		}
		terms, err := parseDepends(task.Depends)
		if err != nil {
			errs = append(errs, field.Invalid(path.Index(i).Child("depends"), task.Depends, err.Error()))
		}
		for _, term := range terms {
			if problem := term.problem(tasks[term.task], names); problem != "" {
				errs = append(errs, field.Invalid(path.Index(i).Child("depends"), task.Depends, problem))
				continue
			}
			edges.needs = append(edges.needs, term.task)
		}
		graph = append(graph, edges)
	}
	return graph, errs
}

func (t dependsTerm) problem(task *v1alpha1.DAGTask, names []string) string {
	switch {
	case task == nil:
		return fmt.Sprintf("dependency '%s' not defined; %s", t.task, oneOf(names))
	case t.result != "" && !slices.Contains(taskResults, t.result):
		return fmt.Sprintf("task result '%s' for task '%s' is invalid; use one of %s", t.result, t.task, strings.Join(taskResults, ", "))
	case t.result == "AnySucceeded" || t.result == "AllFailed":
		if len(task.WithItems) == 0 && task.WithParam == "" && task.WithSequence == nil {
			return fmt.Sprintf("uses an items-based condition %s.%s, but task %q does not contain any items", t.task, t.result, t.task)
		}
	}
	return ""
}

// validateAcyclic checks V-149 and with it V-141.
func validateAcyclic(graph []taskEdges, path *field.Path) field.ErrorList {
	const (
		unseen = iota
		open
		done
	)
	needs := make(map[string][]string, len(graph))
	for _, edges := range graph {
		needs[edges.name] = edges.needs
	}
	state := make(map[string]int, len(graph))
	var trail []string
	var cycle []string
	var visit func(name string) bool
	visit = func(name string) bool {
		switch state[name] {
		case done:
			return true
		case open:
			cycle = append(slices.Clone(trail[slices.Index(trail, name):]), name)
			return false
		}
		state[name] = open
		trail = append(trail, name)
		for _, next := range needs[name] {
			if !visit(next) {
				return false
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = done
		return true
	}
	for _, edges := range graph {
		if !visit(edges.name) {
			return field.ErrorList{field.Invalid(path, strings.Join(cycle, "->"), "dependency cycle detected: "+strings.Join(cycle, "->"))}
		}
	}
	return nil
}
