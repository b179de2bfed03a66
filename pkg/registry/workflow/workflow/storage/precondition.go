package storage

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Precondition is what an object has to be so that something is done to it; empty fields ask nothing.
type Precondition struct {
	UID             types.UID
	ResourceVersion string
	// Instance is which controller has to be in charge of the object, "" the one without an ID; nil: any (OPS-19).
	Instance *string
}

// PreconditionOf reads the metadata in the body of a verb.
func PreconditionOf(body metav1.Object) Precondition {
	p := Precondition{UID: body.GetUID(), ResourceVersion: body.GetResourceVersion()}
	if id, ok := body.GetLabels()[v1alpha1.LabelKeyControllerInstanceID]; ok {
		p.Instance = &id
	}
	return p
}

// Check compares a stored object of a resource with what is asked of it.
func (p Precondition) Check(resource string, object metav1.Object) error {
	conflict := func(what, stored, wanted string) error {
		return apierrors.NewConflict(v1alpha1.Resource(resource), object.GetName(),
			fmt.Errorf("it has %s %s, and the request is for %s", what, stored, wanted))
	}
	switch id := object.GetLabels()[v1alpha1.LabelKeyControllerInstanceID]; {
	case p.Instance != nil && *p.Instance != id:
		err := apierrors.NewNotFound(v1alpha1.Resource(resource), object.GetName())
		err.ErrStatus.Message += fmt.Sprintf(": it belongs to the controller with instance ID %q, and the request is for %q", id, *p.Instance)
		return err
	case p.UID != "" && p.UID != object.GetUID():
		return conflict("UID", string(object.GetUID()), string(p.UID))
	case p.ResourceVersion != "" && p.ResourceVersion != object.GetResourceVersion():
		return conflict("resource version", object.GetResourceVersion(), p.ResourceVersion)
	}
	return nil
}
