package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// uploads takes files, and workflows, which it sends back.
type uploads struct {
	requests []string
	sent     []json.RawMessage
	refuse   bool
	// objects can be read; others are forbidden.
	objects map[string]string
}

func (u *uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, at, _ := strings.Cut(r.URL.Path, "/namespaces/")
	if r.URL.RawQuery != "" && !strings.Contains(r.URL.RawQuery, "fieldValidation") {
		at += "?" + r.URL.RawQuery
	}
	w.Header().Set("Content-Type", "application/json")
	if _, name, found := strings.Cut(r.URL.Path, "/artifacts/"); found {
		u.requests = append(u.requests, r.Method+" "+at+": "+string(body))
		if u.refuse {
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"Conflict","message":"no repository","code":409}`))
			return
		}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(&v1alpha1.ArtifactListing{Items: []v1alpha1.ArtifactEntry{{Name: name, Key: "uploads/ns/u/" + name}}})
		return
	}
	if r.Method == http.MethodGet {
		u.requests = append(u.requests, "GET "+at)
		object, known := u.objects[at]
		if !known {
			object = `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"Forbidden","message":"no","code":403}`
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write([]byte(object))
		return
	}
	u.requests = append(u.requests, r.Method+" "+at)
	u.sent = append(u.sent, body)
	if strings.HasSuffix(at, "/submit") {
		body = []byte(`{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"build-1","namespace":"ns"}}`)
	}
	_, _ = w.Write(body)
}

const takesSource = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: NAME}
spec:
  arguments: {artifacts: [{name: source, mode: 493, http: {url: "https://example.com/x"}}, {name: data, gcs: {bucket: b, key: old}}]}
`

// ART-17, OPS-03: files of this machine become artifacts among the arguments; each is uploaded once for all workflows.
func TestSubmitWithArtifacts(t *testing.T) {
	local := filepath.Join(t.TempDir(), "src v1.tgz")
	if err := os.WriteFile(local, []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	both := write(t, strings.Replace(takesSource, "NAME", "one", 1)+"---"+strings.Replace(strings.Replace(takesSource, "NAME", "two", 1), "spec:", "spec:\n  artifactRepositoryRef: {configMap: repos, key: other}", 1))
	api := &uploads{}
	out, errs, err := runOn(t, api, "submit", both, both, "--artifact", "source="+local, "--artifact-key", "data=new/key")
	if err != nil || strings.Count(out, "created") != 4 {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	wantRequests := []string{
		"POST ns/workflows/uploads/artifacts/src v1.tgz: bytes", "POST ns/workflows/uploads/artifacts/src v1.tgz?configMap=repos&key=other: bytes",
		"POST ns/workflows", "POST ns/workflows", "POST ns/workflows", "POST ns/workflows",
	}
	if strings.Join(api.requests, "\n") != strings.Join(wantRequests, "\n") {
		t.Errorf("requests\n%s", strings.Join(api.requests, "\n"))
	}
	want := `{"artifacts":[{"mode":493,"name":"source","s3":{"key":"uploads/ns/u/src v1.tgz"}},{"gcs":{"bucket":"b","key":"new/key"},"name":"data"}]}`
	if !strings.Contains(string(api.sent[0]), want) {
		t.Errorf("sent %s", api.sent[0])
	}

	// From a template the server places them.
	api = &uploads{}
	if _, _, err := runOn(t, api, "submit", "--from", "wftmpl/build", "--artifact", "source="+local, "--artifact-key", "data=new/key"); err != nil {
		t.Fatal(err)
	}
	if api.requests[0] != "GET ns/workflowtemplates/build" || api.requests[1] != "POST ns/workflows/build/artifacts/src v1.tgz: bytes" || !strings.Contains(string(api.sent[0]), `"artifacts":["data=new/key","source=uploads/ns/u/src v1.tgz"]`) {
		t.Errorf("%q, %s", api.requests, api.sent[0])
	}

	// A cron workflow whose template has a repository of its own.
	api = &uploads{objects: map[string]string{
		"ns/cronworkflows/nightly":   `{"kind":"CronWorkflow","metadata":{"namespace":"ns"},"spec":{"workflowSpec":{"workflowTemplateRef":{"name":"build"}}}}`,
		"ns/workflowtemplates/build": `{"kind":"WorkflowTemplate","spec":{"artifactRepositoryRef":{"key":"big"}}}`,
	}}
	if _, _, err := runOn(t, api, "submit", "--from", "cronwf/nightly", "--artifact", "source="+local); err != nil {
		t.Fatal(err)
	}
	if got := api.requests[2]; got != "POST ns/workflows/nightly/artifacts/src v1.tgz?key=big: bytes" {
		t.Errorf("%q", api.requests)
	}

	// A dry run uploads nothing.
	api = &uploads{}
	out, _, err = runOn(t, api, "submit", both, "--artifact", "source="+local, "--dry-run=client", "-o", "yaml")
	if err != nil || len(api.requests) != 0 || !strings.Contains(out, "key: uploads/ns/00000000-0000-0000-0000-000000000000/src v1.tgz") {
		t.Errorf("%v, %q\n%s", err, api.requests, out)
	}
}

// What cannot be used is said before anything is uploaded.
func TestArtifactsThatCannotBe(t *testing.T) {
	file := write(t, strings.Replace(takesSource, "NAME", "one", 1))
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"not declared", []string{"--artifact", "sauce=" + file}, `takes no artifact "sauce": spec.arguments.artifacts has source, data`},
		{"no file", []string{"--artifact", "source=/nowhere"}, "no such file"},
		{"a directory", []string{"--artifact", "source=" + filepath.Dir(file)}, "pack a directory first"},
		{"no pair", []string{"--artifact", "source"}, "NAME=FILE"},
		{"no key", []string{"--artifact-key", "source="}, "NAME=KEY"},
		{"twice", []string{"--artifact", "source=" + file, "--artifact-key", "source=x"}, "given twice"},
		{"no place for a key", []string{"--artifact-key", "source=x"}, "http has no key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api := &uploads{}
			_, _, err := runOn(t, api, append([]string{"submit", file}, tc.args...)...)
			if err == nil || !strings.Contains(err.Error(), tc.want) || len(api.requests) > 0 {
				t.Errorf("%v, %q", err, api.requests)
			}
		})
	}
}

// Keys are all that is printed, so that a script can take them.
func TestArtifactsUpload(t *testing.T) {
	directory := t.TempDir()
	empty, full := filepath.Join(directory, "empty"), filepath.Join(directory, "full")
	for path, text := range map[string]string{empty: "", full: "x"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	api := &uploads{}
	out, errs, err := runOn(t, api, "artifacts", "upload", empty, full, "--for", "build", "--config-key", "k")
	if err != nil || out != "uploads/ns/u/empty\nuploads/ns/u/full\n" || errs != "" {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
	if want := "POST ns/workflows/build/artifacts/empty?key=k: "; api.requests[0] != want {
		t.Errorf("%q, want %q", api.requests[0], want)
	}
	api = &uploads{refuse: true}
	if _, _, err := runOn(t, api, "artifacts", "upload", full); err == nil || !strings.Contains(err.Error(), "full could not be uploaded: no repository") {
		t.Errorf("%v", err)
	}
}
