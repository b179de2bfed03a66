package kind

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Categories of the kinds that people write. "all" is not among them: `kubectl delete all --all` is not meant to remove
// anybody's templates.
var Categories = []string{"argo", "fairlead"}

// FullStrategy is what a store asks about the objects of its kind.
type FullStrategy interface {
	rest.RESTCreateStrategy
	rest.RESTUpdateStrategy
	rest.RESTDeleteStrategy
	// GetResetFields returns the fields, by API version, that a write through this endpoint cannot change.
	GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set
}

// Description is what a store has to know about its kind.
type Description struct {
	// Name of the resource, plural and singular.
	Resource, Singular string
	// Short names for kubectl.
	ShortNames []string
	// Groups of resources for kubectl.
	Categories []string
	// Make an empty object and an empty list.
	New, NewList func() runtime.Object

	Strategy FullStrategy
	Table    rest.TableConvertor
}

// Store keeps the objects of one kind and answers all ordinary verbs.
type Store struct {
	*genericregistry.Store

	shortNames, categories []string
}

var (
	_ rest.StandardStorage    = &Store{}
	_ rest.ShortNamesProvider = &Store{}
	_ rest.CategoriesProvider = &Store{}
)

// NewStore opens the storage of a kind. Field selectors are metadata.name and, for namespaced kinds, metadata.namespace.
func NewStore(description Description, optsGetter generic.RESTOptionsGetter) (*Store, error) {
	store := &genericregistry.Store{
		NewFunc:                   description.New,
		NewListFunc:               description.NewList,
		DefaultQualifiedResource:  v1alpha1.Resource(description.Resource),
		SingularQualifiedResource: v1alpha1.Resource(description.Singular),
		CreateStrategy:            description.Strategy,
		UpdateStrategy:            description.Strategy,
		DeleteStrategy:            description.Strategy,
		ResetFieldsStrategy:       description.Strategy,
		TableConvertor:            description.Table,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: optsGetter}); err != nil {
		return nil, err
	}
	return &Store{Store: store, shortNames: description.ShortNames, categories: description.Categories}, nil
}

// ShortNames are the short names for kubectl.
func (s *Store) ShortNames() []string { return s.shortNames }

// Categories are the groups of resources for kubectl that this one belongs to.
func (s *Store) Categories() []string { return s.categories }

// ResetFields says that writes through an endpoint cannot change these top-level fields.
func ResetFields(names ...string) map[fieldpath.APIVersion]*fieldpath.Set {
	set := fieldpath.NewSet()
	for _, name := range names {
		set.Insert(fieldpath.MakePathOrDie(name))
	}
	return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(v1alpha1.SchemeGroupVersion.String()): set}
}
