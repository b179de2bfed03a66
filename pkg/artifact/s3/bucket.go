package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
)

// bucket is one bucket of a store.
type bucket struct {
	client       *minio.Client
	name, region string
	create       *wfv1.CreateS3BucketOptions
	encryption   encryption
	upload       upload

	createLock sync.Mutex
	created    bool
}

var _ objectstore.Bucket = &bucket{}

// createOnce makes sure that the bucket exists, if the location asks for it.
func (b *bucket) createOnce(ctx context.Context) error {
	b.createLock.Lock()
	defer b.createLock.Unlock()
	if b.create == nil || b.created {
		return nil
	}
	exists, err := b.client.BucketExists(ctx, b.name)
	if err == nil && !exists {
		err = b.client.MakeBucket(ctx, b.name, minio.MakeBucketOptions{Region: b.region, ObjectLocking: b.create.ObjectLocking})
		// Another pod may have been faster.
		if minio.ToErrorResponse(err).Code == minio.BucketAlreadyOwnedByYou {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("create bucket %q: %w", b.name, b.explain(err))
	}
	b.created = true
	return nil
}

// Get opens an object.
func (b *bucket) Get(ctx context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	options := minio.GetObjectOptions{ServerSideEncryption: b.encryption(key)}
	if r.Length == 0 {
		// HTTP has no range of no bytes.
		info, err := b.client.StatObject(ctx, b.name, key, options)
		return io.NopCloser(bytes.NewReader(nil)), attributes(info, nil), b.explain(err)
	}
	var err error
	switch {
	case r.Length > 0:
		err = options.SetRange(r.Offset, r.Offset+r.Length-1)
	case r.Offset > 0:
		err = options.SetRange(r.Offset, 0)
	}
	if err != nil {
		return nil, artifact.Attributes{}, err
	}
	body, info, header, err := minio.Core{Client: b.client}.GetObject(ctx, b.name, key, options)
	if err != nil {
		return nil, artifact.Attributes{}, b.explain(err)
	}
	return body, attributes(info, header), nil
}

// attributes takes the size of the whole object from Content-Range, as Content-Length is that of the part.
func attributes(info minio.ObjectInfo, header http.Header) artifact.Attributes {
	a := artifact.Attributes{Size: info.Size, ContentType: info.ContentType, ETag: info.ETag, Modified: info.LastModified}
	if _, total, ok := strings.Cut(header.Get("Content-Range"), "/"); ok {
		if size, err := strconv.ParseInt(total, 10, 64); err == nil {
			a.Size = size
		} else {
			a.Size = -1
		}
	}
	return a
}

// Put stores content of known size: at once, or in parts that are put together when all are there.
func (b *bucket) Put(ctx context.Context, key string, content objectstore.Content, size int64) error {
	options := b.upload.file(size)
	options.ServerSideEncryption = b.encryption(key)
	_, err := b.client.PutObject(ctx, b.name, key, content, size, options)
	return b.explain(err)
}

// PutStream stores a stream in parts, or at once what fits into one small buffer.
func (b *bucket) PutStream(ctx context.Context, key string, r io.Reader) error {
	const small = 1 << 20
	var head bytes.Buffer
	n, err := io.Copy(&head, io.LimitReader(r, small))
	if err != nil {
		return err
	}
	if n < small {
		return b.Put(ctx, key, bytes.NewReader(head.Bytes()), n)
	}
	options := b.upload.stream()
	options.ServerSideEncryption = b.encryption(key)
	_, err = b.client.PutObject(ctx, b.name, key, io.MultiReader(&head, r), -1, options)
	return b.explain(err)
}

// Remove deletes objects, several with one request.
func (b *bucket) Remove(ctx context.Context, keys []string) error {
	if len(keys) == 1 {
		err := b.explain(b.client.RemoveObject(ctx, b.name, keys[0], minio.RemoveObjectOptions{}))
		if errors.Is(err, artifact.ErrNotFound) {
			return nil
		}
		return err
	}
	objects := make(chan minio.ObjectInfo, len(keys))
	for _, key := range keys {
		objects <- minio.ObjectInfo{Key: key}
	}
	close(objects)
	var first error
	for failed := range b.client.RemoveObjects(ctx, b.name, objects, minio.RemoveObjectsOptions{}) {
		if err := b.explain(failed.Err); first == nil && !errors.Is(err, artifact.ErrNotFound) {
			first = fmt.Errorf("%s: %w", failed.ObjectName, err)
		}
	}
	return first
}

// Walk lists a page at a time.
func (b *bucket) Walk(ctx context.Context, prefix string, visit func(artifact.Object) error) error {
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, MaxKeys: artifact.ListPage}) {
		if o.Err != nil {
			return b.explain(o.Err)
		}
		if err := visit(artifact.Object{Key: o.Key, Size: o.Size, Modified: o.LastModified}); err != nil {
			return err
		}
	}
	return nil
}
