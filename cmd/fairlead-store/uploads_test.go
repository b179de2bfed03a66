package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// A name of an upload that leads elsewhere is the name of none, and nothing is touched.
func TestUploadsStayInTheirPlace(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root) // where the backend goes, too
	below, err := posix.New(root, meta.XattrMeta{}, posix.PosixOpts{NewDirPerm: 0o755})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(below.Shutdown)
	if err := os.MkdirAll("bucket/precious", 0o755); err != nil {
		t.Fatal(err)
	}
	store, ctx := confined{below}, context.Background()
	bucket, key := "bucket", "object"
	begun, err := store.CreateMultipartUpload(ctx, s3response.CreateMultipartUploadInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	var none s3err.NoSuchUploadError
	for _, name := range []string{"../../../precious", "../../..", begun.UploadId + "/../../../../precious", ""} {
		_, partErr := store.UploadPart(ctx, &s3.UploadPartInput{Bucket: &bucket, Key: &key, UploadId: &name})
		_, copyErr := store.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: &bucket, Key: &key, UploadId: &name})
		_, listErr := store.ListParts(ctx, &s3.ListPartsInput{Bucket: &bucket, Key: &key, UploadId: &name})
		_, _, completeErr := store.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &bucket, Key: &key, UploadId: &name})
		abortErr := store.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: &key, UploadId: &name})
		for call, err := range map[string]error{"part": partErr, "copy": copyErr, "list": listErr, "complete": completeErr, "abort": abortErr} {
			if !errors.As(err, &none) {
				t.Errorf("%s %q: %v", call, name, err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(root, "bucket/precious")); err != nil {
		t.Error(err)
	}
	if err := store.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: &key, UploadId: &begun.UploadId}); err != nil {
		t.Error(err)
	}
}
