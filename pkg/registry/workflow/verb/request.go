package verb

import (
	"context"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// Options is the body of a verb.
type Options interface {
	runtime.Object
	metav1.Object
}

// endpoint is what the storage of every verb has to say about itself.
type endpoint[T Options] struct {
	// body makes an empty body, result is an empty answer, for OpenAPI.
	body   func() T
	result any
}

// New returns the body of POST.
func (e endpoint[T]) New() runtime.Object { return e.body() }

// Destroy does nothing: the storage belongs to the resource itself.
func (e endpoint[T]) Destroy() {}

// PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate is true: the UID in the body is a precondition.
func (e endpoint[T]) PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate() bool { return true }

// ProducesMIMETypes adds none to those that every endpoint has.
func (e endpoint[T]) ProducesMIMETypes(string) []string { return nil }

// ProducesObject tells OpenAPI what the verb answers.
func (e endpoint[T]) ProducesObject(string) any { return e.result }

// request reads the body of a verb: admission has seen it, it names the object of the URL, and check finds nothing wrong.
func (e endpoint[T]) request(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, check func(T) field.ErrorList) (T, storage.Precondition, error) {
	options, ok := object.(T)
	if !ok {
		return options, storage.Precondition{}, apierrors.NewBadRequest(fmt.Sprintf("not the body of this subresource: %T", object))
	}
	if validate != nil {
		if err := validate(ctx, object); err != nil {
			return options, storage.Precondition{}, err
		}
	}
	var errs field.ErrorList
	if options.GetName() != "" && options.GetName() != name {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), options.GetName(), "must be the name in the URL, "+name))
	}
	if check != nil {
		errs = append(errs, check(options)...)
	}
	if len(errs) > 0 {
		return options, storage.Precondition{}, apierrors.NewInvalid(v1alpha1.Kind(kindOf(options)), name, errs)
	}
	return options, storage.PreconditionOf(options), nil
}

// kindOf is the kind of a body, for messages: its type is named like it.
func kindOf(options Options) string { return reflect.TypeOf(options).Elem().Name() }

// notNow refuses what the state of a workflow does not allow. The same request may be right at another time.
func notNow(workflow *v1alpha1.Workflow, err error) error {
	return apierrors.NewConflict(v1alpha1.Resource("workflows"), workflow.Name, err)
}

// selectorOf reads a node field selector.
func selectorOf(text string) (lifecycle.Selector, field.ErrorList) {
	selector, err := lifecycle.ParseSelector(text)
	if err != nil {
		return selector, field.ErrorList{field.Invalid(field.NewPath("nodeFieldSelector"), text, err.Error())}
	}
	return selector, nil
}

// checkParameters finds parameters that are not `name=value`.
func checkParameters(path *field.Path, pairs []string) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, pair := range pairs {
		name, _, ok := cutPair(pair)
		switch {
		case !ok:
			errs = append(errs, field.Invalid(path.Index(i), pair, "must be name=value"))
		case seen[name]:
			errs = append(errs, field.Duplicate(path.Index(i), name))
		}
		seen[name] = true
	}
	return errs
}
