package v1alpha1

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
)

// RES-12: a group is a bare list, read strictly and written as it was read.
func TestParallelStepsJSON(t *testing.T) {
	for _, tc := range []struct{ name, data, want, problem string }{
		{name: "two groups", data: `[[{"name":"a","template":"t"}],[{"name":"b","template":"t"},{"name":"c","template":"u"}]]`},
		{name: "nested in place", data: `[[{"name":"a","inline":{"steps":[[{"name":"b","template":"t"}]]}}]]`},
		{name: "empty group", data: `[[]]`},
		{name: "null group", data: `[null]`, want: `[[]]`},
		{name: "V-116 unknown field", data: `[[{"name":"a","templat":"t"}]]`, problem: `unknown field "[0].templat"`},
		{name: "V-116 unknown field of an argument", data: `[[{"name":"a"},{"arguments":{"parameters":[{"nam":"a"}]}}]]`, problem: `unknown field "[1].arguments.parameters[0].nam"`},
		{name: "V-116 unknown field further in", data: `[[{"name":"a","inline":{"steps":[[{"nam":"b"}]]}}]]`, problem: `unknown field "[0].nam"`},
		{name: "field given twice", data: `[[{"name":"a","name":"b"}]]`, problem: `duplicate field "[0].name"`},
		{name: "an object instead of a list", data: `[{"name":"a"}]`, problem: "must be a list of steps"},
		{name: "text instead of a step", data: `[["a"]]`, problem: "must be a list of steps"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var groups []ParallelSteps
			err := json.Unmarshal([]byte(tc.data), &groups)
			if tc.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tc.problem) {
					t.Errorf("error %v, want one with %s", err, tc.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := tc.want
			if want == "" {
				want = tc.data
			}
			if got, err := json.Marshal(groups); err != nil || string(got) != want {
				t.Errorf("written as %s, %v; want %s", got, err, want)
			}
		})
	}
}

// Server-side apply goes by way of untyped values.
func TestParallelStepsUnstructured(t *testing.T) {
	template := &Template{Name: "main", Steps: []ParallelSteps{{Steps: []WorkflowStep{{Name: "a", Template: "t"}}}}}
	untyped, err := runtime.DefaultUnstructuredConverter.ToUnstructured(template)
	if err != nil {
		t.Fatal(err)
	}
	group, ok := untyped["steps"].([]any)[0].([]any)
	if !ok || group[0].(map[string]any)["name"] != "a" {
		t.Fatalf("steps became %v", untyped["steps"])
	}
	var back Template
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(untyped, &back); err != nil {
		t.Fatal(err)
	}
	if back.Steps[0].Steps[0].Template != "t" {
		t.Errorf("came back as %+v", back)
	}
}
