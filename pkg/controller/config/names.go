package config

import (
	"reflect"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/shape"
)

// keys are all settings there are.
var keys = fieldNames(reflect.TypeFor[Config]())

// fieldNames are the JSON names of the fields of a struct.
func fieldNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && (name == "" || options == "inline"):
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				names = append(names, fieldNames(inner)...)
			}
		case name != "" && name != "-":
			names = append(names, name)
		}
	}
	return names
}

// fieldsBelow are the names of all fields at any depth below a setting.
func fieldsBelow(key string) []string {
	seen := map[reflect.Type]bool{}
	var names []string
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, t.Kind()) {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		names = append(names, fieldNames(t)...)
		for f := range t.Fields() {
			walk(f.Type)
		}
	}
	for _, outer := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[Elsewhere]()} {
		for f := range outer.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == key {
				walk(f.Type)
			}
		}
	}
	return names
}

// didYouMean suggests the name that differs least, if one is near.
func didYouMean(name string, known []string) string {
	best, distance := "", len(name)/3+1
	for _, k := range known {
		if d := shape.EditDistance(strings.ToLower(name), strings.ToLower(k), distance); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
