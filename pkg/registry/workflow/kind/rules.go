package kind

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/warning"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
)

// Object is a pointer to an object of a kind.
type Object interface {
	runtime.Object
	metav1.Object
	comparable
}

// Rules are what a kind decides for itself. In functions that get the stored object, that is nil while one is created.
type Rules[T Object] struct {
	// Scope tells whether objects are in namespaces.
	Scope Scope
	// Shared objects are written by several programs: PUT needs the resource version that the writer saw.
	Shared bool
	// Signed objects are written by people: the server notes who created them and who acted on them, whatever the client sends (LBL-04,
	// OPS-17).
	Signed bool
	// Reset are the top-level fields that a write cannot change; they belong to a subresource.
	Reset []string
	// Spec is what the generation counts the changes of.
	Spec func(object T) any
	// Prepare completes an object before it is checked; nil: nothing to do.
	Prepare func(object, stored T)
	// Validate returns what is wrong, and what is allowed but hardly meant.
	Validate func(ctx context.Context, object, stored T) (field.ErrorList, []string)
}

// ruled is the strategy that follows the rules of a kind.
type ruled[T Object] struct {
	Strategy
	rules Rules[T]
}

// NewRuledStrategy returns the strategy that follows the rules of a kind.
func NewRuledStrategy[T Object](typer runtime.ObjectTyper, rules Rules[T]) FullStrategy {
	return ruled[T]{Strategy: NewStrategy(typer, rules.Scope), rules: rules}
}

// AllowUnconditionalUpdate is false for objects that several programs write.
func (s ruled[T]) AllowUnconditionalUpdate(context.Context) bool { return !s.rules.Shared }

// PrepareForCreate starts the count of generations.
func (s ruled[T]) PrepareForCreate(ctx context.Context, object runtime.Object) {
	typed, none := object.(T), *new(T)
	if s.rules.Signed {
		actor.Created(ctx, typed, typed.GetCreationTimestamp().Time)
	}
	if s.rules.Prepare != nil {
		s.rules.Prepare(typed, none)
	}
	StartGeneration(typed)
}

// PrepareForUpdate counts a generation when the spec has changed.
func (s ruled[T]) PrepareForUpdate(ctx context.Context, object, old runtime.Object) {
	typed, stored := object.(T), old.(T)
	if s.rules.Signed {
		actor.KeepCreator(typed, stored)
		if !actor.Acting(ctx) {
			actor.KeepActor(typed, stored)
		}
	}
	if s.rules.Prepare != nil {
		s.rules.Prepare(typed, stored)
	}
	CountGeneration(typed, stored, !apiequality.Semantic.DeepEqual(s.rules.Spec(typed), s.rules.Spec(stored)))
}

// GetResetFields returns the fields that a write cannot change.
func (s ruled[T]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	if len(s.rules.Reset) == 0 {
		return nil
	}
	return ResetFields(s.rules.Reset...)
}

// Validate checks a new object. It gives the warnings itself: finding them is the same work as finding errors, and the
// methods for warnings would have to do it again.
func (s ruled[T]) Validate(ctx context.Context, object runtime.Object) field.ErrorList {
	return s.check(ctx, object.(T), *new(T))
}

// ValidateUpdate checks a changed object, and gives the warnings.
func (s ruled[T]) ValidateUpdate(ctx context.Context, object, old runtime.Object) field.ErrorList {
	return s.check(ctx, object.(T), old.(T))
}

func (s ruled[T]) check(ctx context.Context, object, stored T) field.ErrorList {
	errs, warnings := s.rules.Validate(ctx, object, stored)
	Warn(ctx, warnings)
	return errs
}

// Warn sends warnings to the client of a request.
func Warn(ctx context.Context, warnings []string) {
	for _, text := range warnings {
		warning.AddWarning(ctx, "", text)
	}
}

// statusOf is the strategy of a status subresource: all but the status is as it was.
type statusOf[T Object] struct {
	FullStrategy
	keepSpec func(object, stored T)
}

// NewRuledStatusStrategy returns the strategy of the status subresource of a kind. keepSpec gives an object the spec of the
// stored one.
func NewRuledStatusStrategy[T Object](typer runtime.ObjectTyper, rules Rules[T], keepSpec func(object, stored T)) StatusStrategy {
	return statusOf[T]{FullStrategy: NewRuledStrategy(typer, rules), keepSpec: keepSpec}
}

// PrepareForUpdate keeps everything but the status.
func (s statusOf[T]) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	typed, stored := object.(T), old.(T)
	s.keepSpec(typed, stored)
	keepMetadata(typed, stored)
}

// GetResetFields says that the status subresource does not change the spec and the metadata.
func (statusOf[T]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return ResetFields("spec", "metadata")
}
