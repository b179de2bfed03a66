package kind

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StartGeneration gives a new object its first generation, whatever the client sent.
func StartGeneration(object metav1.Object) {
	object.SetGeneration(1)
}

// CountGeneration gives an updated object the next generation when what it asks for has changed, and otherwise the one
// that it had.
func CountGeneration(object, old metav1.Object, changed bool) {
	generation := old.GetGeneration()
	if changed {
		generation++
	}
	object.SetGeneration(generation)
}

// KeepMetadata undoes what a write to the status subresource did to the metadata. Only the record of who wrote which field
// is kept, because it is about the status.
func KeepMetadata(meta, old *metav1.ObjectMeta) {
	managedFields := meta.ManagedFields
	*meta = *old.DeepCopy()
	meta.ManagedFields = managedFields
}

// keepMetadata is KeepMetadata for objects of any kind.
func keepMetadata(object, stored metav1.Object) {
	if of, ok := object.(metav1.ObjectMetaAccessor); ok {
		if was, ok := stored.(metav1.ObjectMetaAccessor); ok {
			meta, _ := of.GetObjectMeta().(*metav1.ObjectMeta)
			old, _ := was.GetObjectMeta().(*metav1.ObjectMeta)
			KeepMetadata(meta, old)
		}
	}
}
