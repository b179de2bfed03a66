package managers

import (
	"context"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/klog/v2"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Recorder notes managers. Nil, or before it has learned the schemas, it notes nothing.
type Recorder struct {
	scheme *runtime.Scheme

	mu     sync.Mutex
	types  managedfields.TypeConverter
	fields map[kindOf]*managedfields.FieldManager
}

// kindOf is a kind, changed through a subresource; empty: as a whole.
type kindOf struct{ kind, subresource string }

// NewRecorder returns a recorder for the kinds of a scheme.
func NewRecorder(scheme *runtime.Scheme) *Recorder {
	return &Recorder{scheme: scheme, fields: map[kindOf]*managedfields.FieldManager{}}
}

// Learn takes the schemas by which fields are told apart: those that the server goes by itself.
func (r *Recorder) Learn(schemas map[string]*spec.Schema) error {
	types, err := managedfields.NewTypeConverter(schemas, false)
	if err != nil {
		return fmt.Errorf("schemas for managed fields: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.types = types
	return nil
}

// Created notes on a workflow that is about to be stored who created it. given is what the request says about the manager.
func (r *Recorder) Created(ctx context.Context, workflow *v1alpha1.Workflow, given string) {
	created := *workflow
	created.Status = v1alpha1.WorkflowStatus{}
	workflow.ManagedFields = r.note(&v1alpha1.Workflow{}, &created, kindOf{"Workflow", ""}, nameOf(ctx, given))
}

// Changed notes on a workflow that is about to replace the stored one who changed what by a subresource. The status is left out:
// its ordinary writer, the controller, is not noted either.
func (r *Recorder) Changed(ctx context.Context, stored, workflow *v1alpha1.Workflow, subresource, given string) {
	before, after := *stored, *workflow
	before.Status, after.Status = v1alpha1.WorkflowStatus{}, v1alpha1.WorkflowStatus{}
	workflow.ManagedFields = r.note(&before, &after, kindOf{"Workflow", subresource}, nameOf(ctx, given))
}

// ChangedCron does so with a cron workflow.
func (r *Recorder) ChangedCron(ctx context.Context, stored, cron *v1alpha1.CronWorkflow, subresource, given string) {
	before, after := *stored, *cron
	cron.ManagedFields = r.note(&before, &after, kindOf{"CronWorkflow", subresource}, nameOf(ctx, given))
}

// note returns the managed fields; those that there were, when it cannot tell. What it gets are shallow copies.
func (r *Recorder) note(stored, changed interface {
	runtime.Object
	metav1.Object
}, kind kindOf, manager string) []metav1.ManagedFieldsEntry {
	fields, err := r.manager(kind)
	if err != nil {
		// The write matters more than the note.
		klog.ErrorS(err, "Managed fields are not noted", "kind", kind.kind, "subresource", kind.subresource)
	}
	if fields == nil {
		return stored.GetManagedFields()
	}
	fields.UpdateNoErrors(stored, changed, manager)
	return changed.GetManagedFields()
}

// manager makes field managers when they are first needed; nil: nothing is noted.
func (r *Recorder) manager(of kindOf) (*managedfields.FieldManager, error) {
	if r == nil {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.fields[of]; known != nil || r.types == nil {
		return known, nil
	}
	kind := v1alpha1.SchemeGroupVersion.WithKind(of.kind)
	made, err := managedfields.NewDefaultFieldManager(r.types, runtime.UnsafeObjectConvertor(r.scheme), r.scheme, r.scheme,
		kind, schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal}, of.subresource, nil)
	if err != nil {
		return nil, err
	}
	r.fields[of] = made
	return made, nil
}
