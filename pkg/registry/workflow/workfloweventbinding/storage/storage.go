// Package storage serves workfloweventbindings.
package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/workfloweventbinding"
)

// REST serves workfloweventbindings.
type REST struct {
	*kind.Store
}

// NewStorage opens the storage of workfloweventbindings. References are followed when objects are checked; nil: they are not.
func NewStorage(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter, references *kind.References) (*REST, error) {
	store, err := kind.NewStore(kind.Description{
		Resource:   "workfloweventbindings",
		Singular:   "workfloweventbinding",
		ShortNames: []string{"wfeb"},
		Categories: kind.Categories,
		New:        func() runtime.Object { return &v1alpha1.WorkflowEventBinding{} },
		NewList:    func() runtime.Object { return &v1alpha1.WorkflowEventBindingList{} },
		Strategy:   workfloweventbinding.NewStrategy(scheme, references),
		Table:      newTable(),
	}, optsGetter)
	if err != nil {
		return nil, err
	}
	return &REST{Store: store}, nil
}
