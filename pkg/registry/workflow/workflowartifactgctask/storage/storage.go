// Package storage serves workflowartifactgctasks and their status.
package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowartifactgctask"
)

// REST serves workflowartifactgctasks.
type REST struct {
	*kind.Store
}

// StatusREST serves workflowartifactgctasks/status.
type StatusREST = kind.StatusREST

// NewStorage opens the storage of workflowartifactgctasks. Both results share it.
func NewStorage(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter) (*REST, *StatusREST, error) {
	store, err := kind.NewStore(kind.Description{
		Resource:   "workflowartifactgctasks",
		Singular:   "workflowartifactgctask",
		ShortNames: []string{"wfat"},
		New:        func() runtime.Object { return &v1alpha1.WorkflowArtifactGCTask{} },
		NewList:    func() runtime.Object { return &v1alpha1.WorkflowArtifactGCTaskList{} },
		Strategy:   workflowartifactgctask.NewStrategy(scheme),
		Table:      newTable(),
	}, optsGetter)
	if err != nil {
		return nil, nil, err
	}
	return &REST{Store: store}, kind.NewStatusREST(store, workflowartifactgctask.NewStatusStrategy(scheme)), nil
}
