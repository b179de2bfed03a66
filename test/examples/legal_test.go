package examples

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
)

// No false alarms: what is unusual and right, under testdata/legal, is accepted, and it is right because it runs.
func TestUnusualManifests(t *testing.T) {
	files, err := filepath.Glob("testdata/legal/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests found (%v)", err)
	}
	w := &world{templates: map[string]*v1alpha1.WorkflowTemplate{}, cluster: map[string]*v1alpha1.ClusterWorkflowTemplate{}}
	var workflows []*v1alpha1.Workflow
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal(document, &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if kind.Kind == "WorkflowTemplate" {
				template := strict[v1alpha1.WorkflowTemplate](t, file, document)
				w.templates[template.Name] = template
			} else {
				workflows = append(workflows, strict[v1alpha1.Workflow](t, file, document))
			}
		}
	}
	for _, template := range w.templates {
		template.Namespace = "default"
		if errs, _ := lint.WorkflowTemplate(template, w); len(errs) > 0 {
			t.Errorf("%s: %v", template.Name, errs)
		}
	}
	for _, workflow := range workflows {
		t.Run(workflow.Name, func(t *testing.T) {
			workflow.Namespace, workflow.UID = "default", "uid"
			errs, warnings := lint.Workflow(workflow, w)
			for _, err := range errs {
				t.Error(err)
			}
			for _, warning := range warnings {
				t.Log(warning)
			}
			if problem := w.run(workflow); problem != "" {
				t.Errorf("it does not run: %s", problem)
			}
		})
	}
}

func strict[T any](t *testing.T, file string, document []byte) *T {
	t.Helper()
	object := new(T)
	data, err := yaml.YAMLToJSONStrict(document)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(object)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return object
}
