package shape_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/exampletest"
	"fairlead.dev/fairlead/pkg/apis/workflow/shape"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestMismatches(t *testing.T) {
	for _, tc := range []struct {
		name, document string
		want           []string
	}{
		{"arguments of a step", `{"spec":{"templates":[{"name":"a"},{"name":"b","steps":[[{"name":"s","arguments":"x"}]]}]}}`,
			[]string{`spec.templates[1].steps[0][0].arguments: must be an object, and is the text "x"`}},
		{"a step that is text", `{"spec":{"templates":[{"steps":[["one"]]}]}}`,
			[]string{`spec.templates[0].steps[0][0]: must be an object, and is the text "one"`}},
		{"a group that is a step", `{"spec":{"templates":[{"steps":[{"name":"s"}]}]}}`,
			[]string{`spec.templates[0].steps[0]: a group of parallel steps must be a list of steps, and is an object`}},
		{"V-116 a field of a step that nobody knows", `{"spec":{"templates":[{"steps":[[{"name":"s","templat":"t"}]]}]}}`,
			[]string{`spec.templates[0].steps[0][0].templat: unknown field`}},
		{"V-116 below an inline template of a step", `{"spec":{"templates":[{"steps":[[{"name":"s","inline":{"contaner":{}}}]]}]}}`,
			[]string{`spec.templates[0].steps[0][0].inline.contaner: unknown field`}},
		{"unknown fields elsewhere are no matter of form", `{"spec":{"unknown":1,"templates":[{"contaner":{}}]}}`, nil},
		{"a list that is an object", `{"spec":{"templates":{"name":"a"}}}`, []string{`spec.templates: must be a list, and is an object`}},
		{"a boolean for a text", `{"spec":{"entrypoint":true}}`,
			[]string{`spec.entrypoint: must be text, and is the boolean true: in YAML, y, n, yes, no, on, off, true and false are booleans unless they are quoted`}},
		{"a number for a text", `{"metadata":{"labels":{"a/b":1.5}}}`,
			[]string{`metadata.labels[a/b]: must be text, and is the number 1.5: in YAML, what looks like a number is one unless it is quoted`}},
		{"a text for a number", `{"spec":{"parallelism":"5"}}`, []string{`spec.parallelism: must be a whole number, and is the text "5"`}},
		{"a fraction for a whole number", `{"spec":{"priority":1.5}}`, []string{`spec.priority: must be a whole number, and is the number 1.5`}},
		{"a number that is too large", `{"spec":{"priority":4294967296}}`, []string{`spec.priority: 4294967296 is too large`}},
		{"a text for a boolean", `{"spec":{"suspend":"yes"}}`, []string{`spec.suspend: must be true or false, and is the text "yes"`}},
		{"what decodes itself", `{"metadata":{"creationTimestamp":"yesterday"}}`, []string{`metadata.creationTimestamp: parsing time`}},
		{"an object for a value", `{"spec":{"arguments":{"parameters":[{"name":"p","value":{"a":1}}]}}}`, []string{`spec.arguments.parameters[0].value: `}},
		{"of Kubernetes", `{"spec":{"templates":[{"container":{"image":"i","command":"sh","env":[{"name":"A","value":5}]}}]}}`,
			[]string{`spec.templates[0].container.command: must be a list, and is the text "sh"`, `spec.templates[0].container.env[0].value: must be text, and is the number 5`}},
		{"several", `{"spec":{"entrypoint":[],"templates":[1,{"steps":"x"}]}}`,
			[]string{`spec.entrypoint: must be text, and is a list`, `spec.templates[0]: must be an object, and is the number 1`, `spec.templates[1].steps: must be a list, and is the text "x"`}},
		{"long texts are cut", `{"spec":"` + strings.Repeat("ä", 100) + `"}`, []string{`and is the text "` + strings.Repeat("ä", 40) + `..."`}},
		{"null is right everywhere", `{"metadata":null,"spec":{"entrypoint":null,"templates":[null,{"steps":[null,[null]]}]}}`, nil},
		{"no object", `[]`, []string{`must be an object, and is a list`}},
		{"no JSON", `{`, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := shape.Mismatches([]byte(tc.document), &v1alpha1.Workflow{})
			if len(got) != len(tc.want) {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
			for i := range got {
				if !strings.Contains(got[i].String(), tc.want[i]) {
					t.Errorf("got %s, want %s", got[i], tc.want[i])
				}
			}
			// What is told is what makes decoding fail, and the other way round.
			if err := json.Unmarshal([]byte(tc.document), &v1alpha1.Workflow{}); (err != nil) != (len(got) > 0) && json.Valid([]byte(tc.document)) {
				t.Errorf("the decoder says %v", err)
			}
		})
	}
}

// A field given twice is not in the decoded document; the words of the type itself remain.
func TestDuplicateInStep(t *testing.T) {
	const document = `{"spec":{"templates":[{"steps":[[{"name":"s","name":"t"}]]}]}}`
	err := json.Unmarshal([]byte(document), &v1alpha1.Workflow{})
	if got := shape.Explain(err, []byte(document), &v1alpha1.Workflow{}); got == nil || !strings.Contains(got.Error(), "duplicate field") {
		t.Errorf("got %v", got)
	}
}

func TestExplain(t *testing.T) {
	cause := errors.New("json: cannot unmarshal string into Go value")
	err := shape.Explain(cause, []byte(`{"spec":"x"}`), &v1alpha1.Workflow{})
	var explained *shape.Error
	if !errors.As(err, &explained) || !errors.Is(err, cause) || err.Error() != `spec: must be an object, and is the text "x"` {
		t.Errorf("got %v", err)
	}
	if got := shape.Explain(cause, []byte(`{"spec":{}}`), &v1alpha1.Workflow{}); got != cause { //nolint:errorlint // the very same
		t.Errorf("an error whose place is not known became %v", got)
	}
	if err := shape.Explain(nil, []byte(`{"spec":"x"}`), &v1alpha1.Workflow{}); err != nil {
		t.Errorf("no error became %v", err)
	}
}

func TestMany(t *testing.T) {
	document := `{"spec":{"templates":[` + strings.Repeat("1,", 1000) + `1]}}`
	if got := shape.Mismatches([]byte(document), &v1alpha1.Workflow{}); len(got) != 20 {
		t.Errorf("%d mismatches are told", len(got))
	}
}

// What decodes has no mismatch: nothing right is ever blamed.
func TestRightManifests(t *testing.T) {
	kinds := map[string]func() any{
		"Workflow": func() any { return &v1alpha1.Workflow{} }, "WorkflowTemplate": func() any { return &v1alpha1.WorkflowTemplate{} },
		"ClusterWorkflowTemplate": func() any { return &v1alpha1.ClusterWorkflowTemplate{} }, "CronWorkflow": func() any { return &v1alpha1.CronWorkflow{} },
	}
	for _, document := range exampletest.Load(t) {
		empty := kinds[document.Kind]
		if empty == nil {
			continue
		}
		err := json.Unmarshal(document.JSON, empty())
		if found := shape.Mismatches(document.JSON, empty()); (err != nil) != (len(found) > 0) {
			t.Errorf("%s#%d: %v, and the decoder says %v", document.File, document.Index, found, err)
		}
	}
}
