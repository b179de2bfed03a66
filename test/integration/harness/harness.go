// Package harness runs the API server inside a test: with its embedded etcd in a temporary directory, on a loopback
// address, and without a cluster. Any user may do anything unless the test says otherwise.
package harness

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/pkg/registry/workflow/podlog"
)

// Admin is the user of the clients that the harness makes; it is a member of system:masters.
const Admin = "admin"

// startTimeout is how long a server may take to become ready on a busy machine.
const startTimeout = 2 * time.Minute

// Server is a running API server.
type Server struct {
	// Config is a client configuration of the user Admin, without rate limit.
	Config *rest.Config
	// Client is the generated clientset with that configuration.
	Client versioned.Interface
	// Dynamic is a dynamic client with that configuration.
	Dynamic dynamic.Interface
	// DataDir holds the storage.
	DataDir string

	cancel context.CancelFunc
	ended  chan error
}

type settings struct {
	dataDir    string
	standalone app.Standalone
	adjust     []func(*app.Options)
}

// Option changes how the server is run.
type Option func(*settings)

// WithStorageDir uses the directory, for example that of a server which was stopped, instead of a new one.
func WithStorageDir(dir string) Option { return func(s *settings) { s.dataDir = dir } }

// WithAuthorizer lets the test decide who may do what.
func WithAuthorizer(a authorizer.Authorizer) Option {
	return func(s *settings) { s.standalone.Authorizer = a }
}

// WithPods serves the logs of these pods.
func WithPods(pods podlog.Pods) Option { return func(s *settings) { s.standalone.Pods = pods } }

// WithOptions changes the server's options before it is started.
func WithOptions(adjust func(*app.Options)) Option {
	return func(s *settings) { s.adjust = append(s.adjust, adjust) }
}

// StartServer runs a server until the test ends, and returns when it is ready.
func StartServer(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := &settings{standalone: app.Standalone{
		Authenticator: bearertoken.New(authenticator.TokenFunc(tokenIsUser)),
		Authorizer:    authorizerfactory.NewAlwaysAllowAuthorizer(),
	}}
	for _, option := range options {
		option(s)
	}
	if s.dataDir == "" {
		s.dataDir = t.TempDir()
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := app.NewOptions()
	o.RunStandalone(s.standalone)
	o.Storage.DataDir, o.Storage.NoFsync = s.dataDir, true
	o.Recommended.SecureServing.Listener = listener
	loopback := net.ParseIP("127.0.0.1")
	o.Recommended.SecureServing.BindAddress = loopback
	if err := o.Recommended.SecureServing.MaybeDefaultWithSelfSignedCerts("127.0.0.1", nil, []net.IP{loopback}); err != nil {
		t.Fatal(err)
	}
	for _, adjust := range s.adjust {
		adjust(o)
	}
	if err := o.Complete(); err != nil {
		t.Fatal(err)
	}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	process, err := app.New(ctx, o)
	if err != nil {
		cancel()
		t.Fatalf("start the API server: %v", err)
	}
	certificate, _ := o.Recommended.SecureServing.ServerCert.GeneratedCert.CurrentCertKeyContent()
	server := &Server{
		Config: &rest.Config{
			Host:            "https://" + listener.Addr().String(),
			BearerToken:     Admin,
			TLSClientConfig: rest.TLSClientConfig{CAData: certificate},
			QPS:             -1,
		},
		DataDir: s.dataDir,
		cancel:  cancel,
		ended:   make(chan error, 1),
	}
	go func() { server.ended <- process.Run(ctx) }()
	t.Cleanup(func() { server.Stop(t) })

	if server.Client, err = versioned.NewForConfig(server.Config); err != nil {
		t.Fatal(err)
	}
	if server.Dynamic, err = dynamic.NewForConfig(server.Config); err != nil {
		t.Fatal(err)
	}
	server.awaitReady(t)
	return server
}

// tokenIsUser takes any token for the name of the user.
func tokenIsUser(_ context.Context, token string) (*authenticator.Response, bool, error) {
	info := &user.DefaultInfo{Name: token, Groups: []string{user.AllAuthenticated}}
	if token == Admin {
		info.Groups = append(info.Groups, user.SystemPrivilegedGroup)
	}
	return &authenticator.Response{User: info}, true, nil
}

// As returns a client configuration of another user.
func (s *Server) As(name string) *rest.Config {
	config := rest.CopyConfig(s.Config)
	config.BearerToken = name
	return config
}

// REST returns a client for requests by path, which leaves answers as they are.
func (s *Server) REST(t testing.TB) rest.Interface {
	t.Helper()
	return s.Client.ArgoprojV1alpha1().RESTClient()
}

func (s *Server) awaitReady(t testing.TB) {
	t.Helper()
	var last string
	err := wait.PollUntilContextTimeout(context.Background(), 50*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
		select {
		case err := <-s.ended:
			s.ended <- err
			t.Fatalf("the API server ended: %v", err)
		default:
		}
		var status int
		body, err := s.REST(t).Get().AbsPath("/readyz").Param("verbose", "").Do(ctx).StatusCode(&status).Raw()
		last = string(body)
		if err != nil {
			last += err.Error()
		}
		return status == http.StatusOK, nil
	})
	if err != nil {
		t.Fatalf("the API server did not become ready: %s", strings.TrimSpace(last))
	}
}

// Stop ends the server as SIGTERM does, and waits for it. It may be called more than once.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.cancel()
	err := <-s.ended
	s.ended <- nil
	if err != nil {
		t.Errorf("the API server ended with: %v", err)
	}
}
