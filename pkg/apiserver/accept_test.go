package apiserver

import (
	"testing"
)

func TestAcceptsHeadersOnly(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                 false,
		"application/json": false,
		"application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json": true,
		"application/json;g=meta.k8s.io;v=v1; as=PartialObjectMetadata":                                                   true,
		"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1":                                                true,
		"application/json, application/json;as=Table;v=v1;g=meta.k8s.io":                                                  false,
		"application/json;as=Else": false,
	} {
		if got := acceptsHeadersOnly([]string{accept}); got != want {
			t.Errorf("%q: got %v", accept, got)
		}
	}
}
