// Package storage serves clusterworkflowtemplates.
package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/clusterworkflowtemplate"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// REST serves clusterworkflowtemplates.
type REST struct {
	*kind.Store
}

// NewStorage opens the storage of clusterworkflowtemplates. References are followed when objects are checked; nil: they are not.
func NewStorage(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter, references *kind.References) (*REST, error) {
	store, err := kind.NewStore(kind.Description{
		Resource:   "clusterworkflowtemplates",
		Singular:   "clusterworkflowtemplate",
		ShortNames: []string{"clusterwftmpl", "cwft"},
		Categories: kind.Categories,
		New:        func() runtime.Object { return &v1alpha1.ClusterWorkflowTemplate{} },
		NewList:    func() runtime.Object { return &v1alpha1.ClusterWorkflowTemplateList{} },
		Strategy:   clusterworkflowtemplate.NewStrategy(scheme, references),
		Table:      newTable(),
	}, optsGetter)
	if err != nil {
		return nil, err
	}
	return &REST{Store: store}, nil
}
