package resource

import (
	"bytes"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// withoutSecrets is what kubectl has printed; the names alone, where Secrets are among it. More people may read the log of a step,
// and the archive of it, than Secrets.
func withoutSecrets(out []byte, objects []*unstructured.Unstructured) []byte {
	var names bytes.Buffer
	secrets := false
	note := func(object runtime.Object) error {
		o, ok := object.(*unstructured.Unstructured)
		if !ok {
			return fmt.Errorf("an object is a %T", object)
		}
		secrets = secrets || o.GetKind() == "Secret" && o.GetAPIVersion() == "v1"
		fmt.Fprintf(&names, "%s/%s\n", strings.ToLower(o.GetKind()), o.GetName())
		return nil
	}
	for _, o := range objects {
		var err error
		if o.IsList() {
			err = o.EachListItem(note)
		} else {
			err = note(o)
		}
		secrets = secrets || err != nil // what cannot be looked into is not shown
	}
	if secrets {
		return names.Bytes()
	}
	return out
}
