package apiserver

import (
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/shape"
)

// withPaths has errors of decoding name the fields that are of a wrong type by their paths, and all of them: decoders name the
// Go type of the first, and nothing at all inside of steps.
type withPaths struct{ runtime.NegotiatedSerializer }

// SupportedMediaTypes implements runtime.NegotiatedSerializer.
func (s withPaths) SupportedMediaTypes() []runtime.SerializerInfo {
	infos := s.NegotiatedSerializer.SupportedMediaTypes()
	for i := range infos {
		if infos[i].MediaType != runtime.ContentTypeJSON && infos[i].MediaType != runtime.ContentTypeYAML {
			continue
		}
		infos[i].Serializer = explaining{infos[i].Serializer}
		if infos[i].StrictSerializer != nil {
			infos[i].StrictSerializer = explaining{infos[i].StrictSerializer}
		}
	}
	return infos
}

// explaining is a serializer of JSON or YAML that says where it failed.
type explaining struct{ runtime.Serializer }

// Decode implements runtime.Decoder.
func (s explaining) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	object, actual, err := s.Serializer.Decode(data, defaults, into)
	if strict, ok := runtime.AsStrictDecodingError(err); ok && object != nil {
		return object, actual, suggesting(strict.Errors(), object)
	}
	if err == nil || runtime.IsStrictDecodingError(err) || runtime.IsNotRegisteredError(err) || runtime.IsMissingKind(err) || runtime.IsMissingVersion(err) {
		return object, actual, err
	}
	return object, actual, explain(err, data, actual, into)
}

func explain(err error, data []byte, actual *schema.GroupVersionKind, into runtime.Object) error {
	if actual == nil {
		return err
	}
	known, failed := Scheme.New(*actual)
	if failed != nil {
		// A kind of the machinery, such as a patch.
		if known = into; known == nil || reflect.ValueOf(known).IsNil() {
			return err
		}
	}
	document, failed := yaml.YAMLToJSON(data) // JSON is YAML
	if failed != nil {
		return err
	}
	return shape.Explain(err, document, known)
}

// suggesting adds to unknown fields which ones may have been meant.
func suggesting(errs []error, object runtime.Object) error {
	said := make([]error, len(errs))
	for i, err := range errs {
		said[i] = err
		if _, rest, ok := strings.Cut(err.Error(), `unknown field "`); ok {
			if meant := shape.DidYouMean(strings.TrimSuffix(rest, `"`), object); meant != "" {
				said[i] = fmt.Errorf("%w; did you mean %q?", err, meant)
			}
		}
	}
	return runtime.NewStrictDecodingError(said)
}
