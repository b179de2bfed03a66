// Package zstd compresses what the API server stores. Workflows and node pages are repetitive JSON: they shrink to a
// tenth.
package zstd

import (
	"bytes"
	"context"
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/storage/value"
)

// maxDecoded bounds what one value may grow to, against a damaged or hostile store.
const maxDecoded = 256 << 20

// magic begins every zstd frame. Uncompressed values are JSON and begin with a brace, encrypted ones with "k8s:enc:".
var magic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// Both are safe for concurrent use: EncodeAll and DecodeAll take one of a fixed number of workers from a pool inside.
var (
	encoder = must(zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)),
		zstd.WithLowerEncoderMem(true),
		// The frame then says how large its content is, and decoding allocates once.
		zstd.WithSingleSegment(true),
	))
	decoder = must(zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)),
		zstd.WithDecoderMaxMemory(maxDecoded),
	))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("zstd: invalid options: %v", err))
	}
	return v
}

// transformer compresses, then hands on to the transformer that encrypts: the other order would find nothing to compress.
type transformer struct {
	inner value.Transformer
}

var _ value.Transformer = transformer{}

// NewTransformer returns a transformer that compresses values before inner writes them and decompresses what inner
// read. Values stored before compression was on are returned as they are and reported stale, so that the next write
// compresses them. inner may be nil.
func NewTransformer(inner value.Transformer) value.Transformer {
	return transformer{inner: inner}
}

// TransformFromStorage implements value.Transformer.
func (t transformer) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	stale := false
	if t.inner != nil {
		var err error
		if data, stale, err = t.inner.TransformFromStorage(ctx, data, dataCtx); err != nil {
			return nil, stale, err
		}
	}
	if !bytes.HasPrefix(data, magic) {
		return data, true, nil
	}
	out, err := decoder.DecodeAll(data, nil)
	if err != nil {
		return nil, stale, fmt.Errorf("stored value of %s cannot be decompressed: %w", authenticatedData(dataCtx), err)
	}
	return out, stale, nil
}

// TransformToStorage implements value.Transformer.
func (t transformer) TransformToStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, error) {
	out := encoder.EncodeAll(data, make([]byte, 0, len(data)/4+64))
	if t.inner == nil {
		return out, nil
	}
	return t.inner.TransformToStorage(ctx, out, dataCtx)
}

// authenticatedData is the storage key for values of the API server's own storage.
func authenticatedData(dataCtx value.Context) string {
	if dataCtx == nil {
		return "an unknown key"
	}
	return string(dataCtx.AuthenticatedData())
}

type resourceTransformers struct {
	inner value.ResourceTransformers
}

// NewResourceTransformers adds compression to the transformers of every resource. inner, which may be nil, comes from
// an encryption configuration.
func NewResourceTransformers(inner value.ResourceTransformers) value.ResourceTransformers {
	return resourceTransformers{inner: inner}
}

// TransformerForResource implements value.ResourceTransformers.
func (r resourceTransformers) TransformerForResource(resource schema.GroupResource) value.Transformer {
	if r.inner == nil {
		return NewTransformer(nil)
	}
	return NewTransformer(r.inner.TransformerForResource(resource))
}
