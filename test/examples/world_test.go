package examples

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/exampletest"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
)

// world is what the examples hold: the workflows to damage and the templates that they refer to.
type world struct {
	workflows []map[string]any // as JSON
	names     []string
	lint.Nothing
	templates map[string]*v1alpha1.WorkflowTemplate
	cluster   map[string]*v1alpha1.ClusterWorkflowTemplate
	words     []string // texts that stand somewhere, to put elsewhere
}

// WorkflowTemplate implements lint.Lookup.
func (w *world) WorkflowTemplate(namespace, name string) (*v1alpha1.WorkflowTemplate, error) {
	if found := w.templates[name]; found != nil {
		return found, nil
	}
	return w.Nothing.WorkflowTemplate(namespace, name)
}

// ClusterWorkflowTemplate implements lint.Lookup.
func (w *world) ClusterWorkflowTemplate(name string) (*v1alpha1.ClusterWorkflowTemplate, error) {
	if found := w.cluster[name]; found != nil {
		return found, nil
	}
	return w.Nothing.ClusterWorkflowTemplate(name)
}

func load(t testing.TB) *world {
	t.Helper()
	w := &world{templates: map[string]*v1alpha1.WorkflowTemplate{}, cluster: map[string]*v1alpha1.ClusterWorkflowTemplate{}}
	add := func(name, kind string, data []byte) {
		switch kind {
		case "Workflow":
			var object map[string]any
			if err := json.Unmarshal(data, &object); err != nil {
				t.Fatal(err)
			}
			w.workflows, w.names = append(w.workflows, object), append(w.names, name)
			w.collect(object["spec"])
		case "WorkflowTemplate":
			object := &v1alpha1.WorkflowTemplate{}
			if err := json.Unmarshal(data, object); err != nil {
				t.Fatal(err)
			}
			w.templates[object.Name] = object
		case "ClusterWorkflowTemplate":
			object := &v1alpha1.ClusterWorkflowTemplate{}
			if err := json.Unmarshal(data, object); err != nil {
				t.Fatal(err)
			}
			w.cluster[object.Name] = object
		}
	}
	files, _ := filepath.Glob("../../artifacts/examples/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range strings.Split(string(text), "\n---\n") {
			data, err := yaml.YAMLToJSON([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			var kind metav1.TypeMeta
			if err := json.Unmarshal(data, &kind); err != nil {
				t.Fatal(err)
			}
			add(filepath.Base(file), kind.Kind, data)
		}
	}
	if inner, ok := t.(*testing.T); ok { // skips when there are no public ones; ours alone do as well
		if _, err := os.Stat(exampletest.Location()); err == nil {
			for _, document := range exampletest.Load(inner) {
				add(document.File, document.Kind, document.JSON)
			}
		}
	}
	slices.Sort(w.words)
	w.words = append(slices.Compact(w.words), "{{inputs.parameters.message}}", "{{=1 + }}", "{{workflow.parameters.x}}", "{{item}}", "{{steps.a.outputs.result}}", "{{tasks.A.status}}", "{{", "}}", "", "a b")
	return w
}

func (w *world) collect(value any) {
	switch v := value.(type) {
	case string:
		w.words = append(w.words, v)
	case []any:
		for i := range v {
			w.collect(v[i])
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			w.collect(v[key])
		}
	}
}
