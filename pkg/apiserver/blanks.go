package apiserver

import (
	"io"

	"k8s.io/apimachinery/pkg/runtime"
)

// withoutBlanks leaves out of JSON what the Go types of Kubernetes write for fields that nobody set: the name of a container
// that has none, its resources, the status of a claim template. A deployment tool that compares lists as a whole with what it
// has in Git, as Argo CD does with kinds that it has no types of, would otherwise see a difference in every template and apply
// it for ever.
type withoutBlanks struct{ runtime.NegotiatedSerializer }

// SupportedMediaTypes implements runtime.NegotiatedSerializer. The serializers of streams stay: they write watch events around
// objects that were encoded before.
func (s withoutBlanks) SupportedMediaTypes() []runtime.SerializerInfo {
	infos := s.NegotiatedSerializer.SupportedMediaTypes()
	for i := range infos {
		if infos[i].MediaType == runtime.ContentTypeJSON {
			infos[i].Serializer = blankless{infos[i].Serializer}
		}
	}
	return infos
}

// blankless is a JSON serializer that writes no blanks.
type blankless struct{ runtime.Serializer }

// Encode implements runtime.Encoder.
func (s blankless) Encode(object runtime.Object, w io.Writer) error {
	if shared, ok := object.(runtime.CacheableObject); ok {
		return shared.CacheEncode(s.Identifier(), s.encode, w)
	}
	return s.encode(object, w)
}

func (s blankless) encode(object runtime.Object, w io.Writer) error {
	return s.Serializer.Encode(object, blankFilter{w})
}

// Identifier implements runtime.Encoder: what is encoded here is not what the serializer beneath encodes.
func (s blankless) Identifier() runtime.Identifier {
	return "blankless," + s.Serializer.Identifier()
}

// blankFilter takes blanks out of what is written. The serializer writes each object, and each item of a list, at once, so that
// no member of an object is split between two writes.
type blankFilter struct{ w io.Writer }

// Write implements io.Writer.
func (f blankFilter) Write(p []byte) (int, error) {
	if _, err := f.w.Write(dropBlanks(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
