// Package s3server starts real S3 servers for tests: MinIO, and the store of the quick-start. Both are programs of modules
// of their own that hack/tools/build.sh builds once per version; `hack/test.sh` does so before it runs tests.
package s3server

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Server is a running S3 server on the loopback interface.
type Server struct {
	// Name for messages: minio, minio-tls, store.
	Name string
	// Endpoint is host:port.
	Endpoint string
	// AccessKey and SecretKey of its administrator.
	AccessKey, SecretKey string
	// CA is the authority that signed its certificate, PEM; nil for plain HTTP.
	CA []byte

	dir     string
	command func() *exec.Cmd
	health  string
	process *exec.Cmd
	ended   chan struct{}
}

// MinIO starts MinIO's server over plain HTTP. It ends with the test.
func MinIO(t testing.TB) *Server { return startMinIO(t, "minio", nil) }

// MinIOTLS starts MinIO's server over TLS, with a key for server-side encryption.
func MinIOTLS(t testing.TB) *Server { return startMinIO(t, "minio-tls", newCertificate(t)) }

func startMinIO(t testing.TB, name string, certificate *certificate) *Server {
	t.Helper()
	program := build(t, "minio", "fairlead.dev/fairlead/hack/tools/minio")
	s := newServer(t, name, "/minio/health/cluster", certificate)
	s.command = func() *exec.Cmd {
		args := []string{"server", "--quiet", "--address", s.Endpoint, "--console-address", "127.0.0.1:0"}
		environment := append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey, "MINIO_UPDATE=off", "MINIO_BROWSER=off",
			"HOME="+s.dir)
		if certificate != nil {
			args = append(args, "--certs-dir", filepath.Join(s.dir, "certs"))
			environment = append(environment, "MINIO_KMS_SECRET_KEY=test-key:"+certificate.kmsKey)
		}
		command := exec.Command(program, append(args, filepath.Join(s.dir, "data"))...)
		command.Env = environment
		return command
	}
	s.Start(t)
	return s
}

// Store starts the store of the quick-start over plain HTTP, with connections kept open between requests: what a client
// does wrong shows there first. It ends with the test.
func Store(t testing.TB) *Server {
	t.Helper()
	return StoreWith(t)
}

// StoreWith starts that store with further flags.
func StoreWith(t testing.TB, flags ...string) *Server {
	t.Helper()
	program := build(t, "../../cmd/fairlead-store", "fairlead.dev/fairlead/cmd/fairlead-store")
	s := newServer(t, "store", "/healthz", nil)
	credentials := filepath.Join(s.dir, "credentials")
	write(t, filepath.Join(credentials, "accesskey"), []byte(s.AccessKey))
	write(t, filepath.Join(credentials, "secretkey"), []byte(s.SecretKey))
	s.command = func() *exec.Cmd {
		return exec.Command(program, append([]string{
			"--data-dir", filepath.Join(s.dir, "data"), "--listen", s.Endpoint, "--credentials-dir", credentials, "--keep-alive", "--keep-free-bytes=0",
		}, flags...)...)
	}
	s.Start(t)
	return s
}

func newServer(t testing.TB, name, health string, certificate *certificate) *Server {
	t.Helper()
	s := &Server{Name: name, Endpoint: freeAddress(t), AccessKey: "testaccess", SecretKey: "testsecret123", dir: t.TempDir()}
	scheme := "http://"
	if certificate != nil {
		scheme = "https://"
		s.CA = certificate.authority
		write(t, filepath.Join(s.dir, "certs", "public.crt"), certificate.serving)
		write(t, filepath.Join(s.dir, "certs", "private.key"), certificate.key)
	}
	s.health = scheme + s.Endpoint + health
	t.Cleanup(s.Kill)
	return s
}

// build returns the path of a program, which is built if it is not there yet.
func build(t testing.TB, module, packagePath string) string {
	t.Helper()
	_, self, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(self), "..", "..")
	if !filepath.IsAbs(self) {
		// Built with -trimpath: the test runs in the directory of its package, somewhere below the root.
		var err error
		if root, err = os.Getwd(); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(root, "hack", "tools", "build.sh")); err == nil {
				break
			}
			if root == filepath.Dir(root) {
				t.Fatal("hack/tools/build.sh is in no directory above the test's")
			}
			root = filepath.Dir(root)
		}
	}
	command := exec.Command(filepath.Join(root, "hack", "tools", "build.sh"), module, packagePath)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("building %s: %v\n%s", packagePath, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// Start starts the server again after Kill, with the same address and data, and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	command := s.command()
	log := filepath.Join(s.dir, "log")
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	command.Stdout, command.Stderr, command.Dir = out, out, s.dir
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	s.process, s.ended = command, ended
	client := s.Client()
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.health, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ended:
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
			continue
		}
		text, _ := os.ReadFile(log)
		t.Fatalf("%s does not answer on %s:\n%s", s.Name, s.Endpoint, text)
	}
}

// Kill ends the server at once, as a crash would. A server that has ended stays so.
func (s *Server) Kill() {
	if s.process != nil {
		_ = s.process.Process.Kill()
		<-s.ended
		s.process = nil
	}
}

// PID of the server's process.
func (s *Server) PID() int { return s.process.Process.Pid }

// Insecure tells whether the server speaks plain HTTP.
func (s *Server) Insecure() bool { return s.CA == nil }

// freeAddress returns an address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(fmt.Errorf("write %s: %w", path, err))
	}
}
