package storage

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// maxDecompressed bounds what compressed nodes may grow to: about 70,000 nodes. A body that grows to more is an attack.
const maxDecompressed = 64 << 20

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// decodeCompressedNodes moves nodes that a client sent compressed to where they belong. When a client sent both, the
// compressed ones count, as with the clients themselves.
func decodeCompressedNodes(status *v1alpha1.WorkflowStatus) error {
	if status.CompressedNodes == "" {
		return nil
	}
	nodes, err := decompress(status.CompressedNodes)
	if err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("status.compressedNodes: %v; it has to be the nodes as JSON, compressed with gzip, zstd or brotli, in base64", err))
	}
	status.CompressedNodes, status.Nodes = "", nodes
	return nil
}

func decompress(text string) (v1alpha1.Nodes, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	var reader io.Reader
	switch {
	case bytes.HasPrefix(data, gzipMagic):
		if reader, err = gzip.NewReader(bytes.NewReader(data)); err != nil {
			return nil, err
		}
	case bytes.HasPrefix(data, zstdMagic):
		decoder, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDecompressed))
		if err != nil {
			return nil, err
		}
		defer decoder.Close()
		reader = decoder
	default:
		reader = brotli.NewReader(bytes.NewReader(data)) // has no mark of its own
	}
	plain, err := io.ReadAll(io.LimitReader(reader, maxDecompressed+1))
	if err != nil {
		return nil, err
	}
	if len(plain) > maxDecompressed {
		return nil, fmt.Errorf("more than %d bytes when decompressed", maxDecompressed)
	}
	var nodes v1alpha1.Nodes
	if err := json.Unmarshal(plain, &nodes); err != nil {
		return nil, err
	}
	return nodes, nil
}
