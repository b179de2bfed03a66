// Package examples holds the test of the manifests under /artifacts/examples.
package examples

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"sigs.k8s.io/yaml"
)

// Our own examples are decoded strictly, so that what we show is never a misspelling.
func TestExamplesAreWorkflows(t *testing.T) {
	files, err := filepath.Glob("../../artifacts/examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples found (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, document := range bytes.Split(text, []byte("\n---\n")) {
				var wf v1alpha1.Workflow
				if err := yaml.UnmarshalStrict(document, &wf); err != nil {
					t.Fatal(err)
				}
				if wf.Kind != "Workflow" || wf.APIVersion != "argoproj.io/v1alpha1" || wf.GenerateName == "" {
					t.Errorf("kind %q, apiVersion %q, generateName %q", wf.Kind, wf.APIVersion, wf.GenerateName)
				}
			}
		})
	}
}
