// Package serve is the other side of package plugin: it makes an artifact driver of anything that keeps objects. Drivers that
// are written in Go may use it; others implement driverv1/driver.proto by themselves.
package serve

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
	"fairlead.dev/fairlead/pkg/artifact/plugin/driverv1"
)

const (
	// chunk is how much content one answer has, in bytes.
	chunk = 512 << 10
	// page is how many objects one answer of a list has.
	page = 500
	// maxMessage is how large a request may be, in bytes.
	maxMessage = 4 << 20
	// farewell is how long calls that are under way get when the driver is to end.
	farewell = 20 * time.Second
)

// Open returns what keeps the objects for a configuration, and for the namespace that asks, which is empty in a step's pod.
type Open func(ctx context.Context, configuration, namespace string) (objectstore.Bucket, error)

// Run serves a driver on a socket until ctx ends.
func Run(ctx context.Context, socket string, open Open) error {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // of a container that was killed
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	// Those who ask are other users than we are.
	if err := os.Chmod(socket, 0o777); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	driverv1.RegisterDriverServer(server, &driver{open: open})
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(farewell, server.Stop)
		defer timer.Stop()
		server.GracefulStop()
	})
	defer stop()
	return server.Serve(listener)
}

// driver serves the protocol with buckets.
type driver struct {
	driverv1.UnimplementedDriverServer
	open Open
}

func (d *driver) at(ctx context.Context, place *driverv1.Place) (objectstore.Bucket, error) {
	if place == nil {
		return nil, status.Error(codes.InvalidArgument, "the request has no place")
	}
	return d.open(ctx, place.GetConfiguration(), place.GetNamespace())
}

// Get implements driverv1.DriverServer.
func (d *driver) Get(request *driverv1.GetRequest, answers grpc.ServerStreamingServer[driverv1.GetResponse]) error {
	b, err := d.at(answers.Context(), request.GetPlace())
	if err != nil {
		return statusOf(err)
	}
	part := artifact.Range{Offset: request.GetOffset(), Length: request.GetLength()}
	stream, attributes, err := b.Get(answers.Context(), request.GetPlace().GetKey(), part)
	if err != nil {
		return statusOf(err)
	}
	defer stream.Close()
	answer := &driverv1.GetResponse{Attributes: &driverv1.Attributes{
		Size: attributes.Size, Etag: attributes.ETag, ContentType: attributes.ContentType, ModifiedSeconds: seconds(attributes.Modified),
	}}
	buffer := make([]byte, chunk)
	for {
		n, err := artifact.ReadChunk(stream, buffer)
		answer.Content = buffer[:n]
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return statusOf(err)
		}
		if n > 0 || answer.GetAttributes() != nil {
			if err := answers.Send(answer); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
		answer = &driverv1.GetResponse{}
	}
}

// Put implements driverv1.DriverServer.
func (d *driver) Put(requests grpc.ClientStreamingServer[driverv1.PutRequest, driverv1.PutResponse]) error {
	first, err := requests.Recv()
	if err != nil {
		return err
	}
	b, err := d.at(requests.Context(), first.GetPlace())
	if err != nil {
		return statusOf(err)
	}
	content := &received{requests: requests, rest: first.GetContent()}
	if err := b.PutStream(requests.Context(), first.GetPlace().GetKey(), content); err != nil {
		return statusOf(err)
	}
	return requests.SendAndClose(&driverv1.PutResponse{})
}

// received is the content of an object that arrives.
type received struct {
	requests grpc.ClientStreamingServer[driverv1.PutRequest, driverv1.PutResponse]
	rest     []byte
}

// Read implements io.Reader. It ends well only when the client has ended the stream.
func (r *received) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		request, err := r.requests.Recv()
		if err != nil {
			return 0, err
		}
		r.rest = request.GetContent()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Delete implements driverv1.DriverServer.
func (d *driver) Delete(ctx context.Context, request *driverv1.DeleteRequest) (*driverv1.DeleteResponse, error) {
	b, err := d.at(ctx, request.GetPlace())
	if err == nil {
		err = b.Remove(ctx, request.GetKeys())
	}
	return &driverv1.DeleteResponse{}, statusOf(err)
}

// List implements driverv1.DriverServer.
func (d *driver) List(request *driverv1.ListRequest, answers grpc.ServerStreamingServer[driverv1.ListResponse]) error {
	b, err := d.at(answers.Context(), request.GetPlace())
	if err != nil {
		return statusOf(err)
	}
	answer := &driverv1.ListResponse{}
	err = b.Walk(answers.Context(), request.GetPlace().GetKey(), func(o artifact.Object) error {
		answer.Objects = append(answer.Objects, &driverv1.Object{Key: o.Key, Size: o.Size, ModifiedSeconds: seconds(o.Modified)})
		if len(answer.GetObjects()) < page {
			return nil
		}
		full := answer
		answer = &driverv1.ListResponse{}
		return answers.Send(full)
	})
	if err == nil && len(answer.GetObjects()) > 0 {
		err = answers.Send(answer)
	}
	return statusOf(err)
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// statusOf tells the client what kind of error it is, and what it says.
func statusOf(err error) error {
	if err == nil {
		return nil
	}
	if s, ok := status.FromError(err); ok {
		return s.Err()
	}
	code := codes.Unknown
	switch {
	case errors.Is(err, artifact.ErrNotFound):
		code = codes.NotFound
	case errors.Is(err, artifact.ErrNotSupported):
		code = codes.Unimplemented
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	case artifact.Transient(err):
		code = codes.Unavailable
	}
	return status.Error(code, err.Error())
}
