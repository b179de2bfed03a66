package storage

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// PlanREST answers GET workflows/{name}/plan. Nothing is stored and nothing runs.
type PlanREST struct {
	workflows        rest.Getter
	templates        rest.Getter
	clusterTemplates rest.Getter
}

var (
	_ rest.Storage = &PlanREST{}
	_ rest.Getter  = &PlanREST{}
)

// NewPlanREST plans what workflows gets, with templates from where they are stored.
func NewPlanREST(workflows, templates, clusterTemplates rest.Getter) *PlanREST {
	return &PlanREST{workflows: workflows, templates: templates, clusterTemplates: clusterTemplates}
}

// New implements rest.Storage.
func (r *PlanREST) New() runtime.Object { return &v1alpha1.WorkflowPlan{} }

// Destroy implements rest.Storage.
func (r *PlanREST) Destroy() {}

// Get plans a workflow as it is stored.
func (r *PlanREST) Get(ctx context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	stored, err := r.workflows.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	wf, ok := stored.(*v1alpha1.Workflow)
	if !ok {
		return nil, fmt.Errorf("the storage of workflows has a %T", stored)
	}
	var failure error
	lookup := func(request engine.TemplateRequest) engine.TemplateResolved {
		answer, err := r.answer(ctx, request)
		if err != nil && failure == nil {
			failure = err
		}
		return answer
	}
	plan, err := engine.Forecast(wf, node.FromWire(wf.Status.Nodes), lookup, engine.Options{}, time.Now())
	if err == nil {
		err = failure
	}
	return plan, err
}

// answer reads what a plan needs. That something is not there is part of the plan; that it cannot be read is an error.
func (r *PlanREST) answer(ctx context.Context, request engine.TemplateRequest) (engine.TemplateResolved, error) {
	answer := engine.TemplateResolved{Request: request}
	var object runtime.Object
	var err error
	switch request.Kind {
	case engine.RequestWorkflowTemplate:
		object, err = r.templates.Get(ctx, request.Name, &metav1.GetOptions{})
	case engine.RequestClusterWorkflowTemplate:
		object, err = r.clusterTemplates.Get(ctx, request.Name, &metav1.GetOptions{})
	default: // a ConfigMap, which a run reads with the controller's rights
		text := fmt.Sprintf("(key %s of ConfigMap %s)", request.Key, request.Name)
		answer.Value = &text
		return answer, nil
	}
	switch t := object.(type) {
	case *v1alpha1.WorkflowTemplate:
		answer.Spec, answer.Labels = &t.Spec, t.Labels
	case *v1alpha1.ClusterWorkflowTemplate:
		answer.Spec, answer.Labels = &t.Spec, t.Labels
	}
	if err != nil {
		answer.Message, answer.NotFound = err.Error(), apierrors.IsNotFound(err)
		if answer.NotFound {
			err = nil
		}
	}
	return answer, err
}
