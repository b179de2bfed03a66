package zstd

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/storage/value"
)

var key = value.DefaultContext("/registry/workflows/ns/a")

func TestRoundTrip(t *testing.T) {
	for _, tc := range []struct{ name, in string }{
		{"empty", ""},
		{"small", `{}`},
		{"repetitive", `{"nodes":"` + strings.Repeat("Succeeded,", 10_000) + `"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			transformer := NewTransformer(nil)
			stored, err := transformer.TransformToStorage(t.Context(), []byte(tc.in), key)
			if err != nil {
				t.Fatal(err)
			}
			if len(tc.in) > 1000 && len(stored)*10 > len(tc.in) {
				t.Errorf("%d bytes became %d", len(tc.in), len(stored))
			}
			out, stale, err := transformer.TransformFromStorage(t.Context(), stored, key)
			if err != nil || stale || string(out) != tc.in {
				t.Errorf("got %.40q, stale %v, error %v", out, stale, err)
			}
		})
	}
}

func TestUncompressedValueIsStale(t *testing.T) {
	out, stale, err := NewTransformer(nil).TransformFromStorage(t.Context(), []byte(`{"kind":"Workflow"}`), key)
	if err != nil || !stale || string(out) != `{"kind":"Workflow"}` {
		t.Errorf("got %q, stale %v, error %v", out, stale, err)
	}
}

func TestDamagedValue(t *testing.T) {
	_, _, err := NewTransformer(nil).TransformFromStorage(t.Context(), append(bytes.Clone(magic), "damaged"...), key)
	if err == nil || !strings.Contains(err.Error(), string(key)) {
		t.Errorf("want an error that names the key, got %v", err)
	}
}

// prefixer stands for encryption: it shows in which order the layers ran.
type prefixer struct{ resource string }

func (p prefixer) TransformFromStorage(_ context.Context, data []byte, _ value.Context) ([]byte, bool, error) {
	return bytes.TrimPrefix(data, []byte("enc:"+p.resource+":")), false, nil
}

func (p prefixer) TransformToStorage(_ context.Context, data []byte, _ value.Context) ([]byte, error) {
	return append([]byte("enc:"+p.resource+":"), data...), nil
}

func (p prefixer) TransformerForResource(resource schema.GroupResource) value.Transformer {
	return prefixer{resource: resource.Resource}
}

func TestCompressesBeforeEncrypting(t *testing.T) {
	transformer := NewResourceTransformers(prefixer{}).TransformerForResource(schema.GroupResource{Resource: "workflows"})
	stored, err := transformer.TransformToStorage(t.Context(), []byte(`{}`), key)
	if err != nil {
		t.Fatal(err)
	}
	compressed, ok := bytes.CutPrefix(stored, []byte("enc:workflows:"))
	if !ok || !bytes.HasPrefix(compressed, magic) {
		t.Errorf("want an encrypted zstd frame, got %q", stored)
	}
	out, _, err := transformer.TransformFromStorage(t.Context(), stored, key)
	if err != nil || string(out) != `{}` {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestWithoutEncryption(t *testing.T) {
	if NewResourceTransformers(nil).TransformerForResource(schema.GroupResource{}) == nil {
		t.Error("want a transformer")
	}
}

func TestConcurrentUse(t *testing.T) {
	transformer := NewTransformer(nil)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			in := []byte(strings.Repeat(string(rune('a'+i)), 50_000))
			for range 20 {
				stored, err := transformer.TransformToStorage(t.Context(), in, key)
				if err != nil {
					t.Error(err)
					return
				}
				out, _, err := transformer.TransformFromStorage(t.Context(), stored, key)
				if err != nil || !bytes.Equal(in, out) {
					t.Errorf("mixed up values: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
}
