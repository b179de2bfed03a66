package kind

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage/names"
)

// Scope tells whether objects of a kind are in namespaces.
type Scope bool

const (
	// Namespaced objects are in namespaces.
	Namespaced Scope = true
	// Cluster objects are not.
	Cluster Scope = false
)

// Strategy answers what most kinds answer alike. A kind embeds it and adds what it prepares and validates.
type Strategy struct {
	runtime.ObjectTyper
	names.NameGenerator

	scope Scope
}

// NewStrategy returns the common answers for a kind of that scope.
func NewStrategy(typer runtime.ObjectTyper, scope Scope) Strategy {
	return Strategy{ObjectTyper: typer, NameGenerator: names.SimpleNameGenerator, scope: scope}
}

// NamespaceScoped tells whether objects of the kind are in namespaces.
func (s Strategy) NamespaceScoped() bool { return s.scope == Namespaced }

// AllowCreateOnUpdate is false: PUT does not create objects.
func (Strategy) AllowCreateOnUpdate(context.Context) bool { return false }

// AllowUnconditionalUpdate is true: PUT without resource version replaces whatever is there. Kinds that programs write
// from several sides answer otherwise.
func (Strategy) AllowUnconditionalUpdate(context.Context) bool { return true }

// Canonicalize leaves objects as they are.
func (Strategy) Canonicalize(runtime.Object) {}

// WarningsOnCreate has nothing to say.
func (Strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }

// WarningsOnUpdate has nothing to say.
func (Strategy) WarningsOnUpdate(_ context.Context, _, _ runtime.Object) []string { return nil }
