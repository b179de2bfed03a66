package enginetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// library holds all templates and ConfigMaps of the examples.
type library struct {
	templates map[string]*v1alpha1.WorkflowSpec
	clusters  map[string]*v1alpha1.WorkflowSpec
	maps      map[string]map[string]string
}

func loadLibrary(t *testing.T, dir string) *library {
	l := &library{
		templates: map[string]*v1alpha1.WorkflowSpec{}, clusters: map[string]*v1alpha1.WorkflowSpec{}, maps: map[string]map[string]string{},
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, doc := range documents(string(data)) {
			l.add(doc)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func documents(text string) []string { return regexp.MustCompile(`(?m)^---.*$`).Split(text, -1) }

func (l *library) add(doc string) {
	var object struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec json.RawMessage   `json:"spec"`
		Data map[string]string `json:"data"`
	}
	if yaml.Unmarshal([]byte(doc), &object) != nil {
		return
	}
	spec := &v1alpha1.WorkflowSpec{}
	switch object.Kind {
	case "WorkflowTemplate":
		if json.Unmarshal(object.Spec, spec) == nil {
			l.templates[object.Metadata.Name] = spec
		}
	case "ClusterWorkflowTemplate":
		if json.Unmarshal(object.Spec, spec) == nil {
			l.clusters[object.Metadata.Name] = spec
		}
	case string(engine.RequestConfigMapParameter):
		l.maps[object.Metadata.Name] = object.Data
	}
}

func (l *library) offer(d *Driver) {
	for name, spec := range l.templates {
		d.AddTemplate(name, false, spec)
	}
	for name, spec := range l.clusters {
		d.AddTemplate(name, true, spec)
	}
	for name, data := range l.maps {
		for key, value := range data {
			d.Templates[engine.TemplateRequest{Kind: engine.RequestConfigMapParameter, Name: name, Key: key}] = engine.TemplateResolved{Value: &value}
		}
	}
}

var ranAs = regexp.MustCompile(`run as workflowTemplateRef of (\S+)`)

// workflow finds the workflow that an example stands for.
func (l *library) workflow(t *testing.T, path string, remarks []string) (*v1alpha1.Workflow, string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range documents(string(data)) {
		var kind struct {
			Kind string `json:"kind"`
		}
		if yaml.Unmarshal([]byte(doc), &kind) != nil {
			continue
		}
		switch kind.Kind {
		case "Workflow":
			wf := &v1alpha1.Workflow{}
			if err := yaml.Unmarshal([]byte(doc), wf); err != nil {
				t.Fatal(err)
			}
			return wf, ""
		case "CronWorkflow":
			cron := &v1alpha1.CronWorkflow{}
			if err := yaml.Unmarshal([]byte(doc), cron); err != nil {
				t.Fatal(err)
			}
			return &v1alpha1.Workflow{Spec: cron.Spec.WorkflowSpec}, ""
		}
	}
	for _, remark := range remarks {
		if m := ranAs.FindStringSubmatch(remark); m != nil {
			_, cluster := l.clusters[m[1]]
			return &v1alpha1.Workflow{Spec: v1alpha1.WorkflowSpec{WorkflowTemplateRef: &v1alpha1.WorkflowTemplateRef{Name: m[1], ClusterScope: cluster}}}, ""
		}
	}
	return nil, "holds no workflow"
}
