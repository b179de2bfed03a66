package parts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"unsafe"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	sigsjson "sigs.k8s.io/json"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// content is what one record holds: the fields of one part, with the JSON that they have in a workflow.
type content struct {
	ManagedFields []metav1.ManagedFieldsEntry `json:"managedFields,omitempty"`
	Templates     []v1alpha1.Template         `json:"templates,omitempty"`
	Arguments     v1alpha1.Arguments          `json:"arguments,omitempty,omitzero"`

	StoredTemplates    map[string]v1alpha1.Template `json:"storedTemplates,omitempty"`
	StoredWorkflowSpec *v1alpha1.WorkflowSpec       `json:"storedWorkflowTemplateSpec,omitempty"`
}

// part is one of the two parts of a workflow. They change at different times.
type part struct {
	// annotation of a stored workflow that has the digest. No client ever sees it, and one that a client writes is dropped.
	annotation string
	// of returns the part of a workflow; it shares its memory.
	of func(*v1alpha1.Workflow) content
	// put replaces the part of a workflow.
	put func(*v1alpha1.Workflow, content)
}

// parts of a workflow: what its owner gave, and what was read by reference when it started.
var parts = []part{
	{
		annotation: v1alpha1.AnnotationKeyGivenPart,
		of: func(w *v1alpha1.Workflow) content {
			return content{ManagedFields: w.ManagedFields, Templates: w.Spec.Templates, Arguments: w.Spec.Arguments}
		},
		put: func(w *v1alpha1.Workflow, c content) {
			w.ManagedFields, w.Spec.Templates, w.Spec.Arguments = c.ManagedFields, c.Templates, c.Arguments
		},
	},
	{
		annotation: v1alpha1.AnnotationKeyResolvedPart,
		of: func(w *v1alpha1.Workflow) content {
			return content{StoredTemplates: w.Status.StoredTemplates, StoredWorkflowSpec: w.Status.StoredWorkflowSpec}
		},
		put: func(w *v1alpha1.Workflow, c content) {
			w.Status.StoredTemplates, w.Status.StoredWorkflowSpec = c.StoredTemplates, c.StoredWorkflowSpec
		},
	},
}

// same is true when both are the very same memory, which is much quicker to see than whether they are equal.
func (c *content) same(d *content) bool {
	return sameSlice(c.ManagedFields, d.ManagedFields) && sameSlice(c.Templates, d.Templates) &&
		sameSlice(c.Arguments.Parameters, d.Arguments.Parameters) && sameSlice(c.Arguments.Artifacts, d.Arguments.Artifacts) &&
		reflect.ValueOf(c.StoredTemplates).Pointer() == reflect.ValueOf(d.StoredTemplates).Pointer() &&
		c.StoredWorkflowSpec == d.StoredWorkflowSpec
}

func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && unsafe.SliceData(a) == unsafe.SliceData(b)
}

// encode returns the JSON of a part and its digest.
func (c *content) encode() (data []byte, digest string, err error) {
	if data, err = json.Marshal(c); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(data)
	return data, hex.EncodeToString(sum[:]), nil
}

// decode reads a part as the workflow that it belongs to would have been read: with defaults.
func decode(data []byte) (*content, error) {
	c := &content{}
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(data, c); err != nil {
		return nil, fmt.Errorf("stored part of a workflow is damaged: %w", err)
	}
	whole := &v1alpha1.Workflow{}
	for _, p := range parts {
		p.put(whole, *c)
	}
	v1alpha1.SetObjectDefaults_Workflow(whole)
	return &content{
		ManagedFields: whole.ManagedFields, Templates: whole.Spec.Templates, Arguments: whole.Spec.Arguments,
		StoredTemplates: whole.Status.StoredTemplates, StoredWorkflowSpec: whole.Status.StoredWorkflowSpec,
	}, nil
}
