package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// Nothing is taken in that would take what is kept for others; it is said in words how much there is.
func TestRoom(t *testing.T) {
	free := uint64(0)
	r := &roomy{Backend: backend.BackendUnsupported{}, keep: 100 << 20, free: func() (uint64, error) { return free, nil }}
	ctx := context.Background()
	calls := map[string]func(size int64) error{
		"put": func(size int64) error {
			_, err := r.PutObject(ctx, s3response.PutObjectInput{ContentLength: &size})
			return err
		},
		"part": func(size int64) error {
			_, err := r.UploadPart(ctx, &s3.UploadPartInput{ContentLength: &size})
			return err
		},
		"upload": func(int64) error {
			_, err := r.CreateMultipartUpload(ctx, s3response.CreateMultipartUploadInput{})
			return err
		},
		"copy": func(int64) error { _, err := r.CopyObject(ctx, s3response.CopyObjectInput{}); return err },
		"copy part": func(int64) error {
			_, err := r.UploadPartCopy(ctx, &s3.UploadPartCopyInput{})
			return err
		},
	}
	for _, test := range []struct {
		free uint64
		size int64
		full map[string]bool
	}{
		{free: 200 << 20, size: 100 << 20},
		{free: 200 << 20, size: 100<<20 + 1, full: map[string]bool{"put": true, "part": true}},
		{free: 100 << 20, size: 0},
		{free: 100<<20 - 1, size: 0, full: map[string]bool{"put": true, "part": true, "upload": true, "copy": true, "copy part": true}},
	} {
		free = test.free
		for name, call := range calls {
			var refused s3err.APIError
			err := call(test.size)
			full := errors.As(err, &refused) && refused.HTTPStatusCode == http.StatusInsufficientStorage
			if full != test.full[name] || full && !strings.Contains(refused.Description, "the artifact store is full: its disk has ") {
				t.Errorf("%s of %d bytes with %d free: %v", name, test.size, test.free, err)
			}
		}
	}
	if free, err := freeIn(t.TempDir())(); err != nil || free == 0 {
		t.Errorf("%d bytes free, %v", free, err)
	}
}

// slow has something done while an object is on its way.
type slow struct {
	backend.BackendUnsupported
	meanwhile func()
}

func (s slow) PutObject(context.Context, s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	s.meanwhile()
	return s3response.PutObjectOutput{}, nil
}

// What is coming in counts: many that each fit do not fill the disk together.
func TestRoom_AtOnce(t *testing.T) {
	r := &roomy{keep: 100, free: func() (uint64, error) { return 200, nil }}
	full := func(size int64) bool {
		var refused s3err.APIError
		_, err := r.UploadPart(context.Background(), &s3.UploadPartInput{ContentLength: &size})
		return errors.As(err, &refused) && refused.HTTPStatusCode == http.StatusInsufficientStorage
	}
	size := int64(60)
	r.Backend = slow{meanwhile: func() {
		if full(40) || !full(41) || full(0) {
			t.Error("there is room for 40 bytes beside 60")
		}
	}}
	if _, err := r.PutObject(context.Background(), s3response.PutObjectInput{ContentLength: &size}); err != nil {
		t.Error(err)
	}
	if full(100) || !full(101) {
		t.Error("there is room for 100 bytes again")
	}
}
