package storage

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
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
	// readers knows who may read templates; nil: everybody.
	readers authorizer.Authorizer
}

var (
	_ rest.Storage = &PlanREST{}
	_ rest.Getter  = &PlanREST{}
)

// NewPlanREST plans what workflows gets, with templates from where they are stored, for those who may read them.
func NewPlanREST(workflows, templates, clusterTemplates rest.Getter, readers authorizer.Authorizer) *PlanREST {
	return &PlanREST{workflows: workflows, templates: templates, clusterTemplates: clusterTemplates, readers: readers}
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
	if err := r.mayRead(ctx, request); err != nil {
		return answer, err
	}
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

// mayRead tells whether the user of the request may read a template that is looked up. A plan shows what is inside, and without
// a run nothing else does: a template that a run has read is part of the workflow.
func (r *PlanREST) mayRead(ctx context.Context, request engine.TemplateRequest) error {
	attributes := authorizer.AttributesRecord{
		Verb: "get", APIGroup: v1alpha1.GroupName, APIVersion: v1alpha1.Version, Name: request.Name, ResourceRequest: true,
	}
	switch request.Kind {
	case engine.RequestWorkflowTemplate:
		attributes.Resource, attributes.Namespace = "workflowtemplates", genericapirequest.NamespaceValue(ctx)
	case engine.RequestClusterWorkflowTemplate:
		attributes.Resource = "clusterworkflowtemplates"
	default:
		return nil
	}
	user, known := genericapirequest.UserFrom(ctx)
	if r.readers == nil || !known {
		return nil // a server without authorization
	}
	attributes.User = user
	decision, _, err := r.readers.Authorize(ctx, attributes)
	switch {
	case decision == authorizer.DecisionAllow:
		return nil
	case err != nil:
		return apierrors.NewInternalError(fmt.Errorf("may %s get %s %q: %w", user.GetName(), attributes.Resource, request.Name, err))
	}
	return apierrors.NewForbidden(v1alpha1.Resource(attributes.Resource), request.Name,
		fmt.Errorf("the plan would show it, and user %q does not have the right to get it", user.GetName()))
}
