// Package install registers the workflow API in the scheme of a server.
package install

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// InternalGroupVersion is the version that the generic server works with in memory. It is never served.
var InternalGroupVersion = schema.GroupVersion{Group: v1alpha1.GroupName, Version: runtime.APIVersionInternal}

// Install registers v1alpha1 as the version that is served and stored, and the same Go types as the internal version.
// Converting from one to the other only changes apiVersion and kind in place, so there is no conversion code; an object
// that is shared (from a lister, say) has to be copied before it is encoded.
func Install(scheme *runtime.Scheme) {
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	scheme.AddKnownTypes(InternalGroupVersion, v1alpha1.KnownTypes()...)
	utilruntime.Must(scheme.SetVersionPriority(v1alpha1.SchemeGroupVersion))
}
