package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validateContainerSet checks V-103, V-104 and V-106 to V-109.
func validateContainerSet(template *v1alpha1.Template, path *field.Path) (errs field.ErrorList) {
	if retry := template.ContainerSet.RetryStrategy; retry != nil {
		errs = append(errs, validateDuration(retry.Duration, path.Child("retryStrategy", "duration"))...)
	}
	path = path.Child("containers")
	containers := template.ContainerSet.Containers
	if len(containers) == 0 {
		return field.ErrorList{field.Required(path, "a containerSet needs at least one container")}
	}
	seen := nameSet{}
	names := make([]string, len(containers))
	for i := range containers {
		names[i] = containers[i].Name
		namePath := path.Index(i).Child("name")
		errs = append(errs, validateName(names[i], namePath)...)
		errs = append(errs, seen.add(names[i], namePath)...)
		if reservedContainerName(names[i]) {
			errs = append(errs, field.Invalid(namePath, names[i], fmt.Sprintf("%q is a reserved Argo container name", names[i])))
		}
	}
	var graph []taskEdges
	for i := range containers {
		edges := taskEdges{name: names[i]}
		for j, dependency := range containers[i].Dependencies {
			if !seen[dependency] {
				errs = append(errs, field.Invalid(path.Index(i).Child("dependencies").Index(j), dependency, fmt.Sprintf("dependency '%s' not defined; %s", dependency, oneOf(names))))
				continue
			}
			edges.needs = append(edges.needs, dependency)
		}
		graph = append(graph, edges)
	}
	errs = append(errs, validateAcyclic(graph, path)...)
	exchanges := len(template.Inputs.Artifacts) + len(template.Outputs.Parameters) + len(template.Outputs.Artifacts)
	if exchanges > 0 && !seen["main"] {
		errs = append(errs, field.Required(path, `must have a container named "main" for input or output`))
	}
	return errs
}
