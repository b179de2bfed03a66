// Package examples holds the tests of the manifests under /artifacts/examples.
package examples

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
)

// Our own examples are decoded strictly, so that what we show is never a misspelling, and no fault and nothing to warn of is
// found in them. test/e2e runs them.
func TestExamplesAreWellMade(t *testing.T) {
	files, err := filepath.Glob("../../artifacts/examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples found (%v)", err)
	}
	var objects []runtime.Object
	var origin []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(text, []byte("# ")) {
			t.Errorf("%s does not begin with a comment that says what it shows", file)
		}
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			objects = append(objects, decode(t, file, document))
			origin = append(origin, filepath.Base(file))
		}
	}
	for _, finding := range lint.Objects(objects, lint.Options{}) {
		t.Errorf("%s: %s: %s: %s", origin[finding.Object], finding.Severity, finding.Path, finding.Message)
	}
}

func decode(t *testing.T, file string, document []byte) runtime.Object {
	t.Helper()
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if kind.APIVersion != "argoproj.io/v1alpha1" {
		t.Fatalf("%s: apiVersion %q", file, kind.APIVersion)
	}
	switch kind.Kind {
	case "Workflow":
		wf := &v1alpha1.Workflow{}
		if err := yaml.UnmarshalStrict(document, wf); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if wf.GenerateName == "" {
			t.Errorf("%s: no generateName: a second run would find the name taken", file)
		}
		return wf
	case "WorkflowTemplate":
		template := &v1alpha1.WorkflowTemplate{}
		if err := yaml.UnmarshalStrict(document, template); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return template
	}
	t.Fatalf("%s: kind %q is shown nowhere else", file, kind.Kind)
	return nil
}
