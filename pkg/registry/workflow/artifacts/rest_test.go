package artifacts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

const recorded = `
{"metadata": {"name": "wf", "namespace": "ns"},
 "status": {
  "artifactRepositoryRef": {"artifactRepository": {"s3": {"endpoint": "e", "bucket": "b", "accessKeySecret": {"name": "cred", "key": "k"}, "secretKeySecret": {"name": "cred", "key": "s"}}}},
  "nodes": {
   "wf-1": {"id": "wf-1", "name": "wf.a", "type": "Pod", "ordinal": 1, "inputs": {"artifacts": [{"name": "in", "s3": {"key": "in.txt"}}]}, "outputs": {"artifacts": [
     {"name": "file", "s3": {"key": "dir/file.txt"}}, {"name": "tree", "s3": {"key": "tree"}}, {"name": "gone", "s3": {"key": "gone"}, "deleted": true},
     {"name": "lost", "s3": {"key": "lost"}}, {"name": "web", "http": {"url": "http://example.com/x"}}, {"name": "pod", "s3": {"endpoint": "e", "bucket": "b", "key": "k", "useSDKCreds": true}}]}},
   "wf-2": {"id": "wf-2", "name": "wf", "type": "DAG", "ordinal": 0, "outputs": {"artifacts": [{"name": "again", "s3": {"key": "dir/file.txt"}}]}}}}}`

// get asks for a path; "HEAD " in front changes the method, "input:" asks for an input.
func get(t *testing.T, source *Source, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	wf := &v1alpha1.Workflow{}
	if err := json.Unmarshal([]byte(recorded), wf); err != nil {
		t.Fatal(err)
	}
	memory.objects = map[string]string{"dir/file.txt": "0123456789", "in.txt": "in", "tree/a": "A", "tree/sub/b c": "BB"}
	recorder := httptest.NewRecorder()
	r := responder{recorder}
	method := http.MethodGet
	if rest, ok := strings.CutPrefix(path, "HEAD "); ok {
		method, path = http.MethodHead, rest
	}
	options := &v1alpha1.ArtifactOptions{}
	options.Path, options.Input = strings.CutPrefix(path, "input:")
	request := httptest.NewRequest(method, "/artifacts/"+strings.ReplaceAll(options.Path, " ", "%20"), nil)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	handler, err := NewREST(getter{wf}, source).Connect(t.Context(), "wf", options, r)
	if err != nil {
		r.Error(err)
		return recorder
	}
	handler.ServeHTTP(recorder, request)
	return recorder
}

func TestArtifacts_ART16_ART18(t *testing.T) {
	source := &Source{Resources: func(string) artifact.Resources { return secrets{} }}
	for _, tc := range []struct {
		name, path string
		header     []string
		code       int
		body       string
	}{
		{"a file", "wf-1/file", nil, 200, "0123456789"},
		{"its end, as a resumed download asks for it", "wf-1/file", []string{"Range", "bytes=7-", "If-Range", `"tag"`}, 206, "789"},
		{"all of it, when it has changed meanwhile", "wf-1/file", []string{"Range", "bytes=7-", "If-Range", `"old"`}, 200, "0123456789"},
		{"a part", "wf-1/file", []string{"Range", "bytes=2-4"}, 206, "234"},
		{"beyond the end", "wf-1/file", []string{"Range", "bytes=10-"}, 416, "invalid range"},
		{"what is there already", "wf-1/file", []string{"If-None-Match", `"tag"`}, 304, ""},
		{"only the headers", "HEAD wf-1/file", nil, 200, ""},
		{"an input", "input:wf-1/in", nil, 200, "in"},
		{"a file of a directory", "wf-1/tree/sub/b c", nil, 200, "BB"},
		{"no way out of the directory", "wf-1/tree/../dir/file.txt", nil, 404, `the artifact "tree" has no file "../dir/file.txt"`},
		{"one that was collected", "wf-1/gone", nil, 410, `the artifact "gone" of node "wf-1" has been deleted by garbage collection`},
		{"one that is not in its store", "wf-1/lost", nil, 404, "not found"},
		{"another name", "wf-1/fil", nil, 404, "it has: file, tree, gone, lost, web, pod"},
		{"another node", "wf-9/file", nil, 404, `no node with the ID "wf-9"`},
		{"one on the web", "wf-1/web", nil, 501, "is at http://example.com/x"},
		{"one that needs the pod's own rights", "wf-1/pod", nil, 501, "give its location Secrets"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := get(t, source, tc.path, tc.header...)
			body := got.Body.String()
			if got.Code != tc.code || (tc.code < 300 && body != tc.body) || !strings.Contains(body, tc.body) {
				t.Errorf("%d %q", got.Code, body)
			}
		})
	}
	headers := get(t, source, "wf-1/file").Header()
	if headers.Get("Content-Disposition") != "attachment; filename=file.txt" || headers.Get("Content-Length") != "10" || headers.Get("ETag") != `"tag"` || headers.Get(ListingHeader) != "" {
		t.Errorf("%v", headers)
	}
}

func TestListings(t *testing.T) {
	source := &Source{Resources: func(string) artifact.Resources { return secrets{} }}
	entries := func(path string) string {
		t.Helper()
		got := get(t, source, path)
		listing := &v1alpha1.ArtifactListing{}
		if err := json.Unmarshal(got.Body.Bytes(), listing); err != nil || got.Code != 200 || got.Header().Get(ListingHeader) != "true" || listing.Name != "wf" {
			t.Fatalf("%d %s: %v", got.Code, got.Body, err)
		}
		var lines bytes.Buffer
		for _, e := range listing.Items {
			lines.WriteString(e.Path + " " + e.Name + " " + e.Key + "\n")
		}
		return lines.String()
	}
	if got, want := entries(""), "wf-1/file file dir/file.txt\nwf-1/gone gone gone\nwf-1/lost lost lost\nwf-1/pod pod k\nwf-1/tree tree tree\nwf-1/web web /x\n"; got != want {
		t.Errorf("all:\n%s", got)
	}
	if got, want := entries("wf-1/tree"), "wf-1/tree/a a tree/a\nwf-1/tree/sub/b%20c sub/b c tree/sub/b c\n"; got != want {
		t.Errorf("a directory:\n%s", got)
	}
	if got, want := entries("wf-1/tree/sub/"), "wf-1/tree/sub/b%20c sub/b c tree/sub/b c\n"; got != want {
		t.Errorf("a directory in it:\n%s", got)
	}
}

// A directory with more files than an answer has is cut, and says so.
func TestListing_TooLong(t *testing.T) {
	before := memory.objects
	t.Cleanup(func() { memory.objects = before })
	for _, files := range []int{maxListed, maxListed + 1} {
		memory.objects = map[string]string{}
		for i := range files {
			memory.objects[fmt.Sprintf("tree/%06d", i)] = ""
		}
		tree := &v1alpha1.Artifact{Name: "tree", ArtifactLocation: v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: "tree"}}}
		c := &content{workflow: &v1alpha1.Workflow{}, artifact: tree, base: "wf-1/tree", driver: memory}
		if listing, err := c.listing(t.Context(), tree); err != nil || len(listing.Items) != maxListed || listing.Truncated != (files > maxListed) {
			t.Errorf("%d files: %+v, %v", files, listing, err)
		}
	}
}

func TestCredentialsThatMayNotBeRead(t *testing.T) {
	forbidden := apierrors.NewForbidden(v1alpha1.Resource("secrets"), "cred", errors.New("no rule"))
	source := &Source{Resources: func(string) artifact.Resources { return secrets{forbidden} }}
	if got := get(t, source, "wf-1/file"); got.Code != 403 || !strings.Contains(got.Body.String(), "manifests/components/artifact-access") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := get(t, nil, "wf-1/file"); got.Code != 503 {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
