package workflow

import (
	"fmt"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// GetAttrs returns what label and field selectors look at.
func GetAttrs(object runtime.Object) (labels.Set, fields.Set, error) {
	workflow, ok := object.(*v1alpha1.Workflow)
	if !ok {
		return nil, nil, fmt.Errorf("not a Workflow: %T", object)
	}
	selectable := fields.Set{
		v1alpha1.FieldMetadataName:        workflow.Name,
		v1alpha1.FieldMetadataNamespace:   workflow.Namespace,
		v1alpha1.FieldStatusPhase:         string(workflow.Status.Phase),
		v1alpha1.FieldSpecEntrypoint:      workflow.Spec.Entrypoint,
		v1alpha1.FieldSpecTemplateRefName: "",
	}
	if ref := workflow.Spec.WorkflowTemplateRef; ref != nil {
		selectable[v1alpha1.FieldSpecTemplateRefName] = ref.Name
	}
	return workflow.Labels, selectable, nil
}

// Match returns the predicate for a label and a field selector.
func Match(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: GetAttrs}
}
