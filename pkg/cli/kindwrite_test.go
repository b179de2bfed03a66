package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
)

// objects is an API with objects by path; it counts versions up, and refuses older ones.
type objects struct {
	stored   map[string]*unstructured.Unstructured
	requests []string
	// meddle, unless nil, is called before each PUT.
	meddle func()
}

func (o *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path, _ := strings.Cut(r.URL.Path, "/namespaces/")
	query := r.URL.Query()
	o.requests = append(o.requests, strings.TrimSpace(r.Method+" "+path+" "+query.Get("fieldValidation")+" "+query.Get("dryRun")))
	w.Header().Set("Content-Type", "application/json")
	fail := func(err *apierrors.StatusError) {
		err.ErrStatus.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
		w.WriteHeader(int(err.ErrStatus.Code))
		_ = json.NewEncoder(w).Encode(err.ErrStatus)
	}
	sent := &unstructured.Unstructured{}
	if r.Method != http.MethodGet {
		_ = json.NewDecoder(r.Body).Decode(&sent.Object)
	}
	if r.Method == http.MethodPost {
		path += "/" + sent.GetName()
	}
	if r.Method == http.MethodPut && o.meddle != nil {
		o.meddle()
	}
	known := o.stored[path]
	switch {
	case known == nil && r.Method != http.MethodPost:
		fail(apierrors.NewNotFound(v1alpha1.Resource("workflowtemplates"), filepath.Base(path)))
		return
	case r.Method == http.MethodPut && sent.GetResourceVersion() != known.GetResourceVersion():
		fail(apierrors.NewConflict(v1alpha1.Resource("workflowtemplates"), sent.GetName(), errTimeout))
		return
	case r.Method != http.MethodGet:
		sent.SetResourceVersion("v" + string(rune('0'+len(o.requests))))
		o.stored[path], known = sent, sent
	}
	_ = json.NewEncoder(w).Encode(known)
}

// runOn runs the plugin's command against an API.
func runOn(t *testing.T, api http.Handler, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	var out, errs bytes.Buffer
	e := newEnvironment(genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errs}, testingclock.NewFakeClock(epoch))
	if e.connected, err = client.New(&rest.Config{Host: server.URL}, v1alpha1.SchemeGroupVersion, e.clock); err != nil {
		t.Fatal(err)
	}
	cmd := newCommand(e)
	cmd.SetArgs(append(args, "--namespace=ns"))
	err = cmd.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const twoKinds = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: build}
spec: {entrypoint: main}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
`

// CLI-23: create, then update, which never overwrites what it has not seen.
func TestTemplateUpdate(t *testing.T) {
	file := write(t, twoKinds)
	api := &objects{stored: map[string]*unstructured.Unstructured{}}
	if _, _, err := runOn(t, api, "template", "update", file); err == nil || !strings.Contains(err.Error(), "template create") {
		t.Errorf("update of what is not there: %v", err)
	}
	out, errs, err := runOn(t, api, "template", "create", file)
	if err != nil || !strings.Contains(out, "workflowtemplate.argoproj.io/build created") || !strings.Contains(errs, "ConfigMap is no WorkflowTemplate") {
		t.Errorf("create: %v\n%s%s", err, out, errs)
	}
	changed := 0
	api.meddle = func() {
		if changed++; changed == 1 {
			api.stored["ns/workflowtemplates/build"].SetResourceVersion("other")
		}
	}
	out, _, err = runOn(t, api, "template", "update", file, "--strict=false", "--dry-run=server")
	if err != nil || out != "workflowtemplate.argoproj.io/build updated (server dry run)\n" {
		t.Errorf("update: %v\n%s", err, out)
	}
	want := []string{
		"GET ns/workflowtemplates/build", "POST ns/workflowtemplates Strict", "GET ns/workflowtemplates/build", "PUT ns/workflowtemplates/build Warn All",
		"GET ns/workflowtemplates/build", "PUT ns/workflowtemplates/build Warn All",
	}
	if !slices.Equal(api.requests, want) {
		t.Errorf("requests\n%q, want\n%q", api.requests, want)
	}

	// With a version of its own it is for that one only.
	pinned := write(t, strings.Replace(twoKinds, "name: build", "name: build, resourceVersion: old", 1))
	if _, _, err := runOn(t, api, "template", "update", pinned); !apierrors.IsConflict(err) {
		t.Errorf("update of an old version: %v", err)
	}
	if _, _, err := runOn(t, api, "cron", "update", file); err == nil || !strings.Contains(err.Error(), "no CronWorkflow in") {
		t.Errorf("update of other kinds: %v", err)
	}
}

// CLI-24: flags of cron create.
func TestCronCreateFlags(t *testing.T) {
	file := write(t, `
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly, labels: {a: b}}
spec:
  schedule: "* * * * *"
  workflowSpec: {entrypoint: main, arguments: {parameters: [{name: x, value: old}, {name: z, value: "1"}]}}
`)
	api := &objects{stored: map[string]*unstructured.Unstructured{}}
	out, errs, err := runOn(t, api, "cron", "create", file, "--name", "daily", "--schedule", "0 1 * * *", "--schedule", "0 2 * * *",
		"-p", "x=new", "--entrypoint", "other", "--serviceaccount", "runner", "-l", "c=d")
	if err != nil || out != "cronworkflow.argoproj.io/daily created\n" {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	cron := api.stored["ns/cronworkflows/daily"]
	spec, _, _ := unstructured.NestedMap(cron.Object, "spec")
	got, _ := json.Marshal(spec)
	want := `{"schedules":["0 1 * * *","0 2 * * *"],"workflowSpec":{"arguments":{"parameters":[{"name":"x","value":"new"},{"name":"z","value":"1"}]},` +
		`"entrypoint":"other","serviceAccountName":"runner"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if labels := cron.GetLabels(); labels["a"] != "b" || labels["c"] != "d" {
		t.Errorf("labels %v", labels)
	}
}
