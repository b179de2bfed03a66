package lint

import (
	"fmt"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"fairlead.dev/fairlead/pkg/apis/workflow/exampletest"
	"fairlead.dev/fairlead/pkg/apis/workflow/install"
)

// decodeExamples decodes the public examples of a directory.
func decodeExamples(t *testing.T) ([]exampletest.Document, []runtime.Object) {
	t.Helper()
	documents := exampletest.Load(t)
	scheme := runtime.NewScheme()
	install.Install(scheme)
	decoder := serializer.NewCodecFactory(scheme).UniversalDeserializer()
	objects := make([]runtime.Object, len(documents))
	for i := range documents {
		object, _, err := decoder.Decode(documents[i].JSON, nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", documents[i].File, err)
		}
		objects[i] = object
	}
	return documents, objects
}

// No false alarms: with all examples at hand, only those are refused that no server takes as they are.
func TestExamplesHaveNoErrors(t *testing.T) {
	documents, objects := decodeExamples(t)
	refused := map[string]bool{}
	for _, finding := range Objects(objects, Options{}) {
		file := documents[finding.Object].File
		text := fmt.Sprintf("%s#%d: %s: %s: %s", file, documents[finding.Object].Index, finding.Severity, finding.Path, finding.Message)
		_, invalid := exampletest.InvalidByDesign[file]
		switch {
		case finding.Severity == Warning:
			if os.Getenv("FAIRLEAD_SHOW_WARNINGS") != "" {
				t.Log(text)
			}
		case invalid:
			refused[file] = true
		default:
			t.Error(text)
		}
	}
	for file, reason := range exampletest.InvalidByDesign {
		if !refused[file] {
			t.Errorf("%s is accepted although %s", file, reason)
		}
	}
}
