package verb

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// source is what workflows are submitted from.
type source struct {
	// resource is its plural name.
	resource string
	// workflow makes a workflow out of a stored object, in the object's namespace, and gives the object's spec.
	workflow func(object runtime.Object, options *v1alpha1.SubmitOptions) (*v1alpha1.Workflow, *v1alpha1.WorkflowSpec)
	// clusterScoped objects leave the namespace to the options.
	clusterScoped bool
	// scheduled: the workflows have a scheduled time.
	scheduled bool
}

// SubmitREST is the subresource submit of templates and cron workflows (OPS-02, OPS-03).
type SubmitREST struct {
	endpoint[*v1alpha1.SubmitOptions]
	source
	objects    rest.Getter
	creation   *Creation
	references *kind.References
}

var _ rest.NamedCreater = &SubmitREST{}

func newSubmitREST(objects rest.Getter, creation *Creation, references *kind.References, source source) *SubmitREST {
	return &SubmitREST{
		endpoint: endpoint[*v1alpha1.SubmitOptions]{func() *v1alpha1.SubmitOptions { return &v1alpha1.SubmitOptions{} }, v1alpha1.Workflow{}},
		source:   source, objects: objects, creation: creation, references: references,
	}
}

// NewTemplateSubmitREST returns workflowtemplates/submit.
func NewTemplateSubmitREST(templates rest.Getter, creation *Creation, references *kind.References) *SubmitREST {
	return newSubmitREST(templates, creation, references, source{resource: "workflowtemplates", workflow: fromTemplate})
}

// NewClusterTemplateSubmitREST returns clusterworkflowtemplates/submit.
func NewClusterTemplateSubmitREST(templates rest.Getter, creation *Creation, references *kind.References) *SubmitREST {
	return newSubmitREST(templates, creation, references, source{resource: "clusterworkflowtemplates", workflow: fromClusterTemplate, clusterScoped: true})
}

// NewCronSubmitREST returns cronworkflows/submit.
func NewCronSubmitREST(crons rest.Getter, creation *Creation, references *kind.References) *SubmitREST {
	return newSubmitREST(crons, creation, references, source{resource: "cronworkflows", workflow: fromCron, scheduled: true})
}

// Create makes a workflow and answers with it.
func (r *SubmitREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	body, precondition, err := r.request(ctx, name, object, validate, r.check)
	if err != nil {
		return nil, err
	}
	found, err := r.get(ctx, name, precondition)
	if err != nil {
		return nil, err
	}
	wf, spec := r.workflow(found, body)
	if wf.Namespace == "" {
		wf.Namespace = body.Namespace
	}
	if body.Namespace != "" && body.Namespace != wf.Namespace {
		return nil, apierrors.NewInvalid(v1alpha1.Kind("SubmitOptions"), name, field.ErrorList{
			field.Invalid(field.NewPath("namespace"), body.Namespace, "must be that of the template, "+wf.Namespace),
		})
	}
	artifacts, err := r.artifacts(ctx, wf.Namespace, spec, body)
	if err != nil {
		return nil, apierrors.NewConflict(v1alpha1.Resource(r.resource), name, err)
	}
	if errs := applySubmission(wf, artifacts, body); len(errs) > 0 {
		return nil, apierrors.NewInvalid(v1alpha1.Kind("SubmitOptions"), name, errs)
	}
	return answer(r.creation.Create(ctx, wf, r.resource+"/submit", options))
}

func (r *SubmitREST) check(o *v1alpha1.SubmitOptions) field.ErrorList {
	errs := checkSubmission(o)
	if r.clusterScoped && o.Namespace == "" {
		errs = append(errs, field.Required(field.NewPath("namespace"), "where to create the workflow"))
	}
	if o.ScheduledTime != nil && !r.scheduled {
		errs = append(errs, field.Forbidden(field.NewPath("scheduledTime"), "only workflows of cron workflows have one"))
	}
	return errs
}

// artifacts are the arguments that options may give keys to: those of the object, and of the template that it refers to
// (V-235).
func (r *SubmitREST) artifacts(ctx context.Context, namespace string, spec *v1alpha1.WorkflowSpec, o *v1alpha1.SubmitOptions) (v1alpha1.Artifacts, error) {
	declared, ref, lookup := spec.Arguments.Artifacts, spec.WorkflowTemplateRef, r.references.Lookup(ctx)
	if len(o.Artifacts) == 0 || ref == nil || lookup == nil {
		return declared, nil
	}
	var referred *v1alpha1.WorkflowSpec
	if ref.ClusterScope {
		template, err := lookup.ClusterWorkflowTemplate(ref.Name)
		if err != nil {
			return nil, fmt.Errorf("its workflowTemplateRef: %w", err)
		}
		referred = &template.Spec
	} else {
		template, err := lookup.WorkflowTemplate(namespace, ref.Name)
		if err != nil {
			return nil, fmt.Errorf("its workflowTemplateRef: %w", err)
		}
		referred = &template.Spec
	}
	// The first of a name counts, as what a workflow says wins over its template.
	return slices.Concat(declared, referred.Arguments.Artifacts), nil
}

// get reads the object and compares it with the precondition.
func (r *SubmitREST) get(ctx context.Context, name string, precondition storage.Precondition) (runtime.Object, error) {
	found, err := r.objects.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if err := precondition.Check(r.resource, found.(metav1.Object)); err != nil {
		return nil, err
	}
	return found, nil
}
