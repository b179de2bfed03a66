package verb

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/admit"
	"fairlead.dev/fairlead/pkg/registry/workflow/managers"
)

// auditCreated is the audit annotation that names what a verb created.
const auditCreated = "fairlead.dev/created-workflow"

// nameAttempts is how often a name is made up before the creation is given up.
const nameAttempts = 8

// Creation creates workflows that are derived from something else: a template, a cron workflow, another workflow. It does so
// as if the user had created them: with the user's right to create workflows, and through admission as `workflows`, so that
// quotas count them and policies and webhooks see them.
type Creation struct {
	// Workflows stores. Required.
	Workflows rest.Creater
	// Scheme sets the defaults that a decoded workflow would have. Required.
	Scheme *runtime.Scheme
	// Authorizer knows who may create workflows. Required.
	Authorizer authorizer.Authorizer
	// Admission is the server's; nil: nobody is asked.
	Admission *admit.Chain
	// Managers notes by which program; nil: it is not noted.
	Managers *managers.Recorder
}

// Create stores a workflow in its namespace and notes it in the audit log. by is the subresource, for messages.
func (c *Creation) Create(ctx context.Context, wf *v1alpha1.Workflow, by string, options *metav1.CreateOptions) (*v1alpha1.Workflow, error) {
	created, err := c.createOne(ctx, wf, by, options)
	if err == nil {
		audit.AddAuditAnnotation(ctx, auditCreated, created.Namespace+"/"+created.Name)
	}
	return created, err
}

// createOne stores one of possibly many workflows of a request.
func (c *Creation) createOne(ctx context.Context, wf *v1alpha1.Workflow, by string, options *metav1.CreateOptions) (*v1alpha1.Workflow, error) {
	ctx = genericapirequest.WithNamespace(ctx, wf.Namespace)
	if err := c.Authorize(ctx, wf.Namespace, wf.Name, by); err != nil {
		return nil, err
	}
	c.Scheme.Default(wf)
	c.Managers.Created(ctx, wf, options.FieldManager)
	validate, err := c.Admission.Create(ctx, wf, options)
	if err != nil {
		return nil, err
	}
	created, err := c.Workflows.Create(ctx, wf, validate, options)
	if err != nil {
		return nil, err
	}
	stored, ok := created.(*v1alpha1.Workflow)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("the storage of workflows answered with a %T", created))
	}
	return stored, nil
}

// Authorize finds out whether the user of the request may create workflows in a namespace. A right to a subresource that
// creates them does not stand for it.
func (c *Creation) Authorize(ctx context.Context, namespace, name, by string) error {
	user, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return apierrors.NewUnauthorized("nobody is asking")
	}
	decision, reason, err := c.Authorizer.Authorize(ctx, authorizer.AttributesRecord{
		User: user, Verb: "create", Namespace: namespace, APIGroup: v1alpha1.GroupName, APIVersion: v1alpha1.Version,
		Resource: "workflows", ResourceRequest: true,
	})
	if decision == authorizer.DecisionAllow {
		return nil
	}
	if err != nil {
		return apierrors.NewInternalError(fmt.Errorf("may %s create workflows in namespace %s: %w", user.GetName(), namespace, err))
	}
	message := fmt.Errorf("%s creates a workflow, which takes the right to create workflows in namespace %q as well, and user %q does not have it", by, namespace, user.GetName())
	if reason != "" {
		message = fmt.Errorf("%w: %s", message, reason)
	}
	return apierrors.NewForbidden(v1alpha1.Resource("workflows"), name, message)
}

// CreateNamed makes up a name from a prefix and has a workflow of that name built and created; when the name is taken,
// another one. A workflow that brings nodes needs its name before it is stored.
func (c *Creation) CreateNamed(ctx context.Context, prefix, by string, options *metav1.CreateOptions, build func(name string) (*v1alpha1.Workflow, error)) (*v1alpha1.Workflow, error) {
	for attempt := 1; ; attempt++ {
		wf, err := build(names.SimpleNameGenerator.GenerateName(prefix))
		if err != nil {
			return nil, err
		}
		created, err := c.Create(ctx, wf, by, options)
		if !apierrors.IsAlreadyExists(err) || attempt == nameAttempts {
			return created, err
		}
	}
}
