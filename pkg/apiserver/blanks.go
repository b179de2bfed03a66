package apiserver

import (
	"bytes"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
)

// withoutBlanks leaves out of JSON what the Go types of Kubernetes write for fields that nobody set: the name of a container
// that has none, its resources, the status of a claim template. A deployment tool that compares lists as a whole with what it
// has in Git, as Argo CD does with kinds that it has no types of, would otherwise see a difference in every template and apply
// it for ever.
type withoutBlanks struct{ runtime.NegotiatedSerializer }

// SupportedMediaTypes implements runtime.NegotiatedSerializer.
func (s withoutBlanks) SupportedMediaTypes() []runtime.SerializerInfo {
	infos := s.NegotiatedSerializer.SupportedMediaTypes()
	for i := range infos {
		if infos[i].MediaType != runtime.ContentTypeJSON {
			continue
		}
		infos[i].Serializer = blankless{infos[i].Serializer}
		if stream := infos[i].StreamSerializer; stream != nil {
			replaced := *stream
			replaced.Serializer = blankless{stream.Serializer}
			infos[i].StreamSerializer = &replaced
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

// blanks are the members that are left out. Within a string its quotes would be escaped, so that such bytes are always a member.
var blanks = [][]byte{[]byte(`"name":""`), []byte(`"resources":{}`), []byte(`"status":{}`)}

// dropBlanks returns JSON without the blanks; it is the same slice when there are none.
func dropBlanks(data []byte) []byte {
	next := make([]int, len(blanks))
	for i := range blanks {
		next[i] = bytes.Index(data, blanks[i])
	}
	var out []byte
	for from := 0; ; {
		first := -1
		for i := range next {
			if next[i] >= 0 && (first < 0 || next[i] < next[first]) {
				first = i
			}
		}
		if first < 0 {
			if out == nil {
				return data
			}
			return append(out, data[from:]...)
		}
		if out == nil {
			out = make([]byte, 0, len(data))
		}
		at, end := next[first], next[first]+len(blanks[first])
		out = append(out, data[from:at]...)
		switch {
		case end < len(data) && data[end] == ',':
			end++
		case len(out) > 0 && out[len(out)-1] == ',':
			out = out[:len(out)-1]
		}
		from = end
		if next[first] = bytes.Index(data[from:], blanks[first]); next[first] >= 0 {
			next[first] += from
		}
	}
}
