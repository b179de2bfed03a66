// Package admit has admission asked about what subresources store on behalf of a user: as of a write of the object itself, so
// that no verb brings about what a policy forbids.
package admit

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Object is what is written.
type Object interface {
	runtime.Object
	metav1.Object
}

// Chain asks the admission plugins of the server: quota, policies, webhooks. Nil asks nobody.
type Chain struct {
	plugins admission.Interface
	scheme  *runtime.Scheme
}

// NewChain asks these plugins; nil when there are none.
func NewChain(plugins admission.Interface, scheme *runtime.Scheme) *Chain {
	if plugins == nil {
		return nil
	}
	return &Chain{plugins: admission.WithAudit(plugins), scheme: scheme}
}

// resource is how plugins know a kind.
type resource struct {
	gvk schema.GroupVersionKind
	gvr schema.GroupVersionResource
}

func resourceOf(object runtime.Object) resource {
	if _, ok := object.(*v1alpha1.CronWorkflow); ok {
		return resource{v1alpha1.SchemeGroupVersion.WithKind("CronWorkflow"), v1alpha1.SchemeGroupVersion.WithResource("cronworkflows")}
	}
	return resource{v1alpha1.SchemeGroupVersion.WithKind("Workflow"), v1alpha1.SchemeGroupVersion.WithResource("workflows")}
}

// Create has plugins change a new object, and returns how its storage has them judge it.
func (c *Chain) Create(ctx context.Context, object Object, options *metav1.CreateOptions) (rest.ValidateObjectFunc, error) {
	r := resourceOf(object)
	object.GetObjectKind().SetGroupVersionKind(r.gvk)
	if c == nil {
		return rest.ValidateAllObjectFunc, nil
	}
	user, _ := genericapirequest.UserFrom(ctx)
	attributes := admission.NewAttributesRecord(object, nil, r.gvk, object.GetNamespace(), object.GetName(), r.gvr, "",
		admission.Create, options, dryrun.IsDryRun(options.DryRun), user)
	if err := c.mutate(ctx, attributes); err != nil {
		return nil, err
	}
	return rest.AdmissionToValidateObjectFunc(c.plugins, attributes, c.objects()), nil
}

// Mutate has plugins change an object that is about to replace the stored one.
func (c *Chain) Mutate(ctx context.Context, object, stored Object, options *metav1.UpdateOptions) error {
	if c == nil {
		return nil
	}
	return c.mutate(ctx, c.update(ctx, object, stored, options))
}

// Update returns how the storage has plugins judge the update of an object of this kind. The object itself comes later.
func (c *Chain) Update(ctx context.Context, kind Object, name string, options *metav1.UpdateOptions) rest.ValidateObjectUpdateFunc {
	if c == nil {
		return rest.ValidateAllObjectUpdateFunc
	}
	r := resourceOf(kind)
	user, _ := genericapirequest.UserFrom(ctx)
	attributes := admission.NewAttributesRecord(nil, nil, r.gvk, genericapirequest.NamespaceValue(ctx), name, r.gvr, "",
		admission.Update, options, dryrun.IsDryRun(options.DryRun), user)
	return rest.AdmissionToValidateObjectUpdateFunc(c.plugins, attributes, c.objects())
}

func (c *Chain) update(ctx context.Context, object, stored Object, options *metav1.UpdateOptions) admission.Attributes {
	r := resourceOf(object)
	user, _ := genericapirequest.UserFrom(ctx)
	return admission.NewAttributesRecord(object, stored, r.gvk, stored.GetNamespace(), stored.GetName(), r.gvr, "",
		admission.Update, options, dryrun.IsDryRun(options.DryRun), user)
}

func (c *Chain) mutate(ctx context.Context, attributes admission.Attributes) error {
	plugins, ok := c.plugins.(admission.MutationInterface)
	if !ok || !plugins.Handles(attributes.GetOperation()) {
		return nil
	}
	return plugins.Admit(ctx, attributes, c.objects())
}

func (c *Chain) objects() admission.ObjectInterfaces {
	return admission.NewObjectInterfacesFromScheme(c.scheme)
}
