package apiserver

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/install"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var (
	// Scheme knows the kinds that this server serves and stores.
	Scheme = runtime.NewScheme()
	// Codecs encode and decode them.
	Codecs = serializer.NewCodecFactory(Scheme)
	// ParameterCodec reads query parameters. Unlike the one of the meta package it knows the options of our subresources.
	ParameterCodec = runtime.NewParameterCodec(Scheme)

	// publishedScheme has the served version only. Kinds in the OpenAPI documents are named from it: the same Go types
	// are the internal version too, and `__internal` must not appear in what clients read.
	publishedScheme = runtime.NewScheme()
)

func init() {
	install.Install(Scheme)
	utilruntime.Must(v1alpha1.AddToScheme(publishedScheme))
	for _, scheme := range []*runtime.Scheme{Scheme, publishedScheme} {
		// The options of list, watch, delete and so on are decoded in version v1 of the empty group.
		metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
		scheme.AddUnversionedTypes(schema.GroupVersion{Version: "v1"},
			&metav1.Status{}, &metav1.APIVersions{}, &metav1.APIGroupList{}, &metav1.APIGroup{}, &metav1.APIResourceList{})
	}
}
