package openapi

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/schemaconv"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func definitions() map[string]common.OpenAPIDefinition {
	return Definitions(func(name string) spec.Ref { return spec.MustCreateRef("#/components/schemas/" + name) })
}

// A name with a slash makes a reference that clients cannot resolve.
func TestModelNames(t *testing.T) {
	for name := range definitions() {
		if strings.Contains(name, "/") {
			t.Errorf("definition %q has a slash in its name", name)
		}
	}
}

// `kubectl explain` prints these descriptions: every type and every field of ours has one.
func TestEverythingIsDescribed(t *testing.T) {
	const ours = "io.argoproj.workflow.v1alpha1."
	count := 0
	for name, definition := range definitions() {
		if !strings.HasPrefix(name, ours) {
			continue
		}
		if definition.Schema.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for field, property := range definition.Schema.Properties {
			count++
			if field == "kind" || field == "apiVersion" {
				continue
			}
			if property.Description == "" {
				t.Errorf("%s.%s has no description", name, field)
			}
		}
	}
	if count < 500 {
		t.Errorf("only %d fields were looked at", count)
	}
}

// Every type that is reachable from a kind is published.
func TestEveryTypeIsPublished(t *testing.T) {
	published := definitions()
	seen := map[reflect.Type]bool{}
	for _, object := range v1alpha1.KnownTypes() {
		walk(reflect.TypeOf(object), seen)
	}
	for typ := range seen {
		model, ok := reflect.New(typ).Interface().(interface{ OpenAPIModelName() string })
		if !ok {
			t.Errorf("%s has no model name; run hack/update-codegen.sh", typ.Name())
		} else if _, found := published[model.OpenAPIModelName()]; !found {
			t.Errorf("%s is not published", model.OpenAPIModelName())
		}
	}
}

func walk(typ reflect.Type, seen map[reflect.Type]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		walk(typ.Elem(), seen)
	case reflect.Struct:
		if seen[typ] || typ.PkgPath() != reflect.TypeFor[v1alpha1.Workflow]().PkgPath() {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			walk(typ.Field(i).Type, seen)
		}
	}
}

// RES-12: a group of parallel steps is a list of steps.
func TestParallelSteps(t *testing.T) {
	schema := definitions()[v1alpha1.ParallelSteps{}.OpenAPIModelName()].Schema
	if !schema.Type.Contains("array") || schema.Items == nil || !strings.HasSuffix(schema.Items.Schema.Ref.String(), ".WorkflowStep") {
		t.Errorf("schema of ParallelSteps: %v", schema)
	}
}

// Server-side apply reads the definitions as a schema; what it cannot read, it refuses at start-up.
func TestServerSideApplySchema(t *testing.T) {
	models := map[string]*spec.Schema{}
	for name, definition := range definitions() {
		models[name] = &definition.Schema
	}
	if _, err := schemaconv.ToSchemaFromOpenAPI(models, false); err != nil {
		t.Error(err)
	}
	workflow := models[v1alpha1.Workflow{}.OpenAPIModelName()]
	workflow.AddExtension("x-kubernetes-group-version-kind", []any{map[string]any{
		"group": v1alpha1.GroupName, "version": v1alpha1.Version, "kind": "Workflow",
	}})
	converter, err := managedfields.NewTypeConverter(models, false)
	if err != nil {
		t.Fatal(err)
	}
	// RES-09: parameters take any scalar. RES-11: items are anything. RES-10, RES-12, RES-13: the other special forms.
	applied := &unstructured.Unstructured{}
	if err := applied.UnmarshalJSON([]byte(`{
		"apiVersion": "` + v1alpha1.SchemeGroupVersion.String() + `", "kind": "Workflow", "metadata": {"name": "w"},
		"spec": {
			"arguments": {"parameters": [
				{"name": "i", "value": 5, "default": true, "enum": [5, 1.5, "a"], "description": 1},
				{"name": "j", "valueFrom": {"default": 1.5}}]},
			"templates": [
				{"name": "main", "activeDeadlineSeconds": "{{x}}", "retryStrategy": {"limit": 3}, "steps": [[
					{"name": "a", "template": "b", "withItems": [1, "x", true, null, [1, {"a": true}], {"b": [2]}]},
					{"name": "c", "inline": {"suspend": {}}}]]},
				{"name": "b", "plugin": {"hello": {"to": ["you"]}}}]}}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := converter.ObjectToTyped(applied); err != nil {
		t.Errorf("cannot be applied: %v", err)
	}
	typed := &v1alpha1.Workflow{}
	data, err := applied.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, typed); err != nil {
		t.Fatal(err)
	}
	if _, err := converter.ObjectToTyped(typed); err != nil {
		t.Errorf("as stored it does not fit the schema: %v", err)
	}
}

// A template's container and script need no name: clients that validate by schema must not ask for one.
func TestContainersNeedNoName(t *testing.T) {
	published := definitions()
	property := published[v1alpha1.Template{}.OpenAPIModelName()].Schema.Properties["container"]
	reference := property.Ref.String()
	model := reference[strings.LastIndex(reference, "/")+1:]
	for _, name := range []string{model, v1alpha1.ScriptTemplate{}.OpenAPIModelName()} {
		schema := published[name].Schema
		if len(schema.Properties) == 0 || slices.Contains(schema.Required, "name") {
			t.Errorf("%s: %d properties, required %v", name, len(schema.Properties), schema.Required)
		}
	}
	if !slices.Contains(published[corev1.Container{}.OpenAPIModelName()].Schema.Required, "name") {
		t.Error("Kubernetes' own model was changed")
	}
}
