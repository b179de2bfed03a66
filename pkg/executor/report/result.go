// Package report sends what a pod has to tell to the API server, with the pod's own token. It speaks plain HTTP: one kind of
// object, two verbs; a client library would be many times its size, in every pod.
package report

import (
	"encoding/json"
	"strconv"
)

// Version is the version of the API group.
const Version = "v1alpha1"

const (
	labelWorkflow = "workflows.argoproj.io/workflow"
	labelFinal    = "workflows.argoproj.io/report-outputs-completed"
	// annotationOrdinal tells the server where to look for the node.
	annotationOrdinal = "fairlead.dev/node-ordinal"
)

// Outputs of a step.
type Outputs struct {
	Parameters []json.RawMessage `json:"parameters,omitempty"`
	Artifacts  []json.RawMessage `json:"artifacts,omitempty"`
	Result     *string           `json:"result,omitempty"`
}

// Result is a WorkflowTaskResult.
type Result struct {
	// APIGroup is the API group of the installation.
	APIGroup string
	// Namespace and Name of the object; the name is the ID of the node.
	Namespace, Name string
	// Workflow that the node belongs to, and the node's ordinal in it.
	Workflow string
	Ordinal  int64
	// Outputs to report.
	Outputs *Outputs
	// Progress as N/M; empty: nothing is said about it.
	Progress string
	// Final: nothing more will come.
	Final bool
}

type metadata struct {
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type object struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Outputs    *Outputs `json:"outputs,omitempty"`
	Progress   string   `json:"progress,omitempty"`
}

// encode gives the body of a create, and of a merge patch, which it is as well.
func (r *Result) encode() ([]byte, error) {
	return json.Marshal(object{
		APIVersion: r.APIGroup + "/" + Version,
		Kind:       "WorkflowTaskResult",
		Metadata: metadata{
			Name: r.Name, Namespace: r.Namespace,
			Labels:      map[string]string{labelWorkflow: r.Workflow, labelFinal: strconv.FormatBool(r.Final)},
			Annotations: map[string]string{annotationOrdinal: strconv.FormatInt(r.Ordinal, 10)},
		},
		Outputs:  r.Outputs,
		Progress: r.Progress,
	})
}

func (r *Result) collection() string {
	return "/apis/" + r.APIGroup + "/" + Version + "/namespaces/" + r.Namespace + "/workflowtaskresults"
}
