package kind

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Divided is a kind whose spec one program writes and whose status another, each through an endpoint of its own.
type Divided[T Object, Spec, Status any] struct {
	// Spec and Status are the two parts of an object.
	Spec   func(object T) *Spec
	Status func(object T) *Status
	// Validate and ValidateUpdate return what is wrong with an object, and with a change.
	Validate       func(object T) field.ErrorList
	ValidateUpdate func(object, stored T) field.ErrorList
}

// Strategy is that of the object itself, which leaves the status to the subresource.
func (d Divided[T, Spec, Status]) Strategy(typer runtime.ObjectTyper) FullStrategy {
	return NewRuledStrategy(typer, d.rules())
}

// StatusStrategy is that of the status subresource, which leaves the spec as it is.
func (d Divided[T, Spec, Status]) StatusStrategy(typer runtime.ObjectTyper) StatusStrategy {
	return NewRuledStatusStrategy(typer, d.rules(), func(object, stored T) { *d.Spec(object) = *d.Spec(stored) })
}

func (d Divided[T, Spec, Status]) rules() Rules[T] {
	none := *new(T)
	return Rules[T]{
		Scope:  Namespaced,
		Shared: true,
		Reset:  []string{"status"},
		Spec:   func(object T) any { return d.Spec(object) },
		Prepare: func(object, stored T) {
			if stored == none {
				*d.Status(object) = *new(Status)
				return
			}
			*d.Status(object) = *d.Status(stored)
		},
		Validate: func(_ context.Context, object, stored T) (field.ErrorList, []string) {
			if stored == none {
				return d.Validate(object), nil
			}
			return d.ValidateUpdate(object, stored), nil
		},
	}
}
