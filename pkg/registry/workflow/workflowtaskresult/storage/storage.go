// Package storage serves workflowtaskresults.
package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskresult"
)

// REST serves workflowtaskresults.
type REST struct {
	*kind.Store
}

// NewStorage opens the storage of workflowtaskresults.
func NewStorage(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*REST, error) {
	store, err := kind.NewStore(kind.Description{
		Resource: "workflowtaskresults",
		Singular: "workflowtaskresult",
		New:      func() runtime.Object { return &v1alpha1.WorkflowTaskResult{} },
		NewList:  func() runtime.Object { return &v1alpha1.WorkflowTaskResultList{} },
		Strategy: workflowtaskresult.NewStrategy(scheme),
		Table:    newTable(),
	}, optsGetter)
	if err != nil {
		return nil, err
	}
	return &REST{Store: store}, nil
}
