package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// Tools that keep a cluster like a Git repository compare what they applied with what is served. Nothing may be added to it and
// nothing be left out, else they find a difference for ever; and applying the same again changes nothing.
func TestServedAsApplied(t *testing.T) {
	server := harness.StartServer(t)
	templates := server.Dynamic.Resource(v1alpha1.SchemeGroupVersion.WithResource("workflowtemplates")).Namespace("default")
	files, err := filepath.Glob("../../artifacts/examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples found (%v)", err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var written struct{ Spec map[string]any }
		if err := yaml.Unmarshal(bytes.Split(text, []byte("\n---\n"))[0], &written); err != nil {
			t.Fatal(err)
		}
		template := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": v1alpha1.SchemeGroupVersion.String(), "kind": "WorkflowTemplate",
			"metadata": map[string]any{"name": fmt.Sprintf("example-%d", i)}, "spec": written.Spec,
		}}
		var versions []string
		for range 2 {
			served, err := templates.Apply(t.Context(), template.GetName(), template, metav1.ApplyOptions{FieldManager: "git"})
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			versions = append(versions, served.GetResourceVersion())
		}
		if versions[0] != versions[1] {
			t.Errorf("%s: applied again, it changed", file)
		}
		for how, get := range map[string]func() (map[string]any, error){
			"get": func() (map[string]any, error) {
				one, err := templates.Get(t.Context(), template.GetName(), metav1.GetOptions{})
				if err != nil {
					return nil, err
				}
				return one.Object, nil
			},
			"list": func() (map[string]any, error) {
				all, err := templates.List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + template.GetName()})
				if err != nil || len(all.Items) != 1 {
					return nil, fmt.Errorf("%d in the list: %w", len(all.Items), err)
				}
				return all.Items[0].Object, nil
			},
		} {
			served, err := get()
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, difference := range differences("spec", written.Spec, served["spec"]) {
				t.Errorf("%s: %s: %s", filepath.Base(file), how, difference)
			}
		}
	}
}

// differences between what was written and what is served. Scalars are compared as text: values of parameters are served as
// such, whatever they were written as.
func differences(path string, written, served any) []string {
	switch w := written.(type) {
	case map[string]any:
		s, ok := served.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is a %T", path, served)}
		}
		var found []string
		for key := range s {
			if _, ok := w[key]; !ok {
				found = append(found, fmt.Sprintf("%s.%s was added: %v", path, key, s[key]))
			}
		}
		for key := range w {
			if _, ok := s[key]; !ok {
				found = append(found, fmt.Sprintf("%s.%s is missing", path, key))
				continue
			}
			found = append(found, differences(path+"."+key, w[key], s[key])...)
		}
		return found
	case []any:
		s, ok := served.([]any)
		if !ok || len(s) != len(w) {
			return []string{fmt.Sprintf("%s is %v, not %v", path, served, written)}
		}
		var found []string
		for i := range w {
			found = append(found, differences(fmt.Sprintf("%s[%d]", path, i), w[i], s[i])...)
		}
		return found
	}
	if fmt.Sprint(written) != fmt.Sprint(served) {
		return []string{fmt.Sprintf("%s is %v, not %v", path, served, written)}
	}
	return nil
}
