package client

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Instance is the controller whose objects a client is for, by its instance ID; the empty one has none. Nil: all objects. Those
// of other controllers are then not found, and what is created gets the label of this one (OPS-19, CFG-05).
type Instance struct{ ID string }

// Label puts an object into the hands of the controller.
func (i *Instance) Label(object metav1.Object) {
	if i == nil {
		return
	}
	labels := object.GetLabels()
	if i.ID == "" {
		delete(labels, v1alpha1.LabelKeyControllerInstanceID)
	} else {
		if labels == nil {
			labels = map[string]string{}
		}
		labels[v1alpha1.LabelKeyControllerInstanceID] = i.ID
	}
	object.SetLabels(labels)
}

// only narrows a label selector to the objects of the controller.
func (i *Instance) only(selector string) string {
	if i == nil {
		return selector
	}
	own := v1alpha1.LabelKeyControllerInstanceID + "=" + i.ID
	if i.ID == "" {
		own = "!" + v1alpha1.LabelKeyControllerInstanceID
	}
	if selector != "" {
		own = selector + "," + own
	}
	return own
}

// check is the error for an object that another controller is in charge of.
func (i *Instance) check(resource schema.GroupResource, object metav1.Object) error {
	if i == nil {
		return nil
	}
	id := object.GetLabels()[v1alpha1.LabelKeyControllerInstanceID]
	if id == i.ID {
		return nil
	}
	err := apierrors.NewNotFound(resource, object.GetName())
	err.ErrStatus.Message += fmt.Sprintf(": it belongs to %s, and --instanceid says %s", (&Instance{id}).describe(), i.describe())
	return err
}

func (i *Instance) describe() string {
	if i.ID == "" {
		return "the controller without an instance ID"
	}
	return fmt.Sprintf("the controller with the instance ID %q", i.ID)
}

// require has the body of a verb say whose objects it is for; the server compares.
func (i *Instance) require(body any) {
	object, ok := body.(metav1.Object)
	if i == nil || !ok {
		return
	}
	labels := map[string]string{v1alpha1.LabelKeyControllerInstanceID: i.ID}
	for key, value := range object.GetLabels() {
		if _, own := labels[key]; !own {
			labels[key] = value
		}
	}
	object.SetLabels(labels)
}

// Own makes sure, before something is done that the server compares no labels for, that the object is one of the controller's.
// It returns the UID of the object that it looked at; empty when it did not need to.
func (c *Client) Own(ctx context.Context, resource, namespace, name string) (uid string, err error) {
	if c.Instance == nil {
		return "", nil
	}
	object, err := c.Metadata(ctx, resource, namespace, name)
	if err != nil {
		return "", err
	}
	return string(object.UID), c.Instance.check(c.groupResource(resource), object)
}

func (c *Client) groupResource(resource string) schema.GroupResource {
	return schema.GroupResource{Group: c.GroupVersion.Group, Resource: resource}
}
