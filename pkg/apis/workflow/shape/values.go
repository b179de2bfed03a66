package shape

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// decodesItself tells types that no rule here is about: times, quantities, values that are a number or a text.
func decodesItself(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(unmarshaler)
}

// own has a type decode a value by itself.
func (w *walk) own(value any, t reflect.Type, path *field.Path) {
	data, err := json.Marshal(value)
	if err != nil {
		return
	}
	err = json.Unmarshal(data, reflect.New(t).Interface())
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
	case errors.As(err, &mistyped):
		w.add(path, "must be %s, and is %s", nameOf(mistyped.Type), describe(value))
	default:
		w.add(path, "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
}

func nameOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// scalar compares texts, numbers and booleans.
func (w *walk) scalar(value any, t reflect.Type, path *field.Path) {
	ok := true
	switch t.Kind() {
	case reflect.String:
		_, ok = value.(string)
	case reflect.Bool:
		_, ok = value.(bool)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		if n, ok = value.(int64); ok && reflect.Zero(t).OverflowInt(n) {
			w.add(path, "%d is too large", n)
		}
	case reflect.Uint, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var n int64
		if n, ok = value.(int64); ok && n < 0 {
			w.add(path, "must not be negative, and is %d", n)
		}
	case reflect.Float32, reflect.Float64:
		_, whole := value.(int64)
		_, fraction := value.(float64)
		ok = whole || fraction
	}
	if ok {
		return
	}
	advice := ""
	if t.Kind() == reflect.String {
		advice = quoting(value)
	}
	w.add(path, "must be %s, and is %s%s", nameOf(t), describe(value), advice)
}

// quoting is what to do about YAML that was meant to be text.
func quoting(value any) string {
	switch value.(type) {
	case bool:
		return ": in YAML, y, n, yes, no, on, off, true and false are booleans unless they are quoted"
	case int64, float64:
		return ": in YAML, what looks like a number is one unless it is quoted"
	}
	return ""
}

// maxShown is how much of a value is repeated.
const maxShown = 40

// describe says what a value is.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		if runes := []rune(v); len(runes) > maxShown {
			v = string(runes[:maxShown]) + "..."
		}
		return fmt.Sprintf("the text %q", v)
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	case int64:
		return fmt.Sprintf("the number %d", v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e21 {
			return "the number " + strconv.FormatFloat(v, 'f', -1, 64)
		}
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		return "a list"
	}
	return "an object"
}

func sortedKeys(object map[string]any) []string { return slices.Sorted(maps.Keys(object)) }

var knownFields sync.Map // of reflect.Type to map[string]reflect.Type

// fieldsOf are the types of the fields of a struct by their names in JSON.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := knownFields.Load(t); ok {
		return known.(map[string]reflect.Type)
	}
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case name == "" && f.Anonymous:
			inner := f.Type
			for inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				maps.Copy(fields, fieldsOf(inner))
			}
		case name == "":
			fields[f.Name] = f.Type
		default:
			fields[name] = f.Type
		}
	}
	knownFields.Store(t, fields)
	return fields
}
