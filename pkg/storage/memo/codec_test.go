package memo

import (
	"bytes"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// counting counts what is really decoded.
type counting struct {
	runtime.Codec
	decodings int
}

// Decode implements runtime.Decoder.
func (c *counting) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	c.decodings++
	return c.Codec.Decode(data, defaults, into)
}

func newTestCodec() (*Codec, *counting) {
	info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeJSON)
	version := corev1.SchemeGroupVersion
	inner := &counting{Codec: scheme.Codecs.CodecForVersions(info.Serializer, info.Serializer, version, version)}
	return NewCodec(inner), inner
}

func encode(t *testing.T, c runtime.Codec, object runtime.Object) []byte {
	t.Helper()
	data, err := runtime.Encode(c, object)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func secret(name, value string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string][]byte{"key": []byte(value)}}
}

func TestValuesAreDecodedOnce(t *testing.T) {
	c, inner := newTestCodec()
	data := encode(t, c, secret("a", "one"))
	// What one caller does to its object is not seen by the next.
	for i := range 4 {
		var into runtime.Object
		if i%2 == 1 {
			into = &corev1.Secret{}
		}
		object, kind, err := c.Decode(bytes.Clone(data), nil, into)
		if err != nil || kind.Kind != "Secret" || into != nil && object != into {
			t.Fatalf("%d: %v, %v, %v", i, object, kind, err)
		}
		got := object.(*corev1.Secret)
		if got.Name != "a" || string(got.Data["key"]) != "one" || got.ResourceVersion != "" {
			t.Fatalf("%d: decoded %+v", i, got)
		}
		got.Name, got.ResourceVersion, got.Data["key"][0] = "changed", "7", 'X'
		kind.Kind = "changed"
	}
	if inner.decodings != 1 {
		t.Errorf("decoded %d times, want once", inner.decodings)
	}
	if object, _, err := c.Decode(encode(t, c, secret("a", "two")), nil, nil); err != nil || string(object.(*corev1.Secret).Data["key"]) != "two" {
		t.Errorf("another value decodes to %v, %v", object, err)
	}
}

func TestWhatCannotBeRemembered(t *testing.T) {
	c, inner := newTestCodec()
	data := encode(t, c, secret("a", "one"))
	for range 2 {
		if _, _, err := c.Decode([]byte("{"), nil, nil); err == nil {
			t.Error("no error")
		}
		if _, _, err := c.Decode(data, nil, &corev1.ConfigMap{}); err == nil {
			t.Error("a Secret was decoded into a ConfigMap")
		}
	}
	if inner.decodings != 4 {
		t.Errorf("decoded %d times, want each time", inner.decodings)
	}
	large := encode(t, c, secret("large", string(make([]byte, largestValue))))
	for range 2 {
		if _, _, err := c.Decode(large, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if inner.decodings != 6 || len(c.young) != 0 {
		t.Errorf("decoded %d times, %d values are remembered", inner.decodings, len(c.young))
	}
}

// However many values there are, memory is bounded, and what came last is remembered.
func TestOldValuesAreForgotten(t *testing.T) {
	c, inner := newTestCodec()
	first := encode(t, c, secret("first", "value"))
	decode := func(data []byte) {
		t.Helper()
		if _, _, err := c.Decode(data, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	decode(first)
	filler := string(make([]byte, 100<<10))
	var last []byte
	for i := range 40 {
		last = encode(t, c, secret(fmt.Sprint(i), filler))
		decode(last)
		if c.size > generationBytes {
			t.Fatalf("a generation has %d bytes", c.size)
		}
	}
	before := inner.decodings
	decode(last)
	if inner.decodings != before {
		t.Error("the last value was forgotten")
	}
	decode(first)
	if inner.decodings != before+1 {
		t.Error("the first value is still remembered")
	}
}
