// Package memo spares the server decoding the same stored value several times. Each write decodes the value that it stored,
// to answer with it; a moment later the watch of the storage delivers the same value, which is decoded for the watch cache;
// and a deletion decodes it once more. Decoding costs ten times as much as copying what was decoded.
package memo

import (
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// largestValue is the size up to which values are remembered.
	largestValue = 256 << 10
	// generationBytes is how many bytes of encoded values a generation may have before a new one begins. Two are kept.
	generationBytes = 1 << 20
)

// Codec decodes like the codec that it is made from. A value is found by all of its bytes, so what is remembered never
// gets old.
type Codec struct {
	runtime.Codec

	mu         sync.Mutex
	size       int
	young, old map[string]decoded
}

var _ runtime.Codec = &Codec{}

// decoded is what a value decodes to. The object is never handed out, only copies of it.
type decoded struct {
	object runtime.Object
	kind   schema.GroupVersionKind
}

// NewCodec returns a codec that remembers what the given one decodes. That one must decode a value to the same object
// whatever it decodes into, as long as that is empty.
func NewCodec(codec runtime.Codec) *Codec {
	return &Codec{Codec: codec, young: map[string]decoded{}}
}

// Decode implements runtime.Decoder. As everywhere in the storage, into has to be empty if it is given.
func (c *Codec) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	if len(data) > largestValue || defaults != nil {
		return c.Codec.Decode(data, defaults, into)
	}
	if known, ok := c.recall(data); ok {
		if object, ok := known.copyInto(into); ok {
			kind := known.kind
			return object, &kind, nil
		}
	}
	object, kind, err := c.Codec.Decode(data, nil, into)
	if err == nil && kind != nil {
		c.remember(data, decoded{object: object.DeepCopyObject(), kind: *kind})
	}
	return object, kind, err
}

// copyInto returns a copy, in the object that is given if there is one. It fails when that has another type.
func (d decoded) copyInto(into runtime.Object) (runtime.Object, bool) {
	if into == nil {
		return d.object.DeepCopyObject(), true
	}
	if reflect.TypeOf(into) != reflect.TypeOf(d.object) || reflect.ValueOf(into).Kind() != reflect.Pointer {
		return nil, false
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(d.object.DeepCopyObject()).Elem())
	return into, true
}

func (c *Codec) recall(data []byte) (decoded, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.young[string(data)]; ok {
		return known, true
	}
	known, ok := c.old[string(data)]
	return known, ok
}

func (c *Codec) remember(data []byte, value decoded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size+len(data) > generationBytes {
		c.young, c.old, c.size = map[string]decoded{}, c.young, 0
	}
	c.young[string(data)] = value
	c.size += len(data)
}
