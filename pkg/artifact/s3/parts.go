package s3

import (
	"context"
	"io"

	"github.com/minio/minio-go/v7"

	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
)

var _ objectstore.MultipartBucket = &bucket{}

// Begin begins a multipart upload.
func (b *bucket) Begin(ctx context.Context, key string) (string, error) {
	id, err := minio.Core{Client: b.client}.NewMultipartUpload(ctx, b.name, key, minio.PutObjectOptions{ServerSideEncryption: b.encryption(key)})
	return id, b.explain(err)
}

// PutPart stores a part.
func (b *bucket) PutPart(ctx context.Context, key, id string, number int, content io.ReadSeeker, size int64) error {
	// See upload.file for DisableContentSha256.
	_, err := minio.Core{Client: b.client}.PutObjectPart(ctx, b.name, key, id, number, content, size, minio.PutObjectPartOptions{
		SSE: b.encryption(key), DisableContentSha256: size == 0,
	})
	return b.explain(err)
}

// ListParts returns the parts.
func (b *bucket) ListParts(ctx context.Context, key, id string) ([]objectstore.Part, error) {
	var parts []objectstore.Part
	for marker := 0; ; {
		page, err := minio.Core{Client: b.client}.ListObjectParts(ctx, b.name, key, id, marker, artifact.ListPage)
		if err != nil {
			return nil, b.explain(err)
		}
		for _, p := range page.ObjectParts {
			parts = append(parts, objectstore.Part{Number: p.PartNumber, Size: p.Size, Tag: p.ETag})
		}
		if !page.IsTruncated || page.NextPartNumberMarker <= marker {
			return parts, nil
		}
		marker = page.NextPartNumberMarker
	}
}

// Complete ends the multipart upload.
func (b *bucket) Complete(ctx context.Context, key, id string, parts []objectstore.Part) error {
	all := make([]minio.CompletePart, 0, len(parts))
	for _, p := range parts {
		all = append(all, minio.CompletePart{PartNumber: p.Number, ETag: p.Tag})
	}
	_, err := minio.Core{Client: b.client}.CompleteMultipartUpload(ctx, b.name, key, id, all, minio.PutObjectOptions{ServerSideEncryption: b.encryption(key)})
	return b.explain(err)
}

// Abort gives the multipart upload up.
func (b *bucket) Abort(ctx context.Context, key, id string) error {
	return b.explain(minio.Core{Client: b.client}.AbortMultipartUpload(ctx, b.name, key, id))
}
