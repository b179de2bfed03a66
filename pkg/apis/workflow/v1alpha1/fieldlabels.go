package v1alpha1

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// Field selectors that every kind answers.
const (
	FieldMetadataName      = "metadata.name"
	FieldMetadataNamespace = "metadata.namespace"
)

// Field selectors that only workflows answer.
const (
	FieldStatusPhase         = "status.phase"
	FieldSpecTemplateRefName = "spec.workflowTemplateRef.name"
	FieldSpecEntrypoint      = "spec.entrypoint"
)

var (
	metadataFields = []string{FieldMetadataName, FieldMetadataNamespace}
	workflowFields = []string{
		FieldMetadataName, FieldMetadataNamespace, FieldStatusPhase, FieldSpecTemplateRefName, FieldSpecEntrypoint,
	}
)

// SelectableFields returns the field selectors that a kind answers.
func SelectableFields(kind string) []string {
	if kind == "Workflow" {
		return slices.Clone(workflowFields)
	}
	return slices.Clone(metadataFields)
}

// addFieldLabelConversions lets field selectors through that the registry can answer and refuses all others with a list
// of those that exist.
func addFieldLabelConversions(scheme *runtime.Scheme) error {
	for _, kind := range []string{
		"Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow",
		"WorkflowEventBinding", "WorkflowTaskSet", "WorkflowTaskResult", "WorkflowArtifactGCTask",
	} {
		fields := SelectableFields(kind)
		convert := func(label, value string) (string, string, error) {
			if slices.Contains(fields, label) {
				return label, value, nil
			}
			return "", "", fmt.Errorf("field selector %q is not supported for %s; use one of %s", label, kind, strings.Join(fields, ", "))
		}
		if err := scheme.AddFieldLabelConversionFunc(SchemeGroupVersion.WithKind(kind), convert); err != nil {
			return err
		}
	}
	return nil
}
