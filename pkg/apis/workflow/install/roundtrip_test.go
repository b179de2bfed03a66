package install

import (
	"math/rand"
	"testing"

	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/apitesting/roundtrip"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeserializer "k8s.io/apimachinery/pkg/runtime/serializer"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Every kind keeps every field through copying, converting, encoding and decoding, from the internal version and from
// the served one. (JSON is the only encoding of this API.)
func TestRoundTrip(t *testing.T) {
	scheme := runtime.NewScheme()
	Install(scheme)
	codecs := runtimeserializer.NewCodecFactory(scheme)
	// NodesOptions and LogOptions are query parameters and have no encoded form of their own to keep; they still pass.
	funcs := fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, fuzzerFuncs, defaultingFuncs(scheme))
	filler := fuzzer.FuzzerFor(funcs, rand.NewSource(rand.Int63()), codecs)
	roundtrip.RoundTripTypesWithoutProtobuf(t, scheme, codecs, filler, nil)
	for gvk := range scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || roundtrip.GlobalNonRoundTrippableTypes().Has(gvk.Kind) {
			continue
		}
		t.Run(gvk.Kind, func(t *testing.T) {
			roundtrip.RoundTripSpecificKindWithoutProtobuf(t, gvk, scheme, codecs, filler, nil)
		})
	}
}

// The served version and the internal one are the same Go types, so a conversion changes nothing but the version.
func TestInternalIsExternal(t *testing.T) {
	scheme := runtime.NewScheme()
	Install(scheme)
	for kind, internal := range scheme.KnownTypes(InternalGroupVersion) {
		if roundtrip.GlobalNonRoundTrippableTypes().Has(kind) {
			continue // the machinery's own, such as WatchEvent
		}
		external, found := scheme.KnownTypes(v1alpha1.SchemeGroupVersion)[kind]
		if !found || external != internal {
			t.Errorf("%s is %v internally and %v externally", kind, internal, external)
		}
	}
	if got := scheme.PrioritizedVersionsForGroup(v1alpha1.GroupName); len(got) != 1 || got[0] != v1alpha1.SchemeGroupVersion {
		t.Errorf("served versions: %v", got)
	}
}
