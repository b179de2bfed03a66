package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// Arguments are values handed to a workflow or to a template.
type Arguments struct {
	// Values for parameters.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Parameters []Parameter `json:"parameters,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// Artifacts, each from a step or from a storage.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Artifacts Artifacts `json:"artifacts,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
}

// IsEmpty tells whether there is neither a parameter nor an artifact.
func (a Arguments) IsEmpty() bool { return len(a.Parameters) == 0 && len(a.Artifacts) == 0 }

// GetParameterByName returns the parameter of that name, nil when there is none.
func (a *Arguments) GetParameterByName(name string) *Parameter {
	return parameterByName(a.Parameters, name)
}

// Inputs are what a template takes.
type Inputs struct {
	// Parameters, with defaults if they need not be given.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Parameters []Parameter `json:"parameters,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// Artifacts, and where the container finds them.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Artifacts Artifacts `json:"artifacts,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
}

// IsEmpty tells whether there is neither a parameter nor an artifact.
func (in Inputs) IsEmpty() bool { return len(in.Parameters) == 0 && len(in.Artifacts) == 0 }

// GetParameterByName returns the parameter of that name, nil when there is none.
func (in *Inputs) GetParameterByName(name string) *Parameter {
	return parameterByName(in.Parameters, name)
}

// Outputs are what a template produces.
type Outputs struct {
	// Parameters, and where their values come from.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Parameters []Parameter `json:"parameters,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// Artifacts, and where the container leaves them.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Artifacts Artifacts `json:"artifacts,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// What a script or container printed, when another step reads it. Set by the controller.
	// +optional
	Result *string `json:"result,omitempty"`
	// Exit code of the main container. Set by the controller.
	// +optional
	ExitCode *string `json:"exitCode,omitempty"`
}

// HasOutputs tells whether anything is produced.
func (out *Outputs) HasOutputs() bool {
	return out != nil && (out.Result != nil || out.ExitCode != nil || len(out.Parameters) > 0 || len(out.Artifacts) > 0)
}

// GetParameterByName returns the parameter of that name, nil when there is none.
func (out *Outputs) GetParameterByName(name string) *Parameter {
	return parameterByName(out.Parameters, name)
}

// Parameter is a named text value.
type Parameter struct {
	// Name, unique in its list: letters, digits, `_` and `-`.
	Name string `json:"name"`
	// Value of an input that the caller does not give.
	// +optional
	Default *AnyString `json:"default,omitempty"`
	// The value. Numbers and booleans are read as text; the empty text is a value too.
	// +optional
	Value *AnyString `json:"value,omitempty"`
	// Where the value comes from, when it is not given literally.
	// +optional
	ValueFrom *ValueFrom `json:"valueFrom,omitempty"`
	// Of an output: publishes it for the whole workflow as `{{workflow.outputs.parameters.NAME}}`.
	// +optional
	GlobalName string `json:"globalName,omitempty"`
	// The values that may be given.
	// +optional
	// +listType=atomic
	Enum []AnyString `json:"enum,omitempty"`
	// What the parameter is for, shown to people who submit the workflow.
	// +optional
	Description *AnyString `json:"description,omitempty"`
}

// HasValue tells whether the parameter has a value, a source of one, or a default.
func (p *Parameter) HasValue() bool { return p.Value != nil || p.Default != nil || p.ValueFrom != nil }

// GetValue returns the value, else the default, else the empty text.
func (p *Parameter) GetValue() string {
	switch {
	case p.Value != nil:
		return string(*p.Value)
	case p.Default != nil:
		return string(*p.Default)
	default:
		return ""
	}
}

// ValueFrom says where the value of a parameter comes from. One of the sources is set; `default` may be added.
type ValueFrom struct {
	// Output of a pod: file of the main container that holds the value. One newline at its end is dropped.
	// +optional
	Path string `json:"path,omitempty"`
	// Output of a resource template: JSONPath expression over the object.
	// +optional
	JSONPath string `json:"jsonPath,omitempty"`
	// Output of a resource template: jq expression over the object.
	// +optional
	JQFilter string `json:"jqFilter,omitempty"`
	// Argument of a WorkflowEventBinding: expression over the event, e.g. `payload.message`.
	// +optional
	Event string `json:"event,omitempty"`
	// Output of a steps or DAG template: tag that names an output inside, e.g. `{{steps.a.outputs.parameters.p}}`.
	// +optional
	Parameter string `json:"parameter,omitempty"`
	// Output of a suspend template: the value is given by whoever resumes it.
	// +optional
	Supplied *SuppliedValueFrom `json:"supplied,omitempty"`
	// Input or workflow argument: entry of a ConfigMap that has the label `workflows.argoproj.io/configmap-type: Parameter`.
	// +optional
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef,omitempty"`
	// The value when the source has none. Without it that is an error.
	// +optional
	Default *AnyString `json:"default,omitempty"`
	// Output of a steps or DAG template: expression over what is inside, e.g. `steps['a'].outputs.result`.
	// +optional
	Expression string `json:"expression,omitempty"`
}

// SuppliedValueFrom has no settings; that it is present is what counts.
type SuppliedValueFrom struct{}

func parameterByName(parameters []Parameter, name string) *Parameter {
	for i := range parameters {
		if parameters[i].Name == name {
			return &parameters[i]
		}
	}
	return nil
}
