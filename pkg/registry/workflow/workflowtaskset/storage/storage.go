// Package storage serves workflowtasksets and their status.
package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskset"
)

// REST serves workflowtasksets.
type REST struct {
	*kind.Store
}

// StatusREST serves workflowtasksets/status.
type StatusREST = kind.StatusREST

// NewStorage opens the storage of workflowtasksets. Both results share it.
func NewStorage(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*REST, *StatusREST, error) {
	store, err := kind.NewStore(kind.Description{
		Resource:   "workflowtasksets",
		Singular:   "workflowtaskset",
		ShortNames: []string{"wfts"},
		New:        func() runtime.Object { return &v1alpha1.WorkflowTaskSet{} },
		NewList:    func() runtime.Object { return &v1alpha1.WorkflowTaskSetList{} },
		Strategy:   workflowtaskset.NewStrategy(scheme),
		Table:      newTable(),
	}, optsGetter)
	if err != nil {
		return nil, nil, err
	}
	return &REST{Store: store}, kind.NewStatusREST(store, workflowtaskset.NewStatusStrategy(scheme)), nil
}
