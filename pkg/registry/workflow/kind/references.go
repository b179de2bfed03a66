package kind

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
)

// References reads the objects that others refer to, as they are stored now. Its fields are set when the storage of the
// kinds is open; strategies, which are made before, keep a pointer.
type References struct {
	// Templates and ClusterTemplates are the storages of both kinds.
	Templates, ClusterTemplates rest.Getter
	// Defaults gives what the controller of an instance lays under its workflows, as lint.Lookup has it; nil: nothing.
	Defaults func(instanceID string) (defaults *v1alpha1.Workflow, known bool)
}

// Lookup reads on behalf of one request; nil when there is no storage to read from.
func (r *References) Lookup(ctx context.Context) lint.Lookup {
	if r == nil || r.Templates == nil || r.ClusterTemplates == nil {
		return nil
	}
	return lookup{ctx: ctx, references: r}
}

// lookup reads what is stored: a template that was made a moment ago is found.
type lookup struct {
	ctx        context.Context
	references *References
}

// WorkflowTemplate implements lint.Lookup.
func (l lookup) WorkflowTemplate(namespace, name string) (*v1alpha1.WorkflowTemplate, error) {
	return get[*v1alpha1.WorkflowTemplate](genericapirequest.WithNamespace(l.ctx, namespace), l.references.Templates, name)
}

// ClusterWorkflowTemplate implements lint.Lookup.
func (l lookup) ClusterWorkflowTemplate(name string) (*v1alpha1.ClusterWorkflowTemplate, error) {
	return get[*v1alpha1.ClusterWorkflowTemplate](genericapirequest.WithNamespace(l.ctx, metav1.NamespaceNone), l.references.ClusterTemplates, name)
}

// Defaults implements lint.Lookup.
func (l lookup) Defaults(instanceID string) (*v1alpha1.Workflow, bool) {
	if l.references.Defaults == nil {
		return nil, true
	}
	return l.references.Defaults(instanceID)
}

func get[T any](ctx context.Context, from rest.Getter, name string) (T, error) {
	var none T
	object, err := from.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return none, err
	}
	typed, ok := object.(T)
	if !ok {
		return none, fmt.Errorf("the storage of templates gave a %T", object)
	}
	return typed, nil
}
