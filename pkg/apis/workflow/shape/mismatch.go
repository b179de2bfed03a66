// Package shape tells where a document is not of the form that its type asks for: a text where a list belongs, an object where a
// text does. Decoders stop at the first such place, and name it by Go types rather than by a path, if at all.
package shape

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// maxMismatches is how many are told of one document: a list that is not one can make thousands.
const maxMismatches = 20

// Mismatch is a place that is not of the form that its type asks for.
type Mismatch struct {
	// Path is the field, such as spec.templates[1].steps[0][0].arguments.
	Path string
	// Message says what it has to be, and what it is.
	Message string
}

// String is what people read.
func (m Mismatch) String() string {
	if m.Path == "" {
		return m.Message
	}
	return m.Path + ": " + m.Message
}

// Error is a document that cannot be decoded.
type Error struct {
	Mismatches []Mismatch
	// cause is what the decoder said.
	cause error
}

// Error implements error.
func (e *Error) Error() string {
	texts := make([]string, len(e.Mismatches))
	for i := range e.Mismatches {
		texts[i] = e.Mismatches[i].String()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the error of the decoder.
func (e *Error) Unwrap() error { return e.cause }

// Explain returns an error that names the places which made the decoding of JSON into an object fail; the error itself when
// they cannot be found, as in text that is no JSON.
func Explain(err error, data []byte, into any) error {
	if known := (*Error)(nil); err == nil || into == nil || errors.As(err, &known) {
		return err
	}
	if found := Mismatches(data, into); len(found) > 0 {
		return &Error{Mismatches: found, cause: err}
	}
	return err
}

// Mismatches compares JSON with the type of an object; none are found in text that is no JSON.
func Mismatches(data []byte, into any) []Mismatch {
	var document any
	if err := utiljson.Unmarshal(data, &document); err != nil {
		return nil
	}
	w := &walk{}
	w.value(document, reflect.TypeOf(into), nil)
	return w.found
}

// walk goes through a document and a type side by side.
type walk struct {
	found []Mismatch
	// strict is more than 0 inside of types that refuse unknown fields themselves.
	strict int
}

func (w *walk) add(path *field.Path, format string, args ...any) {
	if len(w.found) >= maxMismatches {
		return
	}
	at := ""
	if path != nil {
		at = path.String()
	}
	w.found = append(w.found, Mismatch{Path: at, Message: fmt.Sprintf(format, args...)})
}

var groupOfSteps = reflect.TypeFor[v1alpha1.ParallelSteps]()

// value compares one value with its type. Null is right everywhere: the field stays as it is.
func (w *walk) value(value any, t reflect.Type, path *field.Path) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case value == nil || len(w.found) >= maxMismatches:
	case t == groupOfSteps:
		w.group(value, path)
	case decodesItself(t):
		w.own(value, t, path)
	default:
		w.plain(value, t, path)
	}
}

// group compares a group of parallel steps, which is a bare list in JSON, and knows all its fields.
func (w *walk) group(value any, path *field.Path) {
	list, ok := value.([]any)
	if !ok {
		w.add(path, "a group of parallel steps must be a list of steps, and is %s", describe(value))
		return
	}
	before := len(w.found)
	w.strict++
	for i := range list {
		w.value(list[i], reflect.TypeFor[v1alpha1.WorkflowStep](), path.Index(i))
	}
	w.strict--
	if len(w.found) == before {
		w.own(value, groupOfSteps, path)
	}
}

func (w *walk) plain(value any, t reflect.Type, path *field.Path) {
	switch t.Kind() {
	case reflect.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			w.add(path, "must be an object, and is %s", describe(value))
			return
		}
		w.object(object, t, path)
	case reflect.Map:
		object, ok := value.(map[string]any)
		if !ok {
			w.add(path, "must be an object, and is %s", describe(value))
			return
		}
		for _, name := range sortedKeys(object) {
			w.value(object[name], t.Elem(), path.Key(name))
		}
	case reflect.Slice, reflect.Array:
		w.list(value, t, path)
	default:
		w.scalar(value, t, path)
	}
}

func (w *walk) list(value any, t reflect.Type, path *field.Path) {
	if t.Elem().Kind() == reflect.Uint8 {
		if _, ok := value.(string); !ok {
			w.add(path, "must be text in base64, and is %s", describe(value))
		}
		return
	}
	list, ok := value.([]any)
	if !ok {
		w.add(path, "must be a list, and is %s", describe(value))
		return
	}
	for i := range list {
		w.value(list[i], t.Elem(), path.Index(i))
	}
}

func (w *walk) object(object map[string]any, t reflect.Type, path *field.Path) {
	fields := fieldsOf(t)
	for _, name := range sortedKeys(object) {
		inner, known := fields[name]
		switch {
		case known:
			w.value(object[name], inner, child(path, name))
		case w.strict > 0:
			w.add(child(path, name), "unknown field")
		}
	}
}

// child is the path of a member; that of the document itself is empty.
func child(path *field.Path, name string) *field.Path {
	if path == nil {
		return field.NewPath(name)
	}
	return path.Child(name)
}
