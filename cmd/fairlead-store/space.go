package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// roomy is a backend that takes nothing in when its file system would then have less free than it is to keep for others:
// in the quick-start the database of the API server lies on the same disk.
type roomy struct {
	backend.Backend
	// keep is how many bytes stay free.
	keep uint64
	// free tells how many bytes are.
	free func() (uint64, error)
	// coming is how many bytes are being taken in at the moment. Those of them that are on the disk already count twice: that
	// refuses a little early, where the other way round many at once would fill the disk.
	coming atomic.Uint64
}

// freeIn tells how much a file system has left for programs without special rights.
func freeIn(dir string) func() (uint64, error) {
	return func() (uint64, error) {
		var s syscall.Statfs_t
		if err := syscall.Statfs(dir, &s); err != nil {
			return 0, fmt.Errorf("%s: %w", dir, err)
		}
		return s.Bavail * uint64(s.Bsize), nil
	}
}

// take refuses content of this size if there is no room for it beside what is coming in; nil: of a size that is not known. What is
// returned is called when it is there.
func (r *roomy) take(size *int64) (taken func(), err error) {
	free, err := r.free()
	if err != nil {
		return nil, err
	}
	wanted := uint64(0)
	if size != nil && *size > 0 {
		wanted = uint64(*size)
	}
	all := r.coming.Add(wanted)
	taken = func() { r.coming.Add(-wanted) }
	if free >= r.keep && (free-r.keep >= all || wanted == 0) {
		return taken, nil
	}
	taken()
	return nil, s3err.APIError{
		Code: "InsufficientStorage", HTTPStatusCode: http.StatusInsufficientStorage,
		Description: fmt.Sprintf("the artifact store is full: its disk has %d MiB free, and %d MiB are kept for others. Delete artifacts, or give the store a larger disk", free>>20, r.keep>>20),
	}
}

// PutObject stores an object if there is room.
func (r *roomy) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	taken, err := r.take(in.ContentLength)
	if err != nil {
		return s3response.PutObjectOutput{}, err
	}
	defer taken()
	return r.Backend.PutObject(ctx, in)
}

// CreateMultipartUpload begins an upload in parts if there is room for anything.
func (r *roomy) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	taken, err := r.take(nil)
	if err != nil {
		return s3response.InitiateMultipartUploadResult{}, err
	}
	defer taken()
	return r.Backend.CreateMultipartUpload(ctx, in)
}

// UploadPart stores a part if there is room.
func (r *roomy) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	taken, err := r.take(in.ContentLength)
	if err != nil {
		return nil, err
	}
	defer taken()
	return r.Backend.UploadPart(ctx, in)
}

// UploadPartCopy copies a part of an object if there is room for anything.
func (r *roomy) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	taken, err := r.take(nil)
	if err != nil {
		return s3response.CopyPartResult{}, err
	}
	defer taken()
	return r.Backend.UploadPartCopy(ctx, in)
}

// CopyObject copies an object if there is room for anything.
func (r *roomy) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	taken, err := r.take(nil)
	if err != nil {
		return s3response.CopyObjectOutput{}, err
	}
	defer taken()
	return r.Backend.CopyObject(ctx, in)
}
