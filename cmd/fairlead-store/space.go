package main

import (
	"context"
	"fmt"
	"net/http"
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

// check refuses content of this size; nil: of a size that is not known.
func (r roomy) check(size *int64) error {
	free, err := r.free()
	if err != nil {
		return err
	}
	wanted := uint64(0)
	if size != nil && *size > 0 {
		wanted = uint64(*size)
	}
	if free >= r.keep && free-r.keep >= wanted {
		return nil
	}
	return s3err.APIError{
		Code: "InsufficientStorage", HTTPStatusCode: http.StatusInsufficientStorage,
		Description: fmt.Sprintf("the artifact store is full: its disk has %d MiB free, and %d MiB are kept for others. Delete artifacts, or give the store a larger disk", free>>20, r.keep>>20),
	}
}

// PutObject stores an object if there is room.
func (r roomy) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	if err := r.check(in.ContentLength); err != nil {
		return s3response.PutObjectOutput{}, err
	}
	return r.Backend.PutObject(ctx, in)
}

// CreateMultipartUpload begins an upload in parts if there is room for anything.
func (r roomy) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	if err := r.check(nil); err != nil {
		return s3response.InitiateMultipartUploadResult{}, err
	}
	return r.Backend.CreateMultipartUpload(ctx, in)
}

// UploadPart stores a part if there is room.
func (r roomy) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	if err := r.check(in.ContentLength); err != nil {
		return nil, err
	}
	return r.Backend.UploadPart(ctx, in)
}

// UploadPartCopy copies a part of an object if there is room for anything.
func (r roomy) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	if err := r.check(nil); err != nil {
		return s3response.CopyPartResult{}, err
	}
	return r.Backend.UploadPartCopy(ctx, in)
}

// CopyObject copies an object if there is room for anything.
func (r roomy) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	if err := r.check(nil); err != nil {
		return s3response.CopyObjectOutput{}, err
	}
	return r.Backend.CopyObject(ctx, in)
}
