package manifest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Parameters returns parameters as `name=value`: those of a parameter file, a YAML or JSON map, and those of flags, which
// win. In a file, what is no text is passed as JSON.
func Parameters(flags []string, source string, file []byte) ([]string, error) {
	for _, flag := range flags {
		if name, _, found := strings.Cut(flag, "="); !found || name == "" {
			return nil, fmt.Errorf("parameter %q is not of the form NAME=VALUE", flag)
		}
	}
	if len(file) == 0 {
		return flags, nil
	}
	data, err := yaml.YAMLToJSONStrict(file)
	if err != nil {
		return nil, fmt.Errorf("parameter file %s: %w", source, err)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("parameter file %s is not a map of names to values: %w", source, err)
	}
	for _, flag := range flags {
		// Given twice, a verb of the server would refuse it.
		name, _, _ := strings.Cut(flag, "=")
		delete(values, name)
	}
	var all []string
	for name, raw := range values {
		text := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, fmt.Errorf("parameter file %s: %s: %w", source, name, err)
			}
		}
		all = append(all, name+"="+text)
	}
	slices.Sort(all)
	return append(all, flags...), nil
}

// Settings are what a submission changes of a workflow in a file.
type Settings struct {
	Name, GenerateName, Entrypoint, ServiceAccount string
	// Parameters as `name=value`, later ones winning.
	Parameters []string
	// Labels and Annotations are added.
	Labels, Annotations map[string]string
	Priority            *int32
	// Schedules take the place of those of a cron workflow.
	Schedules []string
}

// Apply changes a workflow.
func (s *Settings) Apply(workflow *unstructured.Unstructured) error {
	return s.apply(workflow, "spec")
}

// ApplyToCron changes a cron workflow, and the workflows that it makes.
func (s *Settings) ApplyToCron(cron *unstructured.Unstructured) error {
	if len(s.Schedules) > 0 {
		unstructured.RemoveNestedField(cron.Object, "spec", "schedule") // the only one, as older manifests have it
		if err := unstructured.SetNestedStringSlice(cron.Object, s.Schedules, "spec", "schedules"); err != nil {
			return err
		}
	}
	return s.apply(cron, "spec", "workflowSpec")
}

// apply changes an object that has the spec of a workflow at this path.
func (s *Settings) apply(workflow *unstructured.Unstructured, spec ...string) error {
	at := func(field ...string) []string { return append(slices.Clone(spec), field...) }
	switch {
	case s.Name != "":
		workflow.SetName(s.Name)
		workflow.SetGenerateName("")
	case s.GenerateName != "":
		workflow.SetGenerateName(s.GenerateName)
		workflow.SetName("")
	}
	if workflow.GetName() == "" && workflow.GetGenerateName() == "" {
		return fmt.Errorf("the object has neither metadata.name nor metadata.generateName; give it one with --name or --generate-name")
	}
	if len(s.Labels) > 0 {
		workflow.SetLabels(merged(workflow.GetLabels(), s.Labels))
	}
	if len(s.Annotations) > 0 {
		workflow.SetAnnotations(merged(workflow.GetAnnotations(), s.Annotations))
	}
	for field, value := range map[string]string{"entrypoint": s.Entrypoint, "serviceAccountName": s.ServiceAccount} {
		if value == "" {
			continue
		}
		if err := unstructured.SetNestedField(workflow.Object, value, at(field)...); err != nil {
			return err
		}
	}
	if s.Priority != nil {
		if err := unstructured.SetNestedField(workflow.Object, int64(*s.Priority), at("priority")...); err != nil {
			return err
		}
	}
	return setParameters(workflow, s.Parameters, at("arguments", "parameters"))
}

func merged(into, from map[string]string) map[string]string {
	if into == nil {
		into = map[string]string{}
	}
	for key, value := range from {
		into[key] = value
	}
	return into
}

// setParameters overrides arguments of the same name, whose valueFrom goes, and adds the others (OPS-03).
func setParameters(workflow *unstructured.Unstructured, parameters, at []string) error {
	if len(parameters) == 0 {
		return nil
	}
	list, _, err := unstructured.NestedSlice(workflow.Object, at...)
	if err != nil {
		return err
	}
	for _, parameter := range parameters {
		name, value, _ := strings.Cut(parameter, "=")
		place := slices.IndexFunc(list, func(known any) bool {
			entry, ok := known.(map[string]any)
			return ok && entry["name"] == name
		})
		if place < 0 {
			list = append(list, map[string]any{"name": name, "value": value})
			continue
		}
		entry := list[place].(map[string]any)
		entry["value"] = value
		delete(entry, "valueFrom")
	}
	return unstructured.SetNestedSlice(workflow.Object, list, at...)
}
