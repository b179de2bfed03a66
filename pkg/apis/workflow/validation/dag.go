package validation

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// dag checks a DAG template: V-140 to V-149, V-151, V-155, V-156.
func (c *specChecker) dag(dag *v1alpha1.DAGTemplate, path *field.Path) {
	tasksPath := path.Child("tasks")
	if len(dag.Tasks) == 0 {
		c.errs = append(c.errs, field.Required(tasksPath, "a DAG needs at least one task"))
		return
	}
	seen := nameSet{}
	for i := range dag.Tasks {
		task := &dag.Tasks[i]
		taskPath := tasksPath.Index(i)
		c.errors(validateNameWithTags(task.Name, taskPath.Child("name")))
		c.errors(seen.add(task.Name, taskPath.Child("name")))
		c.callee(callee{
			template: task.Template, templateRef: task.TemplateRef, inline: task.Inline, arguments: &task.Arguments,
			withItems: task.WithItems, withParam: task.WithParam, withSequence: task.WithSequence, onExit: task.OnExit, when: task.When,
		}, taskPath)
		c.hooks(task.Hooks, expressionAdvised, taskPath.Child("hooks"))
	}
	c.errors(validateDependencyStyle(dag, tasksPath))
	c.errors(validateGraph(dag, path))
}

// validateGraph checks who waits for whom: V-141, V-146 to V-149, V-151.
func validateGraph(dag *v1alpha1.DAGTemplate, path *field.Path) field.ErrorList {
	graph, errs := taskGraph(dag, path.Child("tasks"))
	errs = append(errs, validateAcyclic(graph, path.Child("tasks"))...)
	return append(errs, validateTargets(dag, path.Child("target"))...)
}

// ReportsGraph tells whether a DAG has mistakes in who waits for whom, or a name twice: those who build the graph need not
// report them again.
func ReportsGraph(dag *v1alpha1.DAGTemplate) bool {
	seen := nameSet{}
	for i := range dag.Tasks {
		if len(seen.add(dag.Tasks[i].Name, nil)) > 0 {
			return true
		}
	}
	return len(validateGraph(dag, field.NewPath("dag"))) > 0
}

// validateDependencyStyle checks V-143, V-144 and V-145.
func validateDependencyStyle(dag *v1alpha1.DAGTemplate, path *field.Path) (errs field.ErrorList) {
	depends := false
	for i := range dag.Tasks {
		depends = depends || dag.Tasks[i].Depends != ""
	}
	for i := range dag.Tasks {
		task := &dag.Tasks[i]
		if depends && len(task.Dependencies) > 0 {
			errs = append(errs, field.Forbidden(path.Index(i).Child("dependencies"), "cannot use both 'depends' and 'dependencies' in the same DAG template"))
		}
		if depends && task.ContinueOn != nil {
			errs = append(errs, field.Forbidden(path.Index(i).Child("continueOn"), "cannot use 'continueOn' when using 'depends'; say it in the expression of the dependants, e.g. `a.Succeeded || a.Failed`"))
		}
		if (depends || len(task.Dependencies) > 0) && task.Name != "" && task.Name[0] >= '0' && task.Name[0] <= '9' {
			errs = append(errs, field.Invalid(path.Index(i).Child("name"), task.Name, "name cannot begin with a digit when using either 'depends' or 'dependencies'"))
		}
	}
	return errs
}

// validateTargets checks V-151; words with tags are known only at run time.
func validateTargets(dag *v1alpha1.DAGTemplate, path *field.Path) (errs field.ErrorList) {
	names := make([]string, len(dag.Tasks))
	known := nameSet{}
	for i := range dag.Tasks {
		names[i] = dag.Tasks[i].Name
		known[names[i]] = true
	}
	for _, target := range strings.Fields(tagFormat.ReplaceAllString(dag.Target, "")) {
		if !known[target] {
			errs = append(errs, field.Invalid(path, dag.Target, fmt.Sprintf("target '%s' is not defined; %s", target, oneOf(names))))
		}
	}
	return errs
}
