package podlog

import (
	"bytes"
	"context"
	"errors"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
)

// streamer is the answer of a log request: an object to the API machinery, bytes to the client.
type streamer struct {
	open   func(ctx context.Context) (io.ReadCloser, error)
	follow bool
}

var _ rest.ResourceStreamer = &streamer{}

// GetObjectKind implements runtime.Object.
func (s *streamer) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject implements runtime.Object. A stream that is not open holds nothing that could be shared.
func (s *streamer) DeepCopyObject() runtime.Object {
	out := *s
	return &out
}

// InputStream opens the log.
func (s *streamer) InputStream(ctx context.Context, _, _ string) (io.ReadCloser, bool, string, error) {
	log, err := s.open(ctx)
	if err != nil {
		return nil, false, "", asStatus(err)
	}
	return log, s.follow, "text/plain", nil
}

// asStatus keeps what Kubernetes said about a log and makes other failures, mostly of the connection, a 503.
func asStatus(err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return err
	}
	return apierrors.NewServiceUnavailable("the log cannot be read: " + err.Error())
}

// followedLog is the reading end of a merge. Closing it ends the merge.
type followedLog struct {
	reader *io.PipeReader
	head   bytes.Reader
	cancel context.CancelFunc
}

// peek waits for the first bytes. It returns the error of a merge that ended without any.
func (l *followedLog) peek() error {
	head := make([]byte, 4096)
	n, err := l.reader.Read(head)
	if n > 0 {
		l.head.Reset(head[:n])
		return nil
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	l.cancel()
	return err
}

// Read implements io.Reader.
func (l *followedLog) Read(p []byte) (int, error) {
	if l.head.Len() > 0 {
		return l.head.Read(p)
	}
	return l.reader.Read(p)
}

// Close implements io.Closer.
func (l *followedLog) Close() error {
	l.cancel()
	return l.reader.Close()
}
