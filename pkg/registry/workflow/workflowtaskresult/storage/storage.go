// Package storage serves workflowtaskresults.
package storage

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskresult"
)

// REST serves workflowtaskresults.
type REST struct {
	*kind.Store
	gate *workflowtaskresult.Gate
}

// NewStorage opens the storage of workflowtaskresults. The gate decides who may write which.
func NewStorage(scheme *runtime.Scheme, optsGetter generic.RESTOptionsGetter, gate *workflowtaskresult.Gate) (*REST, error) {
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
	return &REST{Store: store, gate: gate}, nil
}

// Create stores the first report about a node.
func (r *REST) Create(ctx context.Context, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	if err := r.gate.Admit(ctx, object.(*v1alpha1.WorkflowTaskResult), nil); err != nil {
		return nil, err
	}
	return r.Store.Create(ctx, object, validate, options)
}

// Update stores a later report, or the first one of who applies.
func (r *REST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, forceAllowCreate bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	admitted := rest.WrapUpdatedObjectInfo(info, func(ctx context.Context, object, stored runtime.Object) (runtime.Object, error) {
		result := object.(*v1alpha1.WorkflowTaskResult)
		old, ok := stored.(*v1alpha1.WorkflowTaskResult)
		if ok && old.ResourceVersion == "" {
			old = nil
		}
		return result, r.gate.Admit(ctx, result, old)
	})
	return r.Store.Update(ctx, name, admitted, createValidation, updateValidation, forceAllowCreate, options)
}
