package v1alpha1

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// `kubectl apply` sends strategic merge patches to us, as to every aggregated API. They are worked out along the Go types,
// so every place that holds free JSON or a map of objects must say how it is patched.
func TestStrategicMergePatch(t *testing.T) {
	for _, tc := range []struct{ name, before, patch, want string }{
		{
			"templates merge by name",
			`{"spec":{"templates":[{"name":"a","container":{"image":"x","name":""}},{"name":"b"}]}}`,
			`{"spec":{"templates":[{"name":"a","container":{"image":"y"}}]}}`,
			`{"spec":{"templates":[{"name":"a","container":{"image":"y","name":""}},{"name":"b"}]}}`,
		},
		{
			"parameters merge by name",
			`{"spec":{"arguments":{"parameters":[{"name":"a","value":"1"},{"name":"b","value":"2"}]}}}`,
			`{"spec":{"arguments":{"parameters":[{"name":"a","value":5}]}}}`,
			`{"spec":{"arguments":{"parameters":[{"name":"a","value":5},{"name":"b","value":"2"}]}}}`,
		},
		{
			"artifacts merge by name",
			`{"spec":{"arguments":{"artifacts":[{"name":"a","path":"/a"},{"name":"b","path":"/b"}]}}}`,
			`{"spec":{"arguments":{"artifacts":[{"name":"b","path":"/c"}]}}}`,
			`{"spec":{"arguments":{"artifacts":[{"name":"a","path":"/a"},{"name":"b","path":"/c"}]}}}`,
		},
		{
			"containers of a set merge by name",
			`{"spec":{"templates":[{"name":"a","containerSet":{"containers":[{"name":"x","image":"i"},{"name":"y"}]}}]}}`,
			`{"spec":{"templates":[{"name":"a","containerSet":{"containers":[{"name":"x","image":"j"}]}}]}}`,
			`{"spec":{"templates":[{"name":"a","containerSet":{"containers":[{"name":"x","image":"j"},{"name":"y"}]}}]}}`,
		},
		{
			"plugin is replaced",
			`{"spec":{"templates":[{"name":"a","plugin":{"slack":{"text":"x","to":"y"}}}]}}`,
			`{"spec":{"templates":[{"name":"a","plugin":{"slack":{"text":"z"}}}]}}`,
			`{"spec":{"templates":[{"name":"a","plugin":{"slack":{"text":"z"}}}]}}`,
		},
		{
			"items are replaced",
			`{"spec":{"templates":[{"name":"a","dag":{"tasks":[{"name":"t","withItems":[{"a":1},{"b":2}]}]}}]}}`,
			`{"spec":{"templates":[{"name":"a","dag":{"tasks":[{"name":"t","withItems":[{"a":2},"x"]}]}}]}}`,
			`{"spec":{"templates":[{"name":"a","dag":{"tasks":[{"name":"t","withItems":[{"a":2},"x"]}]}}]}}`,
		},
		{
			"steps are replaced",
			`{"spec":{"templates":[{"name":"a","steps":[[{"name":"s","template":"x"}]]}]}}`,
			`{"spec":{"templates":[{"name":"a","steps":[[{"name":"s","template":"y"}]]}]}}`,
			`{"spec":{"templates":[{"name":"a","steps":[[{"name":"s","template":"y"}]]}]}}`,
		},
		{
			"hooks are replaced",
			`{"spec":{"hooks":{"exit":{"template":"a"}}}}`,
			`{"spec":{"hooks":{"exit":{"template":"b"}}}}`,
			`{"spec":{"hooks":{"exit":{"template":"b"}}}}`,
		},
		{
			"labelsFrom is replaced",
			`{"spec":{"workflowMetadata":{"labelsFrom":{"x":{"expression":"a"}}}}}`,
			`{"spec":{"workflowMetadata":{"labelsFrom":{"x":{"expression":"b"}}}}}`,
			`{"spec":{"workflowMetadata":{"labelsFrom":{"x":{"expression":"b"}}}}}`,
		},
		{
			"stored templates are replaced",
			`{"status":{"storedTemplates":{"x":{"name":"a"}}}}`,
			`{"status":{"storedTemplates":{"x":{"name":"b"}}}}`,
			`{"status":{"storedTemplates":{"x":{"name":"b"}}}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := strategicpatch.StrategicMergePatch([]byte(tc.before), []byte(tc.patch), &Workflow{})
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != canonical(t, tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func canonical(t *testing.T, text string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
