package apiserver

import (
	"encoding/json"
	"reflect"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// The server notes who manages which field of every object that is written, also of plain creations. The machinery for that
// reads Go types, and panics at kinds that it does not know, such as uint64: one field of such a kind in a manifest, and the
// request ends without an answer.
func TestManagedFieldsKnowEveryFieldType(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for kind, object := range Scheme.KnownTypes(v1alpha1.SchemeGroupVersion) {
		knowsFields(t, kind, object, seen)
	}
	if len(seen) < 200 {
		t.Errorf("only %d types looked at", len(seen))
	}
}

// knowsFields reports the fields at and below a type whose kind the machinery does not know. A type with a JSON form of its own
// is read through that.
func knowsFields(t *testing.T, path string, typ reflect.Type, seen map[reflect.Type]bool) {
	marshaler := reflect.TypeFor[json.Marshaler]()
	if seen[typ] || typ.Implements(marshaler) || reflect.PointerTo(typ).Implements(marshaler) {
		return
	}
	seen[typ] = true
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			if field := typ.Field(i); field.IsExported() && field.Tag.Get("json") != "-" {
				knowsFields(t, path+"."+field.Name, field.Type, seen)
			}
		}
	case reflect.Pointer, reflect.Slice, reflect.Map:
		knowsFields(t, path, typ.Elem(), seen)
	case reflect.Uint64, reflect.Uintptr, reflect.Complex64, reflect.Complex128, reflect.Interface, reflect.Func, reflect.Chan, reflect.Array:
		t.Errorf("%s is a %s", path, typ)
	}
}
