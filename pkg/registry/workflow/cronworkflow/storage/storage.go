// Package storage serves cronworkflows.
package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/cronworkflow"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// REST serves cronworkflows.
type REST struct {
	*kind.Store
}

// NewStorage opens the storage of cronworkflows. References are followed when objects are checked; nil: they are not.
func NewStorage(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter, references *kind.References) (*REST, error) {
	store, err := kind.NewStore(kind.Description{
		Resource:   "cronworkflows",
		Singular:   "cronworkflow",
		ShortNames: []string{"cwf", "cronwf"},
		Categories: kind.Categories,
		New:        func() runtime.Object { return &v1alpha1.CronWorkflow{} },
		NewList:    func() runtime.Object { return &v1alpha1.CronWorkflowList{} },
		Strategy:   cronworkflow.NewStrategy(scheme, references),
		Table:      newTable(),
	}, optsGetter)
	if err != nil {
		return nil, err
	}
	return &REST{Store: store}, nil
}
