package lint

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// walker finds the texts of a value that have tags, wherever they are: in fields, list elements, keys and values of maps.
type walker struct {
	base  *field.Path
	stack []element
	found func(text string)
}

// element is one step of the way from base to a text.
type element struct {
	name  string // of a field
	key   string // of a map
	index int
	is    elementKind
}

type elementKind int

const (
	member elementKind = iota
	key
	index
)

// texts calls found for every text with a tag below value, in the order of the fields.
func texts(value any, base *field.Path, found func(w *walker, text string)) {
	w := &walker{base: base}
	w.found = func(text string) { found(w, text) }
	w.walk(reflect.ValueOf(value))
}

// path is where the text that was just found stands.
func (w *walker) path() *field.Path {
	path := w.base
	for _, e := range w.stack {
		switch e.is {
		case member:
			path = child(path, e.name)
		case key:
			path = path.Key(e.key)
		default:
			path = path.Index(e.index)
		}
	}
	return path
}

func child(path *field.Path, name string) *field.Path {
	if path == nil {
		return field.NewPath(name)
	}
	return path.Child(name)
}

func (w *walker) push(e element) { w.stack = append(w.stack, e) }
func (w *walker) pop()           { w.stack = w.stack[:len(w.stack)-1] }

func (w *walker) text(s string) {
	if strings.Contains(s, "{{") {
		w.found(s)
	}
}

func (w *walker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.walk(v.Elem())
		}
	case reflect.String:
		w.text(v.String())
	case reflect.Struct:
		w.structure(v)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 || !planOf(v.Type()).texts {
			return
		}
		for i := range v.Len() {
			w.push(element{is: index, index: i})
			w.walk(v.Index(i))
			w.pop()
		}
	case reflect.Map:
		if v.Len() == 0 || !planOf(v.Type()).texts {
			return
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			w.push(element{is: key, key: k.String()})
			w.text(k.String())
			w.walk(v.MapIndex(k))
			w.pop()
		}
	}
}

func (w *walker) structure(v reflect.Value) {
	switch t := v.Interface().(type) {
	case v1alpha1.Item:
		w.raw(t.Value)
		return
	case v1alpha1.Object:
		w.raw(t.Value)
		return
	case intstr.IntOrString:
		w.text(t.StrVal)
		return
	case v1alpha1.ParallelSteps:
		w.walk(reflect.ValueOf(t.Steps))
		return
	}
	for _, f := range planOf(v.Type()).fields {
		value := v.Field(f.index)
		if value.IsZero() {
			continue
		}
		if f.name == "" {
			w.walk(value)
			continue
		}
		w.push(element{is: member, name: f.name})
		w.walk(value)
		w.pop()
	}
}

// raw walks through JSON without a schema.
func (w *walker) raw(data json.RawMessage) {
	if !strings.Contains(string(data), "{{") {
		return
	}
	var value any
	if err := json.Unmarshal(data, &value); err == nil {
		w.any(value)
	}
}

func (w *walker) any(value any) {
	switch v := value.(type) {
	case string:
		w.text(v)
	case []any:
		for i := range v {
			w.push(element{is: index, index: i})
			w.any(v[i])
			w.pop()
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			w.push(element{is: key, key: k})
			w.text(k)
			w.any(v[k])
			w.pop()
		}
	}
}

// plan says what of a type can hold texts.
type plan struct {
	texts  bool
	fields []plannedField // of a struct
}

type plannedField struct {
	index int
	name  string // as in JSON; empty: its members stand in the object itself
}

var plans sync.Map // reflect.Type -> *plan

func planOf(t reflect.Type) *plan {
	if known, ok := plans.Load(t); ok {
		return known.(*plan)
	}
	p := makePlan(t, map[reflect.Type]bool{})
	plans.Store(t, p)
	return p
}

// makePlan works a plan out. A type that is being worked out further up counts as one with texts.
func makePlan(t reflect.Type, open map[reflect.Type]bool) *plan {
	switch t {
	case reflect.TypeFor[v1alpha1.Item](), reflect.TypeFor[v1alpha1.Object](), reflect.TypeFor[intstr.IntOrString](),
		reflect.TypeFor[v1alpha1.ParallelSteps]():
		return &plan{texts: true}
	}
	switch t.Kind() {
	case reflect.String, reflect.Interface:
		return &plan{texts: true}
	case reflect.Pointer, reflect.Slice:
		return &plan{texts: holdsTexts(t.Elem(), open)}
	case reflect.Map:
		return &plan{texts: t.Key().Kind() == reflect.String}
	case reflect.Struct:
		p := &plan{}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.IsExported() || name == "-" || !holdsTexts(f.Type, open) {
				continue
			}
			p.texts = true
			p.fields = append(p.fields, plannedField{index: i, name: name})
		}
		return p
	}
	return &plan{}
}

func holdsTexts(t reflect.Type, open map[reflect.Type]bool) bool {
	if open[t] {
		return true
	}
	open[t] = true
	defer delete(open, t)
	return makePlan(t, open).texts
}
