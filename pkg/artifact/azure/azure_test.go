package azure_test

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	_ "fairlead.dev/fairlead/pkg/artifact/azure"
)

// fake is as much of the Blob service as the driver uses, under the path of an emulator: /account/container/blob.
type fake struct {
	artifacttest.Objects
	lock   sync.Mutex
	blocks map[string][]byte
	// logins are the Authorization headers and signatures seen.
	logins map[string]bool
	// largest is the largest body of a request.
	largest int
}

func (f *fake) fail(w http.ResponseWriter, code int, name string) {
	w.Header().Set("x-ms-error-code", name)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(code)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, name)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	key, ok := strings.CutPrefix(request.URL.Path, "/account/artifacts")
	key = strings.TrimPrefix(key, "/")
	query := request.URL.Query()
	body, _ := io.ReadAll(request.Body)
	f.lock.Lock()
	defer f.lock.Unlock()
	f.largest = max(f.largest, len(body))
	login, _, _ := strings.Cut(request.Header.Get("Authorization"), ":")
	f.logins[login+query.Get("sig")] = true
	switch {
	case f.Fail != 0:
		f.fail(w, f.Fail, map[int]string{403: "AuthenticationFailed"}[f.Fail])
	case !ok:
		f.fail(w, 404, "ContainerNotFound")
	case query.Get("comp") == "list":
		f.list(w, query.Get("prefix"), query.Get("marker"))
	case request.Method == http.MethodPut && query.Get("comp") == "block":
		f.blocks[query.Get("blockid")] = body
		w.WriteHeader(http.StatusCreated)
	case request.Method == http.MethodPut && query.Get("comp") == "blocklist":
		var list struct{ Latest []string }
		_ = xml.Unmarshal(body, &list)
		var content []byte
		for _, id := range list.Latest {
			content = append(content, f.blocks[id]...)
		}
		f.Put(key, content)
		w.WriteHeader(http.StatusCreated)
	case request.Method == http.MethodPut:
		f.Put(key, body)
		w.WriteHeader(http.StatusCreated)
	case request.Method == http.MethodDelete && f.Delete(key):
		w.WriteHeader(http.StatusAccepted)
	case request.Method != http.MethodDelete:
		if part := request.Header.Get("x-ms-range"); part != "" {
			request.Header.Set("Range", part)
		}
		if f.Serve(w, request, key) {
			return
		}
		fallthrough
	default:
		f.fail(w, 404, "BlobNotFound")
	}
}

// list answers a page.
func (f *fake) list(w http.ResponseWriter, prefix, marker string) {
	w.Header().Set("Content-Type", "application/xml")
	var blobs strings.Builder
	keys, next := f.Page(prefix, marker)
	for _, key := range keys {
		content, _ := f.Get(key)
		fmt.Fprintf(&blobs, `<Blob><Name>%s</Name><Properties><Content-Length>%d</Content-Length><Last-Modified>%s</Last-Modified></Properties></Blob>`,
			artifacttest.XMLText(key), len(content), artifacttest.Modified.Format(http.TimeFormat))
	}
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="artifacts"><Blobs>%s</Blobs><NextMarker>%s</NextMarker></EnumerationResults>`, blobs.String(), next)
}

func start(t *testing.T) (*fake, string) {
	f := &fake{blocks: map[string][]byte{}, logins: map[string]bool{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL + "/account"
}

var resources = artifacttest.Resources{
	"az/key": base64.StdEncoding.EncodeToString([]byte("a key")) + "\n", "az/sas": "?sv=2024-01-01&sig=the-signature", "az/junk": "not base64!",
}

func location(endpoint, container, secret, blob string) *wfv1.Artifact {
	a := &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{Azure: &wfv1.AzureArtifact{
		AzureBlobContainer: wfv1.AzureBlobContainer{Endpoint: endpoint, ContainerName: container}, Blob: blob,
	}}}
	if secret != "" {
		a.Azure.AccountKeySecret = artifacttest.Select("az", secret)
	}
	return a
}

func connect(t *testing.T, a *wfv1.Artifact) artifact.Driver {
	t.Helper()
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, resources)
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

// DRV-09: what goes over the wire, with an account key and with a signature.
func TestStore(t *testing.T) {
	for secret, login := range map[string]string{"key": "SharedKey account", "sas": "the-signature", "": ""} {
		t.Run(secret, func(t *testing.T) {
			f, endpoint := start(t)
			driver := connect(t, location(endpoint, "artifacts", secret, ""))
			artifacttest.ObjectStore(t, driver, func(key string) *wfv1.Artifact { return location(endpoint, "artifacts", secret, key) })
			// Requests that were given up may still be under way.
			f.lock.Lock()
			defer f.lock.Unlock()
			if len(f.logins) != 1 || !f.logins[login] {
				t.Errorf("logins: %v", f.logins)
			}
			if f.largest > 8<<20 {
				t.Errorf("a request had a body of %d bytes", f.largest)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	f, endpoint := start(t)
	a := location(endpoint, "nowhere", "key", "x")
	err := connect(t, a).Load(context.Background(), a, filepath.Join(t.TempDir(), "x"))
	if err == nil || !strings.Contains(err.Error(), `container "nowhere" does not exist`) || artifact.Transient(err) {
		t.Error(err)
	}
	a = location(endpoint, "artifacts", "key", "x")
	artifacttest.Answers(t, &f.Objects, func() error { return connect(t, a).SaveStream(context.Background(), a, strings.NewReader("x")) }, "a key")
	for want, a := range map[string]*wfv1.Artifact{
		"must be a URL": location("account", "c", "key", "x"), "azure.container": location(endpoint, "", "key", "x"),
		"base64": location(endpoint, "c", "junk", "x"), `no key "none"`: location(endpoint, "c", "none", "x"),
	} {
		if _, err := artifact.New(context.Background(), &a.ArtifactLocation, resources); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// A container may be anywhere a user says: its lists take no more memory than lists do.
func TestEndlessLists(t *testing.T) {
	artifacttest.EndlessLists(t, `<EnumerationResults ContainerName="artifacts"><Blobs>`, `<Blob/>`, func(endpoint string) (artifact.Driver, *wfv1.Artifact) {
		a := location(endpoint+"/account", "artifacts", "key", "x")
		return connect(t, a), a
	})
}
