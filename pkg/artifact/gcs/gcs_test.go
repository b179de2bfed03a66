package gcs

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"google.golang.org/api/option"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
)

// fake is as much of the service as the driver uses: the JSON API, and reads through the XML one.
type fake struct {
	artifacttest.Objects
	lock    sync.Mutex
	uploads map[string][]byte
	tokens  int
	logins  map[string]bool
	largest int
}

func (f *fake) fail(w http.ResponseWriter, code int, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": code, "message": message}})
}

func (f *fake) resource(key string) map[string]any {
	content, _ := f.Get(key)
	return map[string]any{
		"kind": "storage#object", "bucket": "artifacts", "name": key, "size": strconv.Itoa(len(content)), "generation": "7",
		"updated": artifacttest.Modified.Format("2006-01-02T15:04:05Z"), "contentType": "application/octet-stream",
	}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	f.lock.Lock()
	defer f.lock.Unlock()
	path := request.URL.EscapedPath()
	if path == "/token" {
		f.tokens++
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"the-token","token_type":"Bearer","expires_in":3600}`)
		return
	}
	f.logins[request.Header.Get("Authorization")] = true
	const objects = "/b/artifacts/o"
	path = strings.TrimPrefix(strings.TrimPrefix(path, "/upload"), "/storage/v1")
	switch {
	case f.Fail != 0:
		f.fail(w, f.Fail, "no")
	case request.URL.Query().Get("uploadType") != "":
		f.upload(w, request)
	case path == objects:
		f.list(w, request.URL.Query().Get("prefix"), request.URL.Query().Get("pageToken"))
	case strings.HasPrefix(path, objects+"/"):
		key := unescape(strings.TrimPrefix(path, objects+"/"))
		switch _, ok := f.Get(key); {
		case !ok:
			f.fail(w, 404, "No such object")
		case request.Method == http.MethodDelete:
			f.Delete(key)
			w.WriteHeader(http.StatusNoContent)
		default:
			_ = json.NewEncoder(w).Encode(f.resource(key))
		}
	case strings.HasPrefix(path, "/artifacts/"):
		w.Header().Set("X-Goog-Generation", "7")
		if !f.Serve(w, request, unescape(strings.TrimPrefix(path, "/artifacts/"))) {
			f.fail(w, 404, "NoSuchKey")
		}
	default:
		f.fail(w, 404, "The specified bucket does not exist.")
	}
}

func unescape(path string) string {
	request, _ := http.NewRequest(http.MethodGet, "/"+path, nil)
	return strings.TrimPrefix(request.URL.Path, "/")
}

// upload takes small objects in one request and large ones chunk by chunk.
func (f *fake) upload(w http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	if query.Get("uploadType") == "multipart" {
		_, parameters, _ := mime.ParseMediaType(request.Header.Get("Content-Type"))
		parts := multipart.NewReader(request.Body, parameters["boundary"])
		var object struct{ Name string }
		first, _ := parts.NextPart()
		_ = json.NewDecoder(first).Decode(&object)
		second, err := parts.NextPart()
		if err != nil {
			f.fail(w, 400, err.Error())
			return
		}
		content, err := io.ReadAll(second)
		if err != nil {
			f.fail(w, 400, err.Error())
			return
		}
		f.largest = max(f.largest, len(content))
		f.Put(object.Name, content)
		_ = json.NewEncoder(w).Encode(f.resource(object.Name))
		return
	}
	id := query.Get("upload_id")
	if id == "" {
		var object struct{ Name string }
		_ = json.NewDecoder(request.Body).Decode(&object)
		f.uploads[object.Name] = nil
		location := *request.URL
		location.Scheme, location.Host = "http", request.Host
		values := location.Query()
		values.Set("upload_id", object.Name)
		location.RawQuery = values.Encode()
		w.Header().Set("Location", location.String())
		return
	}
	chunk, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	f.largest = max(f.largest, len(chunk))
	f.uploads[id] = append(f.uploads[id], chunk...)
	if strings.HasSuffix(request.Header.Get("Content-Range"), "/*") {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", len(f.uploads[id])-1))
		w.Header().Set("X-Http-Status-Code-Override", "308")
		return
	}
	f.Put(id, f.uploads[id])
	_ = json.NewEncoder(w).Encode(f.resource(id))
}

// list answers a page.
func (f *fake) list(w http.ResponseWriter, prefix, token string) {
	answer := map[string]any{"kind": "storage#objects"}
	var items []any
	keys, next := f.Page(prefix, token)
	for _, key := range keys {
		items = append(items, f.resource(key))
	}
	answer["items"] = items
	if next != "" {
		answer["nextPageToken"] = next
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func start(t *testing.T) (*fake, *httptest.Server) {
	f := &fake{uploads: map[string][]byte{}, logins: map[string]bool{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	return f, server
}

func at(key string) *wfv1.Artifact {
	return &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{GCS: &wfv1.GCSArtifact{GCSBucket: wfv1.GCSBucket{Bucket: "artifacts"}, Key: key}}}
}

func connect(t *testing.T, a *wfv1.Artifact, resources artifact.Resources) artifact.Driver {
	t.Helper()
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, resources)
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

// DRV-08: what goes over the wire.
func TestStore(t *testing.T) {
	f, _ := start(t)
	artifacttest.ObjectStore(t, connect(t, at(""), nil), at)
	// Requests that were given up may still be under way.
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.largest > 8<<20 {
		t.Errorf("a request had a body of %d bytes", f.largest)
	}
}

// DRV-08: a key from a Secret is exchanged for a token, which goes with every request.
func TestServiceAccountKey(t *testing.T) {
	f, server := start(t)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "a@example.com", "private_key_id": "1", "token_uri": server.URL + "/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Put("x", []byte("content"))
	a := at("x")
	a.GCS.ServiceAccountKeySecret = artifacttest.Select("gcs", "key")
	resources := artifacttest.Resources{"gcs/key": string(key)}
	// The variable for emulators would turn authentication off.
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	driver, err := newStore(context.Background(), &a.ArtifactLocation, resources, option.WithEndpoint(server.URL+"/storage/v1/"))
	if err != nil {
		t.Fatal(err)
	}
	if err := driver.Load(context.Background(), a, filepath.Join(t.TempDir(), "x")); err != nil {
		t.Fatal(err)
	}
	// Either a token that was asked for, or one that the key itself has signed.
	for login := range f.logins {
		if login != "Bearer the-token" && strings.Count(login, ".") != 2 {
			t.Errorf("%d tokens, logins %v", f.tokens, f.logins)
		}
	}
	for content, want := range map[string]string{
		`{"type":"external_account"}`: `type "external_account"`, `junk`: "JSON key",
	} {
		if _, err := artifact.New(context.Background(), &a.ArtifactLocation, artifacttest.Resources{"gcs/key": content}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

func TestErrors(t *testing.T) {
	f, _ := start(t)
	a := at("x")
	a.GCS.Bucket = "nowhere"
	_, err := connect(t, a, nil).List(context.Background(), a, 0)
	if err == nil || !strings.Contains(err.Error(), `bucket "nowhere" does not exist`) || artifact.Transient(err) {
		t.Error(err)
	}
	artifacttest.Answers(t, &f.Objects, func() error {
		return connect(t, at("x"), nil).Load(context.Background(), at("x"), filepath.Join(t.TempDir(), "x"))
	})
}
