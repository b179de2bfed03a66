package http_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	_ "fairlead.dev/fairlead/pkg/artifact/artifactory"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	_ "fairlead.dev/fairlead/pkg/artifact/http"
)

// files is a server that keeps what is put, and notes how it was asked.
type files struct {
	*httptest.Server
	lock     sync.Mutex
	content  map[string][]byte
	requests []*http.Request
}

func (f *files) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.requests = append(f.requests, request)
	switch {
	case strings.HasPrefix(request.URL.Path, "/redirect/"):
		// As WebHDFS: the name node sends the writer to a data node.
		http.Redirect(w, request, strings.TrimPrefix(request.URL.Path, "/redirect"), http.StatusTemporaryRedirect)
	case strings.HasPrefix(request.URL.Path, "/late/"):
		_, _ = io.ReadAll(request.Body)
		http.Redirect(w, request, strings.TrimPrefix(request.URL.Path, "/late"), http.StatusTemporaryRedirect)
	case strings.HasPrefix(request.URL.Path, "/status/"):
		var code int
		_, _ = fmt.Sscanf(request.URL.Path, "/status/%d", &code)
		http.Error(w, "the disk\nis full", code)
	case request.Method == http.MethodPut:
		content, err := io.ReadAll(request.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.content[request.URL.Path] = content
		w.WriteHeader(http.StatusCreated)
	case f.content[request.URL.Path] == nil:
		http.NotFound(w, request)
	case strings.HasPrefix(request.URL.Path, "/plain/"):
		_, _ = w.Write(f.content[request.URL.Path])
	default:
		w.Header().Set("ETag", `"one"`)
		http.ServeContent(w, request, "", time.Unix(1700000000, 0), bytes.NewReader(f.content[request.URL.Path]))
	}
}

func (f *files) last() *http.Request {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.requests[len(f.requests)-1]
}

func serve(t *testing.T) *files {
	f := &files{content: map[string][]byte{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func connect(t testing.TB, a *wfv1.Artifact, resources artifacttest.Resources) artifact.Driver {
	t.Helper()
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, resources)
	must(t, err)
	return driver
}

func at(url string) *wfv1.Artifact {
	return &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{HTTP: &wfv1.HTTPArtifact{URL: url}}}
}

// DRV-03: files and streams there and back, redirected before or after the body was read.
func TestSaveAndLoad(t *testing.T) {
	server := serve(t)
	dir := t.TempDir()
	ctx := context.Background()
	for _, size := range []int{0, 10, 5 << 20} {
		for _, path := range []string{"/direct", "/redirect/target", "/late/target"} {
			content := bytes.Repeat([]byte("x"), size)
			in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
			must(t, os.WriteFile(in, content, 0o644))
			a := at(server.URL + path)
			driver := connect(t, a, nil)
			must(t, driver.Save(ctx, a, in))
			stored := at(server.URL + path[strings.LastIndex(path, "/"):])
			must(t, driver.Load(ctx, stored, out))
			got, err := os.ReadFile(out)
			must(t, err)
			if !bytes.Equal(got, content) {
				t.Errorf("%s: %d bytes came back of %d", path, len(got), size)
			}
			server.content = map[string][]byte{}

			err = driver.SaveStream(ctx, a, io.MultiReader(bytes.NewReader(content)))
			if path == "/late/target" && size > 0 {
				if err == nil || !strings.Contains(err.Error(), "saveStreamViaFile") {
					t.Errorf("a stream that is redirected too late: %v", err)
				}
				a.HTTP.SaveStreamViaFile = true
				err = driver.SaveStream(ctx, a, io.MultiReader(bytes.NewReader(content)))
				if length := server.last().ContentLength; length != int64(size) {
					t.Errorf("saveStreamViaFile sends length %d", length)
				}
			}
			must(t, err)
			stream, _, err := driver.Open(ctx, stored, artifact.Whole)
			must(t, err)
			got, _ = io.ReadAll(stream)
			stream.Close()
			if !bytes.Equal(got, content) {
				t.Errorf("%s: of a stream of %d bytes %d came back", path, size, len(got))
			}
			server.content = map[string][]byte{}
		}
	}
}

// ART-18: ranges, from servers that have them and from those that have not.
func TestRanges(t *testing.T) {
	server := serve(t)
	ctx := context.Background()
	for _, path := range []string{"/ranges", "/plain/none"} {
		server.content[path] = []byte("0123456789")
		a := at(server.URL + path)
		driver := connect(t, a, nil)
		for _, test := range []struct {
			part artifact.Range
			want string
		}{
			{artifact.Whole, "0123456789"}, {artifact.Range{Offset: 3, Length: 4}, "3456"}, {artifact.Range{Offset: 8, Length: -1}, "89"},
			{artifact.Range{Offset: 8, Length: 10}, "89"}, {artifact.Range{Length: 0}, ""},
		} {
			stream, attributes, err := driver.Open(ctx, a, test.part)
			must(t, err)
			got, err := io.ReadAll(stream)
			must(t, err)
			stream.Close()
			if string(got) != test.want || attributes.Size != 10 {
				t.Errorf("%s %+v: %q of %d", path, test.part, got, attributes.Size)
			}
		}
	}
}

// DRV-03: 404 is "not found", other answers are errors with what the server says.
func TestErrors(t *testing.T) {
	server := serve(t)
	ctx := context.Background()
	for code, test := range map[int]struct{ notFound, transient bool }{
		404: {notFound: true}, 400: {}, 401: {}, 403: {}, 410: {}, 429: {transient: true}, 500: {transient: true}, 503: {transient: true},
	} {
		a := at(fmt.Sprintf("%s/status/%d?token=very-secret", server.URL, code))
		driver := connect(t, a, nil)
		for name, err := range map[string]error{
			"load": driver.Load(ctx, a, filepath.Join(t.TempDir(), "out")),
			"save": driver.SaveStream(ctx, a, strings.NewReader("x")),
		} {
			if err == nil || !strings.Contains(err.Error(), fmt.Sprint(code)) || !strings.Contains(err.Error(), "the disk is full") || strings.Contains(err.Error(), "very-secret") {
				t.Errorf("%s: %v", name, err)
			}
			if errors.Is(err, artifact.ErrNotFound) != test.notFound || artifact.Transient(err) != test.transient {
				t.Errorf("%s: not found=%t, transient=%t: %v", name, errors.Is(err, artifact.ErrNotFound), artifact.Transient(err), err)
			}
		}
	}
	a := at(server.URL + "/x")
	driver := connect(t, a, nil)
	if err := driver.Save(ctx, a, t.TempDir()); err == nil || !strings.Contains(err.Error(), "directory") || artifact.Transient(err) {
		t.Error(err)
	}
	if err := driver.Delete(ctx, a); !errors.Is(err, artifact.ErrNotSupported) {
		t.Error(err)
	}
	server.Close()
	if err := driver.Load(ctx, a, filepath.Join(t.TempDir(), "out")); !artifact.Transient(err) {
		t.Error(err)
	}
}

// DRV-03: headers, basic authentication, tokens.
func TestAuthentication(t *testing.T) {
	server := serve(t)
	server.content["/file"] = []byte("x")
	var token *http.Request
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_ = request.ParseForm()
		token = request
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"the-token","token_type":"Bearer","expires_in":3600}`)
	}))
	defer tokens.Close()
	resources := artifacttest.Resources{"s/user": "ann", "s/password": "pw", "s/id": "client", "s/url": tokens.URL, "s/secret": "shh"}
	load := func(a *wfv1.Artifact) http.Header {
		must(t, connect(t, a, resources).Load(context.Background(), a, filepath.Join(t.TempDir(), "out")))
		return server.last().Header
	}
	a := at(server.URL + "/file")
	a.HTTP.Headers = []wfv1.Header{{Name: "X-One", Value: "1"}, {Name: "X-One", Value: "2"}}
	if got := load(a)["X-One"]; len(got) != 2 {
		t.Errorf("headers: %v", got)
	}
	a = at(server.URL + "/file")
	a.HTTP.Auth = &wfv1.HTTPAuth{BasicAuth: wfv1.BasicAuth{UsernameSecret: artifacttest.Select("s", "user"), PasswordSecret: artifacttest.Select("s", "password")}}
	if got := load(a).Get("Authorization"); got != "Basic YW5uOnB3" {
		t.Errorf("basic: %s", got)
	}
	a.HTTP.Auth = &wfv1.HTTPAuth{OAuth2: wfv1.OAuth2Auth{
		ClientIDSecret: artifacttest.Select("s", "id"), ClientSecretSecret: artifacttest.Select("s", "secret"), TokenURLSecret: artifacttest.Select("s", "url"),
		Scopes: []string{"read", "write"}, EndpointParams: []wfv1.OAuth2EndpointParam{{Key: "audience", Value: "files"}},
	}}
	if got := load(a).Get("Authorization"); got != "Bearer the-token" {
		t.Errorf("oauth2: %s", got)
	}
	if token.Form.Get("grant_type") != "client_credentials" || token.Form.Get("scope") != "read write" || token.Form.Get("audience") != "files" {
		t.Errorf("token request: %v", token.Form)
	}
	a.HTTP.Auth.OAuth2.ClientIDSecret = artifacttest.Select("s", "nothing")
	if _, err := artifact.New(context.Background(), &a.ArtifactLocation, resources); err == nil || !strings.Contains(err.Error(), "clientIDSecret") {
		t.Error(err)
	}

	// DRV-04: Artifactory is the same with a login of its own.
	b := &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{Artifactory: &wfv1.ArtifactoryArtifact{
		URL: server.URL + "/repo/file", ArtifactoryAuth: wfv1.ArtifactoryAuth{UsernameSecret: artifacttest.Select("s", "user"), PasswordSecret: artifacttest.Select("s", "password")},
	}}}
	must(t, connect(t, b, resources).SaveStream(context.Background(), b, strings.NewReader("artifact")))
	if got := server.last().Header.Get("Authorization"); got != "Basic YW5uOnB3" || string(server.content["/repo/file"]) != "artifact" {
		t.Errorf("artifactory: %s %q", got, server.content["/repo/file"])
	}
	if got := load(b).Get("Authorization"); got != "Basic YW5uOnB3" {
		t.Errorf("artifactory: %s", got)
	}
	if err := connect(t, b, resources).Delete(context.Background(), b); err == nil || !strings.Contains(err.Error(), "artifactory") {
		t.Error(err)
	}
}

// DRV-03: a client certificate.
func TestClientCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ann"}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})

	var name string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		name = request.TLS.PeerCertificates[0].Subject.CommonName
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	authority := filepath.Join(t.TempDir(), "ca.crt")
	must(t, os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	// The system's authorities are read once a process: this test is the only one of the package that speaks TLS.
	t.Setenv("SSL_CERT_FILE", authority)

	a := at(server.URL + "/x")
	a.HTTP.Auth = &wfv1.HTTPAuth{ClientCert: wfv1.ClientCertAuth{ClientCertSecret: artifacttest.Select("s", "crt"), ClientKeySecret: artifacttest.Select("s", "key")}}
	driver := connect(t, a, artifacttest.Resources{"s/crt": string(certificate), "s/key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))})
	must(t, driver.Load(context.Background(), a, filepath.Join(t.TempDir(), "out")))
	if name != "ann" {
		t.Errorf("the server saw the certificate of %q", name)
	}
}
