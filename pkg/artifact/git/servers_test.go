package git_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Real Git servers on the loopback interface, all made of the git program: smart HTTP, git:// and SSH.

// run runs git and returns what it prints.
func run(t testing.TB, dir string, args ...string) string {
	t.Helper()
	command := exec.Command("git", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_ALLOW_PROTOCOL=file")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// repositories is a directory of bare repositories: project.git has five commits on main, a branch, tags, a pull request
// and a submodule that has one itself; empty.git has nothing. commits has the hashes on main, oldest first.
type repositories struct {
	dir     string
	commits []string
	pull    string
}

func newRepositories(t testing.TB) *repositories {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("the git program, of which the servers are made, is not installed (hack/cluster/prereqs.sh does that)")
	}
	r := &repositories{dir: t.TempDir()}
	r.library(t, "inner")
	r.library(t, "outer", "inner")
	work := r.begin(t, "project")
	commit := func(content string) string {
		must(t, os.WriteFile(filepath.Join(work, "file"), []byte(content), 0o644))
		run(t, work, "add", "-A")
		run(t, work, "commit", "-q", "-m", content)
		return run(t, work, "rev-parse", "HEAD")
	}
	for i := 1; i <= 4; i++ {
		r.commits = append(r.commits, commit("main "+strconv.Itoa(i)))
		if i == 2 {
			run(t, work, "tag", "light")
			run(t, work, "tag", "-a", "-m", "annotated", "v1.0")
			run(t, work, "checkout", "-q", "-b", "side/branch")
			commit("side")
			run(t, work, "checkout", "-q", "main")
		}
	}
	run(t, work, "checkout", "-q", "--detach")
	r.pull = commit("pull request")
	run(t, work, "update-ref", "refs/pull/7/head", r.pull)
	run(t, work, "checkout", "-q", "main")
	run(t, work, "-c", "protocol.file.allow=always", "submodule", "-q", "add", filepath.Join(r.dir, "outer.git"), "lib/outer")
	run(t, work, "config", "-f", ".gitmodules", "submodule.lib/outer.url", "../outer.git")
	r.commits = append(r.commits, commit("main 5"))
	r.publish(t, work, "project")
	run(t, r.dir, "init", "-q", "--bare", "-b", "main", "empty.git")
	return r
}

func (r *repositories) begin(t testing.TB, name string) string {
	t.Helper()
	work := filepath.Join(t.TempDir(), name)
	run(t, r.dir, "init", "-q", "-b", "main", work)
	return work
}

func (r *repositories) library(t testing.TB, name string, submodules ...string) {
	t.Helper()
	work := r.begin(t, name)
	must(t, os.WriteFile(filepath.Join(work, name+".txt"), []byte(name), 0o644))
	for _, submodule := range submodules {
		run(t, work, "-c", "protocol.file.allow=always", "submodule", "-q", "add", filepath.Join(r.dir, submodule+".git"), submodule)
		run(t, work, "config", "-f", ".gitmodules", "submodule."+submodule+".url", "../"+submodule+".git")
	}
	run(t, work, "add", "-A")
	run(t, work, "commit", "-q", "-m", name)
	r.publish(t, work, name)
}

func (r *repositories) publish(t testing.TB, work, name string) {
	t.Helper()
	bare := filepath.Join(r.dir, name+".git")
	run(t, r.dir, "clone", "-q", "--mirror", work, bare)
	run(t, bare, "update-server-info")
}

// overHTTP serves smart HTTP; below /private/ for one user only.
func (r *repositories) overHTTP(t testing.TB, user, password string) *httptest.Server {
	t.Helper()
	backend := &cgi.Handler{
		Path: filepath.Join(run(t, r.dir, "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + r.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	mux := http.NewServeMux()
	mux.Handle("/", backend)
	mux.HandleFunc("/private/", func(w http.ResponseWriter, request *http.Request) {
		name, secret, _ := request.BasicAuth()
		if name != user || subtle.ConstantTimeCompare([]byte(secret), []byte(password)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		http.StripPrefix("/private", backend).ServeHTTP(w, request)
	})
	mux.HandleFunc("/busy/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too busy", http.StatusServiceUnavailable)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// overGit serves git://.
func (r *repositories) overGit(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	_, port, _ := net.SplitHostPort(address)
	daemon := exec.Command("git", "daemon", "--base-path="+r.dir, "--export-all", "--listen=127.0.0.1", "--port="+port, "--reuseaddr")
	daemon.Env = append(os.Environ(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
	must(t, daemon.Start())
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	err = wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return false, nil //nolint:nilerr // it is still starting
		}
		return true, connection.Close()
	})
	if err != nil {
		t.Fatalf("git daemon does not answer on %s: %v", address, err)
	}
	return "git://" + address
}

// sshServer runs git-upload-pack for whoever has the client's key.
type sshServer struct {
	address string
	// clientKey is the private key that it accepts, PEM; otherKey is one that it does not.
	clientKey, otherKey string
	// knownHosts is a line for known_hosts.
	knownHosts string
}

func newKey(t testing.TB) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	must(t, err)
	return signer, string(pem.EncodeToMemory(block))
}

func (r *repositories) overSSH(t testing.TB) *sshServer {
	t.Helper()
	host, _ := newKey(t)
	client, clientKey := newKey(t)
	_, otherKey := newKey(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(client.PublicKey().Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	// Two keys, as servers have them; known_hosts has the second.
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	first, err := ssh.NewSignerFromKey(curve)
	must(t, err)
	config.AddHostKey(first)
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go r.serveSSH(connection, config)
		}
	}()
	address := listener.Addr().String()
	name, port, _ := net.SplitHostPort(address)
	return &sshServer{
		address: address, clientKey: clientKey, otherKey: otherKey,
		knownHosts: fmt.Sprintf("[%s]:%s %s", name, port, ssh.MarshalAuthorizedKey(host.PublicKey())),
	}
}

func (r *repositories) serveSSH(connection net.Conn, config *ssh.ServerConfig) {
	defer connection.Close()
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		go r.serveChannel(channel, requests)
	}
}

func (r *repositories) serveChannel(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for request := range requests {
		if request.Type != "exec" {
			_ = request.Reply(request.Type == "env", nil)
			continue
		}
		var payload struct{ Command string }
		_ = ssh.Unmarshal(request.Payload, &payload)
		_ = request.Reply(true, nil)
		program, path, _ := strings.Cut(payload.Command, " ")
		if program != "git-upload-pack" {
			return
		}
		command := exec.Command("git", "upload-pack", filepath.Join(r.dir, strings.Trim(path, "'")))
		command.Env = append(os.Environ(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
		stdin, err := command.StdinPipe()
		if err != nil {
			return
		}
		command.Stdout, command.Stderr = channel, channel.Stderr()
		if command.Start() != nil {
			return
		}
		go func() {
			_, _ = io.Copy(stdin, channel)
			stdin.Close()
		}()
		status := struct{ Status uint32 }{0}
		if command.Wait() != nil {
			status.Status = 1
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
		return
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
