// Package openapi puts together the OpenAPI definitions that the server publishes. Most are generated from the Go types;
// what a Go type cannot say about its JSON form is added here.
package openapi

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
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
	describeUnnamedContainers(definitions, ref)
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

// unnamedContainer is the model of a container whose name Fairlead gives: `main`.
const unnamedContainer = "io.argoproj.workflow.v1alpha1.UnnamedContainer"

// describeUnnamedContainers drops the name from what a template's container and script must have. Kubernetes requires it
// of every container, and clients that validate by schema would refuse a manifest that the server accepts. The model gets
// a name of its own: a second definition of Kubernetes' model would collide with the cluster's own in the merged document.
func describeUnnamedContainers(definitions map[string]common.OpenAPIDefinition, ref common.ReferenceCallback) {
	container := definitions[corev1.Container{}.OpenAPIModelName()]
	container.Schema.Required = without(container.Schema.Required, "name")
	definitions[unnamedContainer] = container

	script := definitions[v1alpha1.ScriptTemplate{}.OpenAPIModelName()]
	script.Schema.Required = without(script.Schema.Required, "name")
	definitions[v1alpha1.ScriptTemplate{}.OpenAPIModelName()] = script

	template := definitions[v1alpha1.Template{}.OpenAPIModelName()]
	property := template.Schema.Properties["container"]
	property.Ref = ref(unnamedContainer)
	template.Schema.Properties["container"] = property
	template.Dependencies = append(template.Dependencies, unnamedContainer)
	definitions[v1alpha1.Template{}.OpenAPIModelName()] = template
}

// without returns the list without one entry; the original stays as it is.
func without(list []string, entry string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == entry })
}
