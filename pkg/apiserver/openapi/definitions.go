// Package openapi puts together the OpenAPI definitions that the server publishes. Most are generated from the Go types;
// what a Go type cannot say about its JSON form is added here.
package openapi

import (
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	generated "fairlead.dev/fairlead/pkg/generated/openapi"
)

// Definitions returns the definitions of all types that the server knows, by model name. It is the function to give to
// the generic server for OpenAPI v2, v3 and server-side apply.
func Definitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	definitions := generated.GetOpenAPIDefinitions(ref)
	describeParallelSteps(definitions, ref)
	describeLenientScalars(definitions)
	return definitions
}

// describeParallelSteps says what the list is made of that stands for a group of parallel steps.
func describeParallelSteps(definitions map[string]common.OpenAPIDefinition, ref common.ReferenceCallback) {
	step := v1alpha1.WorkflowStep{}.OpenAPIModelName()
	name := v1alpha1.ParallelSteps{}.OpenAPIModelName()
	definition := definitions[name]
	definition.Schema.Items = &spec.SchemaOrArray{Schema: &spec.Schema{SchemaProps: spec.SchemaProps{Ref: ref(step)}}}
	definition.Schema.AddExtension("x-kubernetes-list-type", "atomic")
	definition.Dependencies = []string{step}
	definitions[name] = definition
}

// lenientScalars lists the fields that take text, numbers and booleans alike (AnyString), by model.
var lenientScalars = map[string][]string{
	v1alpha1.Parameter{}.OpenAPIModelName(): {"default", "value", "description", "enum"},
	v1alpha1.ValueFrom{}.OpenAPIModelName(): {"default"},
}

// describeLenientScalars gives those fields the one format under which server-side apply takes any scalar. Declared as
// plain text, `value: 5` could be created but not applied.
func describeLenientScalars(definitions map[string]common.OpenAPIDefinition) {
	for model, fields := range lenientScalars {
		properties := definitions[model].Schema.Properties
		for _, field := range fields {
			property := properties[field]
			if property.Items != nil {
				property.Items.Schema.Format = "int-or-string"
			} else {
				property.Format = "int-or-string"
			}
			properties[field] = property
		}
	}
}
