package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
	"fairlead.dev/fairlead/pkg/artifact/plugin/driverv1"
)

const (
	// chunk is how much content one message has.
	chunk = 512 << 10
	// maxMessage is how large an answer may be, in bytes.
	maxMessage = 4 << 20
)

// bucket is what a driver keeps for one configuration.
type bucket struct {
	client                   driverv1.DriverClient
	configuration, namespace string
}

var _ objectstore.Bucket = &bucket{}

func (b *bucket) place(key string) *driverv1.Place {
	return &driverv1.Place{Configuration: b.configuration, Namespace: b.namespace, Key: key}
}

// Get opens an object; its content arrives as it is read.
func (b *bucket) Get(ctx context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	ctx, cancel := context.WithCancel(ctx)
	answers, err := b.client.Get(ctx, &driverv1.GetRequest{Place: b.place(key), Offset: r.Offset, Length: r.Length})
	if err != nil {
		cancel()
		return nil, artifact.Attributes{}, explain(err)
	}
	first, err := answers.Recv()
	if err != nil {
		cancel()
		if errors.Is(err, io.EOF) {
			err = status.Error(codes.Internal, "the driver answered nothing")
		}
		return nil, artifact.Attributes{}, explain(err)
	}
	attributes := artifact.Attributes{Size: -1}
	if a := first.GetAttributes(); a != nil {
		attributes = artifact.Attributes{
			Size: max(a.GetSize(), -1), ETag: a.GetEtag(), ContentType: a.GetContentType(), Modified: moment(a.GetModifiedSeconds()),
		}
	}
	return &content{answers: answers, rest: first.GetContent(), cancel: cancel}, attributes, nil
}

// content is an object that is being read.
type content struct {
	answers grpc.ServerStreamingClient[driverv1.GetResponse]
	rest    []byte
	cancel  context.CancelFunc
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		answer, err := c.answers.Recv()
		if errors.Is(err, io.EOF) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, explain(err)
		}
		c.rest = answer.GetContent()
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Close ends the call.
func (c *content) Close() error {
	c.cancel()
	return nil
}

// Put stores content of known size.
func (b *bucket) Put(ctx context.Context, key string, r objectstore.Content, size int64) error {
	return b.put(ctx, key, r, size)
}

// PutStream stores a stream.
func (b *bucket) PutStream(ctx context.Context, key string, r io.Reader) error {
	return b.put(ctx, key, r, -1)
}

// put sends content. Only a stream that was read to its end is ended for the driver; otherwise the call is cancelled, after
// which the driver has to have no object.
func (b *bucket) put(ctx context.Context, key string, r io.Reader, size int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	call, err := b.client.Put(ctx)
	if err != nil {
		return explain(err)
	}
	request := &driverv1.PutRequest{Place: b.place(key), Size: size}
	buffer := make([]byte, chunk)
	for end := false; !end; {
		n, err := artifact.ReadChunk(r, buffer)
		if end = errors.Is(err, io.EOF); err != nil && !end {
			return err
		}
		// Send has encoded the message when it returns, so the buffer may be used again.
		request.Content = buffer[:n]
		if err := call.Send(request); err != nil {
			if !errors.Is(err, io.EOF) {
				return explain(err)
			}
			// The driver has ended the call: why, is in its answer.
			break
		}
		request = &driverv1.PutRequest{}
	}
	_, err = call.CloseAndRecv()
	return explain(err)
}

// Remove deletes objects.
func (b *bucket) Remove(ctx context.Context, keys []string) error {
	_, err := b.client.Delete(ctx, &driverv1.DeleteRequest{Place: b.place(""), Keys: keys})
	return explain(err)
}

// Walk lists objects.
func (b *bucket) Walk(ctx context.Context, prefix string, visit func(artifact.Object) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers, err := b.client.List(ctx, &driverv1.ListRequest{Place: b.place(prefix)})
	if err != nil {
		return explain(err)
	}
	for {
		answer, err := answers.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return explain(err)
		}
		for _, o := range answer.GetObjects() {
			if err := visit(artifact.Object{Key: o.GetKey(), Size: o.GetSize(), Modified: moment(o.GetModifiedSeconds())}); err != nil {
				return err
			}
		}
	}
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// explain makes the status of a call an error of ours: what the driver said, and whether trying again may help.
func explain(err error) error {
	if err == nil {
		return nil
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	said := fmt.Errorf("the artifact driver answers %s: %s", s.Code(), s.Message())
	switch s.Code() {
	case codes.NotFound:
		return artifact.NotFound("%s", s.Message())
	case codes.Unimplemented:
		return fmt.Errorf("%w by this artifact driver: %s", artifact.ErrNotSupported, s.Message())
	case codes.Unavailable, codes.Aborted, codes.ResourceExhausted, codes.DeadlineExceeded:
		return artifact.MarkTransient(said)
	case codes.Canceled:
		return fmt.Errorf("%w: %s", context.Canceled, s.Message())
	}
	return artifact.MarkLasting(said)
}
