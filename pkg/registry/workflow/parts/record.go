package parts

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// format is the version of the layout that is written.
const format = 1

// record is a part as it is stored. Of its metadata, namespace, name and creation time are stored; the name is
// `<UID of the workflow>/<digest>`, and the creation time is when it was last written, with a content that never changes.
type record struct {
	metav1.TypeMeta
	metav1.ObjectMeta

	// json is never changed in place.
	json []byte
}

type recordList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []record
}

var (
	_ runtime.Object = &record{}
	_ runtime.Object = &recordList{}
)

// DeepCopyObject implements runtime.Object.
func (r *record) DeepCopyObject() runtime.Object {
	out := *r
	r.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return &out
}

// DeepCopyObject implements runtime.Object.
func (l *recordList) DeepCopyObject() runtime.Object {
	out := &recordList{TypeMeta: l.TypeMeta, Items: slices.Clone(l.Items)}
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range l.Items {
		l.Items[i].ObjectMeta.DeepCopyInto(&out.Items[i].ObjectMeta)
	}
	return out
}

// recordCodec writes records as JSON that any JSON reader understands, and leaves the part in it as it is.
type recordCodec struct{}

var _ runtime.Codec = recordCodec{}

// storedRecord is the layout.
type storedRecord struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Metadata   recordMetadata  `json:"metadata"`
	Format     int32           `json:"format"`
	Part       json.RawMessage `json:"part"`
}

// recordMetadata is the stored part of a record's metadata.
type recordMetadata struct {
	Name              string      `json:"name"`
	Namespace         string      `json:"namespace"`
	CreationTimestamp metav1.Time `json:"creationTimestamp"`
}

// Encode implements runtime.Encoder.
func (recordCodec) Encode(object runtime.Object, w io.Writer) error {
	r, ok := object.(*record)
	if !ok {
		return fmt.Errorf("parts of workflows: cannot store a %T", object)
	}
	data, err := json.Marshal(storedRecord{
		APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "WorkflowPart",
		Metadata: recordMetadata{Name: r.Name, Namespace: r.Namespace, CreationTimestamp: r.CreationTimestamp},
		Format:   format, Part: r.json,
	})
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// Identifier implements runtime.Encoder.
func (recordCodec) Identifier() runtime.Identifier { return "fairlead-workflow-parts" }

// Decode implements runtime.Decoder.
func (recordCodec) Decode(data []byte, _ *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	r, ok := into.(*record)
	if !ok {
		return nil, nil, fmt.Errorf("parts of workflows: cannot decode into a %T", into)
	}
	var stored storedRecord
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, nil, fmt.Errorf("parts of workflows: stored value is damaged: %w", err)
	}
	if stored.Format != format {
		return nil, nil, fmt.Errorf("parts of workflows: stored value has format %d, this server knows %d", stored.Format, format)
	}
	*r = record{json: stored.Part}
	r.Name, r.Namespace, r.CreationTimestamp = stored.Metadata.Name, stored.Metadata.Namespace, stored.Metadata.CreationTimestamp
	kind := v1alpha1.SchemeGroupVersion.WithKind("WorkflowPart")
	return r, &kind, nil
}
