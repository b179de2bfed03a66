package storage

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// StatusREST is workflows/status: who may write it may write every part of the status.
type StatusREST struct {
	store *genericregistry.Store
	tables
}

var (
	_ rest.Patcher             = &StatusREST{}
	_ rest.Storage             = &StatusREST{}
	_ rest.ResetFieldsStrategy = &StatusREST{}
	_ rest.TableConvertor      = &StatusREST{}
)

// New returns an empty workflow.
func (r *StatusREST) New() runtime.Object { return &v1alpha1.Workflow{} }

// Destroy does nothing: the storage belongs to the workflow's own store.
func (r *StatusREST) Destroy() {}

// Get returns the whole workflow with its nodes.
func (r *StatusREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.get(ctx, r.store, name, options)
}

// Update writes the status and nothing else.
func (r *StatusREST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	w := r.newWriter(wholeStatus)
	defer w.release()
	// An object that is not there is not created by writing its status.
	stored, created, err := r.store.Update(withCommit(ctx, w.commit), name, w.wrap(info), createValidation, updateValidation, false, options)
	stored, err = w.finish(ctx, stored, err)
	return stored, created, err
}

// GetResetFields returns the fields that a write of the status cannot change.
func (r *StatusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}

// ConvertToTable prints the workflow as `kubectl get workflows` does.
func (r *StatusREST) ConvertToTable(ctx context.Context, object, tableOptions runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, object, tableOptions)
}
