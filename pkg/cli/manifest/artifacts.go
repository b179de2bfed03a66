package manifest

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// locations are the fields of an artifact that say where it is, withKeys those of stores that tell things apart by keys.
var locations, withKeys = []string{"artifactory", "azure", "gcs", "git", "hdfs", "http", "oss", "plugin", "raw", "s3"},
	[]string{"azure", "gcs", "oss", "plugin", "s3"}

// PlaceArtifact says where an artifact among the arguments of a workflow is. The workflow has to declare it, unless a template that
// it refers to may. With keep, the key is one in the place that is declared; otherwise, and where none is, it is one in the
// artifact repository of the workflow (OPS-03).
func PlaceArtifact(workflow *unstructured.Unstructured, name, key string, keep bool) error {
	at := []string{"spec", "arguments", "artifacts"}
	list, _, err := unstructured.NestedSlice(workflow.Object, at...)
	if err != nil {
		return err
	}
	var names []string
	place := slices.IndexFunc(list, func(known any) bool {
		entry, _ := known.(map[string]any)
		text, _ := entry["name"].(string)
		names = append(names, text)
		return text == name
	})
	if place < 0 {
		if _, refers, _ := unstructured.NestedMap(workflow.Object, "spec", "workflowTemplateRef"); !refers {
			declared := "none"
			if len(names) > 0 {
				declared = strings.Join(names, ", ")
			}
			return fmt.Errorf("the workflow takes no artifact %q: spec.arguments.artifacts has %s", name, declared)
		}
		list, place = append(list, map[string]any{"name": name}), len(list)
	}
	entry, isMap := list[place].(map[string]any)
	if !isMap {
		return fmt.Errorf("spec.arguments.artifacts[%d] is no artifact", place)
	}
	if err := setKey(entry, key, keep); err != nil {
		return fmt.Errorf("spec.arguments.artifacts[%d] (%s): %w", place, name, err)
	}
	return unstructured.SetNestedSlice(workflow.Object, list, at...)
}

func setKey(artifact map[string]any, key string, keep bool) error {
	for _, location := range locations {
		where, found := artifact[location].(map[string]any)
		switch {
		case !found:
		case !keep:
			delete(artifact, location)
		case slices.Contains(withKeys, location):
			where["key"] = key
			return nil
		default:
			return fmt.Errorf("what is at %s has no key", location)
		}
	}
	// A location with nothing but a key, of whatever kind, is in the repository.
	artifact["s3"] = map[string]any{"key": key}
	return nil
}
