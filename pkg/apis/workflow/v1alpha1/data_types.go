package v1alpha1

// Data makes a template that lists what is in an artifact repository and transforms the list. The outcome, as JSON, is
// the node's `outputs.result`.
type Data struct {
	// Where the data come from.
	Source DataSource `json:"source"`
	// Steps that change the data, in order.
	Transformation Transformation `json:"transformation"`
}

// DataSource tells where the data of a data template come from.
type DataSource struct {
	// The keys of the objects below a place in an artifact repository.
	// +optional
	ArtifactPaths *ArtifactPaths `json:"artifactPaths,omitempty"`
}

// Transformation is a list of steps that change data, in order.
type Transformation []TransformationStep

// TransformationStep changes data.
type TransformationStep struct {
	// Expression over `data`, whose value is the data of the next step: `filter(data, {# endsWith ".pdf"})`.
	Expression string `json:"expression"`
}
