package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// confined is a backend that knows uploads in parts only by the names that it gives them, which are UUIDs. The one below takes
// whatever a client sends for a part of a path: `../../..` would be other people's files.
type confined struct {
	backend.Backend
}

// known refuses a name that no upload can have.
func known(upload *string) error {
	if upload == nil || uuid.Validate(*upload) == nil {
		return nil
	}
	return s3err.GetNoSuchUploadErr(*upload)
}

// UploadPart stores a part of an upload.
func (c confined) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	if err := known(in.UploadId); err != nil {
		return nil, err
	}
	return c.Backend.UploadPart(ctx, in)
}

// UploadPartCopy stores a part of an upload that is part of an object.
func (c confined) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	if err := known(in.UploadId); err != nil {
		return s3response.CopyPartResult{}, err
	}
	return c.Backend.UploadPartCopy(ctx, in)
}

// ListParts lists the parts of an upload.
func (c confined) ListParts(ctx context.Context, in *s3.ListPartsInput) (s3response.ListPartsResult, error) {
	if err := known(in.UploadId); err != nil {
		return s3response.ListPartsResult{}, err
	}
	return c.Backend.ListParts(ctx, in)
}

// CompleteMultipartUpload makes an object of the parts of an upload.
func (c confined) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	if err := known(in.UploadId); err != nil {
		return s3response.CompleteMultipartUploadResult{}, "", err
	}
	return c.Backend.CompleteMultipartUpload(ctx, in)
}

// AbortMultipartUpload removes the parts of an upload.
func (c confined) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) error {
	if err := known(in.UploadId); err != nil {
		return err
	}
	return c.Backend.AbortMultipartUpload(ctx, in)
}
