package verb

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/engine/node"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// ResubmitREST is workflows/resubmit (OPS-14).
type ResubmitREST struct {
	endpoint[*v1alpha1.ResubmitOptions]
	workflows *storage.Changer
	creation  *Creation
}

var _ rest.NamedCreater = &ResubmitREST{}

// NewResubmitREST returns workflows/resubmit.
func NewResubmitREST(workflows *storage.Changer, creation *Creation) *ResubmitREST {
	return &ResubmitREST{
		endpoint:  endpoint[*v1alpha1.ResubmitOptions]{func() *v1alpha1.ResubmitOptions { return &v1alpha1.ResubmitOptions{} }, v1alpha1.Workflow{}},
		workflows: workflows, creation: creation,
	}
}

// Create makes a new workflow out of an old one and answers with the new one.
func (r *ResubmitREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	body, precondition, err := r.request(ctx, name, object, validate, func(o *v1alpha1.ResubmitOptions) field.ErrorList {
		return checkParameters(field.NewPath("parameters"), o.Parameters)
	})
	if err != nil {
		return nil, err
	}
	old, err := r.workflows.Get(ctx, name, precondition)
	if err != nil {
		return nil, err
	}
	var nodes []v1alpha1.NodeStatus
	if body.Memoized {
		if nodes, err = old.Nodes(); err != nil {
			return nil, err
		}
	}
	// The new workflow tells what its creator did (OPS-17).
	ctx = storage.WithOwnStatus(actor.WithAction(ctx, "Resubmit"))
	build := func(name string) (*v1alpha1.Workflow, error) {
		wf, records, err := lifecycle.Resubmit(old.Workflow, nodes, lifecycle.ResubmitOptions{Memoized: body.Memoized, Name: name, Parameters: body.Parameters})
		if err != nil {
			return nil, notNow(old.Workflow, err)
		}
		if body.Priority != nil {
			wf.Spec.Priority = body.Priority
		}
		if len(records) > 0 {
			wf.Status.Nodes = node.ToWire(records)
		}
		return wf, nil
	}
	if body.Memoized && body.Name == "" {
		return answer(r.creation.CreateNamed(ctx, prefixOf(old.Workflow), "workflows/resubmit", options, build))
	}
	wf, err := build(body.Name)
	if err != nil {
		return nil, err
	}
	return answer(r.creation.Create(ctx, wf, "workflows/resubmit", options))
}

func prefixOf(wf *v1alpha1.Workflow) string {
	if wf.GenerateName != "" {
		return wf.GenerateName
	}
	return wf.Name + "-"
}
