// Package plugin keeps artifacts where programs of others know how to: artifact drivers, containers beside ours, which serve
// the protocol in driverv1 on a Unix socket (DRV-10).
package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
	"fairlead.dev/fairlead/pkg/artifact/plugin/driverv1"
	"fairlead.dev/fairlead/pkg/artifact/sockets"
)

// DefaultConnectionTimeout is how long to wait for a driver's socket when nobody says how long.
const DefaultConnectionTimeout = 120 * time.Second

// connectPause is how long to wait between two looks at a socket that is not served yet.
const connectPause = 100 * time.Millisecond

func init() { artifact.Register(artifact.KindPlugin, New) }

// namespaced is what Resources are that know which namespace they are of; those in a pod need not tell the driver, which is
// in the same one.
type namespaced interface{ WorkflowNamespace() string }

// New makes the driver for a location, once the program that it names answers. It waits for that as long as the location's
// connectionTimeoutSeconds say.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	return newIn(ctx, sockets.Dir, l, resources)
}

func newIn(ctx context.Context, dir string, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	name := string(l.Plugin.Name)
	if name == "" || !filepath.IsLocal(name) || filepath.Base(name) != name {
		return nil, artifact.MarkLasting(fmt.Errorf("plugin.name %q is no name of an artifact driver", name))
	}
	timeout := DefaultConnectionTimeout
	if s := l.Plugin.ConnectionTimeoutSeconds; s > 0 {
		timeout = time.Duration(s) * time.Second
	}
	if err := Await(ctx, dir, name, timeout); err != nil {
		return nil, err
	}
	connection, err := connections.to(filepath.Join(dir, name, sockets.Name))
	if err != nil {
		return nil, err
	}
	b := &bucket{client: driverv1.NewDriverClient(connection), configuration: l.Plugin.Configuration}
	if n, ok := resources.(namespaced); ok {
		b.namespace = n.WorkflowNamespace()
	}
	return &objectstore.Store{Bucket: b, Key: func(a *wfv1.Artifact) string { return a.Plugin.Key }}, nil
}

// pool holds one connection a socket, for as long as the program runs: drivers of locations come and go, and have no end of
// their own.
type pool struct {
	lock     sync.Mutex
	bySocket map[string]*grpc.ClientConn
}

var connections = pool{bySocket: map[string]*grpc.ClientConn{}}

func (p *pool) to(socket string) (*grpc.ClientConn, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if known := p.bySocket[socket]; known != nil {
		return known, nil
	}
	connection, err := grpc.NewClient("passthrough:///artifact-driver", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}),
		// A container that was started again answers within moments.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: connectPause, Multiplier: 1.6, MaxDelay: time.Second},
			MinConnectTimeout: time.Second,
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err == nil {
		p.bySocket[socket] = connection
	}
	return connection, err
}

// Await waits until the driver of this name answers on its socket below dir. A driver that has no directory there is none that
// was set up; that is said at once.
func Await(ctx context.Context, dir, name string, timeout time.Duration) error {
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		return artifact.MarkLasting(fmt.Errorf("artifact driver %s is not set up here: there is no %s", name, filepath.Join(dir, name)))
	}
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		connection, err := (&net.Dialer{}).DialContext(waiting, "unix", filepath.Join(dir, name, sockets.Name))
		if err == nil {
			return connection.Close()
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrPermission):
			return artifact.MarkLasting(fmt.Errorf("artifact driver %s does not let us in: it has to make its socket writable for everybody: %w", name, err))
		case waiting.Err() != nil, errors.Is(err, context.DeadlineExceeded): // the dialler may notice first
			return artifact.MarkLasting(fmt.Errorf("artifact driver %s has not answered within %s: see the log of its container", name, timeout))
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED):
			return fmt.Errorf("artifact driver %s: %w", name, err)
		}
		select {
		case <-waiting.Done():
		case <-time.After(connectPause):
		}
	}
}
