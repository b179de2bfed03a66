package manifest

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// plurals are fields of which older manifests have one where there may be several now, by the field that they are in (RES-17).
var plurals = map[string]map[string]string{
	"synchronization": {"mutex": "mutexes", "semaphore": "semaphores"},
}

// Convert puts lists into the place of fields that older manifests have one of: the schedule of a cron workflow, and mutexes and
// semaphores wherever they are. It returns the paths of those that it changed.
func Convert(object *unstructured.Unstructured) ([]string, error) {
	var changed []string
	if object.GetKind() == "CronWorkflow" {
		spec, found, err := unstructured.NestedMap(object.Object, "spec")
		if err != nil {
			return nil, err
		}
		if _, old := spec["schedule"]; found && old {
			if err := intoList(spec, "schedule", "schedules", "spec"); err != nil {
				return nil, err
			}
			object.Object["spec"] = spec
			changed = append(changed, "spec.schedule")
		}
	}
	spec, _ := object.Object["spec"].(map[string]any)
	inside, err := convert(spec, "spec")
	slices.Sort(inside)
	return append(changed, inside...), err
}

// convert changes what is below a value.
func convert(value any, path string) ([]string, error) {
	var changed []string
	visit := func(child any, at string) error {
		more, err := convert(child, at)
		changed = append(changed, more...)
		return err
	}
	switch value := value.(type) {
	case []any:
		for i, child := range value {
			if err := visit(child, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key, child := range value {
			at := path + "." + key
			fields, isMap := child.(map[string]any)
			for old, plural := range plurals[key] {
				if _, has := fields[old]; !isMap || !has {
					continue
				}
				if err := intoList(fields, old, plural, at); err != nil {
					return nil, err
				}
				changed = append(changed, at+"."+old)
			}
			if holdsTemplates[key] {
				if err := visit(child, at); err != nil {
					return nil, err
				}
			}
		}
	}
	return changed, nil
}

// holdsTemplates are the fields below which there are templates, or the spec of a workflow. Others, such as the manifest of a
// resource template, may have fields of these names that are none of ours.
var holdsTemplates = map[string]bool{"workflowSpec": true, "templates": true, "templateDefaults": true, "inline": true, "steps": true, "dag": true, "tasks": true}

func intoList(fields map[string]any, old, plural, path string) error {
	if _, both := fields[plural]; both {
		return fmt.Errorf("%s has both %s and %s: leave out one of them", path, old, plural)
	}
	fields[plural] = []any{fields[old]}
	delete(fields, old)
	return nil
}
