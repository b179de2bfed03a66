// Package wire decodes the JSON of watches in fewer passes over it. Machinery that has to take JSON from anybody reads an
// event five times: to find its end, its kind, and the object in it, and that object's kind, before it is decoded. What API
// servers write begins with type or kind, so all of that can be seen at the beginning; of other JSON the machinery takes
// care as ever.
package wire

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/json"
)

// codecs are those of a client with serializers for JSON that look at the beginning first.
type codecs struct {
	runtime.NegotiatedSerializer
	scheme *runtime.Scheme
}

// NewCodecs returns codecs that decode to the same objects as the given ones, which have to be those of a client: without
// conversion and not strict. The scheme knows the types.
func NewCodecs(scheme *runtime.Scheme, inner runtime.NegotiatedSerializer) runtime.NegotiatedSerializer {
	return codecs{inner, scheme}
}

// SupportedMediaTypes implements runtime.NegotiatedSerializer.
func (c codecs) SupportedMediaTypes() []runtime.SerializerInfo {
	infos := slices.Clone(c.NegotiatedSerializer.SupportedMediaTypes())
	for i := range infos {
		info := &infos[i]
		if info.MediaType != runtime.ContentTypeJSON {
			continue
		}
		info.Serializer = serializer{info.Serializer, c.scheme}
		if info.StreamSerializer != nil {
			stream := *info.StreamSerializer
			stream.Serializer = serializer{stream.Serializer, c.scheme}
			info.StreamSerializer = &stream
		}
	}
	return infos
}

// serializer decodes JSON of a known form by itself and leaves the rest to the one that it is made from.
type serializer struct {
	runtime.Serializer
	scheme *runtime.Scheme
}

// Decode implements runtime.Decoder. NOTE: the object of a metav1.WatchEvent is a part of data, not a copy: whoever reads
// from a stream decodes it before reading on.
func (s serializer) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	if event, ok := into.(*metav1.WatchEvent); ok {
		if kind, object, ok := eventOf(data); ok {
			event.Type, event.Object = kind, runtime.RawExtension{Raw: object}
			return event, &schema.GroupVersionKind{Version: "v1", Kind: "WatchEvent"}, nil
		}
	} else if kind, ok := kindOf(data); ok && s.scheme.Recognizes(kind) {
		if object, err := runtime.UseOrCreateObject(s.scheme, s.scheme, kind, into); err == nil {
			if err := json.UnmarshalCaseSensitivePreserveInts(data, object); err != nil {
				return nil, &kind, err
			}
			return object, &kind, nil
		}
	}
	return s.Serializer.Decode(data, defaults, into)
}
