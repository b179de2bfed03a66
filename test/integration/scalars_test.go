package integration

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// RES-09: a value may be written as any scalar and is read as text, whichever way it is written: creation, server-side
// apply and the three kinds of patch. RES-11: items of loops stay what they are.
func TestScalarsOfParameters(t *testing.T) {
	server := harness.StartServer(t)
	templates := server.Client.ArgoprojV1alpha1().WorkflowTemplates("default")
	manifest := func(name string) []byte {
		return []byte(`{
			"apiVersion": "` + v1alpha1.SchemeGroupVersion.String() + `", "kind": "WorkflowTemplate",
			"metadata": {"name": "` + name + `", "namespace": "default"},
			"spec": {
				"arguments": {"parameters": [{"name": "whole", "value": 5}, {"name": "yes", "value": true}, {"name": "part", "value": 1.5}]},
				"entrypoint": "main",
				"templates": [
					{"name": "echo", "inputs": {"parameters": [{"name": "n", "default": 7}]}, "suspend": {}},
					{"name": "main", "steps": [[{"name": "loop", "template": "echo", "withItems": [1, "1", {"n": 1}],
						"arguments": {"parameters": [{"name": "n", "value": 3}]}}]]}]}}`)
	}
	check := func(t *testing.T, name string) {
		t.Helper()
		got, err := templates.Get(context.Background(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for parameter, want := range map[string]string{"whole": "5", "yes": "true", "part": "1.5"} {
			if p := got.Spec.Arguments.GetParameterByName(parameter); p == nil || p.GetValue() != want {
				t.Errorf("parameter %s: %+v, want %s", parameter, p, want)
			}
		}
		step := got.Spec.Templates[1].Steps[0].Steps[0]
		if value := step.Arguments.Parameters[0].GetValue(); value != "3" {
			t.Errorf("argument of the step: %q", value)
		}
		var items string
		for i := range step.WithItems {
			items += string(step.WithItems[i].GetType()) + " "
		}
		if items != "Number String Map " {
			t.Errorf("items: %s", items)
		}
	}
	rest := server.Client.ArgoprojV1alpha1().RESTClient()

	t.Run("create", func(t *testing.T) {
		err := rest.Post().Namespace("default").Resource("workflowtemplates").
			SetHeader("Content-Type", "application/json").Body(manifest("created")).Do(context.Background()).Error()
		if err != nil {
			t.Fatal(err)
		}
		check(t, "created")
	})
	t.Run("apply", func(t *testing.T) {
		for range 2 { // the second time on top of what is stored
			_, err := templates.Patch(context.Background(), "applied", types.ApplyPatchType, manifest("applied"), metav1.PatchOptions{FieldManager: "test"})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "applied")
		}
	})
	for _, patch := range []struct {
		kind types.PatchType
		body string
	}{
		{types.StrategicMergePatchType, `{"spec": {"arguments": {"parameters": [{"name": "whole", "value": 6}]}}}`},
		{types.MergePatchType, `{"spec": {"arguments": {"parameters": [{"name": "whole", "value": 6}]}}}`},
		{types.JSONPatchType, `[{"op": "replace", "path": "/spec/arguments/parameters/0/value", "value": 6}]`},
	} {
		t.Run(string(patch.kind), func(t *testing.T) {
			got, err := templates.Patch(context.Background(), "created", patch.kind, []byte(patch.body), metav1.PatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if p := got.Spec.Arguments.GetParameterByName("whole"); p == nil || p.GetValue() != "6" {
				t.Errorf("got %+v", p)
			}
		})
	}
}
