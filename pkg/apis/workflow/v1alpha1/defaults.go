package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime"
)

// addDefaults registers the defaults of the Kubernetes types inside ours, such as the protocol of a container's port:
// they are part of the keys by which server-side apply tells list elements apart. Our own fields have no stored defaults.
// What is absent stays absent, because templateDefaults, a referenced template or the controller's settings may fill it.
func addDefaults(scheme *runtime.Scheme) error { return RegisterDefaults(scheme) }
