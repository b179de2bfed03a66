package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
)

// fakeAPI takes every workflow; those whose name is that of a phase end in it at once, others are gone.
type fakeAPI struct {
	mu       sync.Mutex
	requests []string
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, at, _ := strings.Cut(r.URL.Path, "/namespaces/")
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+at)
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	wf := &v1alpha1.Workflow{}
	if r.Method == http.MethodPost {
		_ = json.NewDecoder(r.Body).Decode(wf)
		_ = json.NewEncoder(w).Encode(wf)
		return
	}
	namespace, name, _ := strings.Cut(at, "/workflows/")
	wf.Namespace, wf.Name, wf.UID = namespace, name, "u"
	wf.Status.Phase = v1alpha1.WorkflowPhase(strings.ToUpper(name[:1]) + name[1:])
	if !wf.Status.Phase.Completed() {
		err := apierrors.NewNotFound(v1alpha1.Resource("workflows"), name)
		err.ErrStatus.APIVersion, err.ErrStatus.Kind = "v1", "Status"
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(err.ErrStatus)
		return
	}
	data, _ := json.Marshal(wf)
	_ = json.NewEncoder(w).Encode(&metav1.Table{
		TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "Table"}, Rows: []metav1.TableRow{{Object: runtime.RawExtension{Raw: data}}},
	})
}

// CLI-10: workflows of several namespaces are created in the order of the file, and all are waited for whatever became of
// the others.
func TestSubmitToSeveralNamespaces(t *testing.T) {
	api := &fakeAPI{}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	var text strings.Builder
	for _, at := range []string{"z/failed", "m/gone", "a/succeeded", "z/error"} {
		namespace, name, _ := strings.Cut(at, "/")
		fmt.Fprintf(&text, "---\napiVersion: %s\nkind: Workflow\nmetadata: {name: %s, namespace: %s}\nspec: {entrypoint: main}\n", v1alpha1.SchemeGroupVersion, name, namespace)
	}
	file := filepath.Join(t.TempDir(), "wf.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	e := newEnvironment(genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errs}, testingclock.NewFakeClock(epoch))
	var err error
	if e.connected, err = client.New(&rest.Config{Host: server.URL}, v1alpha1.SchemeGroupVersion, e.clock); err != nil {
		t.Fatal(err)
	}
	o := &submitOptions{environment: e, output: newOutput("created"), follow: followUp{wait: true}, dryRun: dryRunNone}
	err = o.submitFiles(t.Context(), []string{file}, &manifest.Settings{})
	if err == nil || err.Error() != "3 of 4 workflows did not succeed" {
		t.Errorf("error %v", err)
	}
	if got, want := strings.Join(api.requests[:min(4, len(api.requests))], " "), "POST z/workflows POST m/workflows POST a/workflows POST z/workflows"; got != want || len(api.requests) != 8 {
		t.Errorf("requests %q", api.requests)
	}
	for _, want := range []string{"z/failed Failed at", "a/succeeded Succeeded at", "z/error Error at"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing: %s", want, out.String())
		}
	}
	if !strings.Contains(errs.String(), `"gone" not found`) {
		t.Errorf("about the one that is gone: %s", errs.String())
	}
}

// V-234: labels and annotations of a submission.
func TestPairs_V234(t *testing.T) {
	for _, tc := range []struct {
		name, flag, text string
		want             map[string]string
		wantErr          bool
	}{
		{name: "none", flag: "labels"},
		{name: "labels", flag: "labels", text: "a=b,c/d=e", want: map[string]string{"a": "b", "c/d": "e"}},
		{name: "no value", flag: "labels", text: "a", wantErr: true},
		{name: "no key", flag: "annotations", text: "=a", wantErr: true},
		{name: "a key that is none", flag: "labels", text: "a b=c", wantErr: true},
		{name: "a value that is none of a label", flag: "labels", text: "a=two words", wantErr: true},
		{name: "but one of an annotation", flag: "annotations", text: "a=two words,b=x", want: map[string]string{"a": "two words", "b": "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, err := pairs(tc.flag, tc.text); !maps.Equal(got, tc.want) || (err != nil) != tc.wantErr {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// V-236: what does not go together. Whether a dry run asks the server is one flag with two values.
func TestFollowUp_V236(t *testing.T) {
	for _, tc := range []struct {
		name   string
		follow followUp
		count  int
		dryRun dryRun
		want   string
	}{
		{name: "nothing to follow", count: 3, dryRun: dryRunServer},
		{name: "wait for several", follow: followUp{wait: true}, count: 3, dryRun: dryRunNone},
		{name: "watch one", follow: followUp{watch: true}, count: 1, dryRun: dryRunNone},
		{name: "watch several", follow: followUp{watch: true}, count: 2, dryRun: dryRunNone, want: "one workflow at a time"},
		{name: "logs of several", follow: followUp{log: true}, count: 2, dryRun: dryRunNone, want: "one workflow at a time"},
		{name: "wait for a dry run of the server", follow: followUp{wait: true}, count: 1, dryRun: dryRunServer, want: "nothing is started"},
		{name: "what to draw of what", follow: followUp{wait: true, statuses: []string{"failed"}}, count: 1, dryRun: dryRunNone, want: "what --watch draws"},
		{name: "draw no phase", follow: followUp{watch: true, statuses: []string{"late"}}, count: 1, dryRun: dryRunNone, want: "no status of a step"},
		{name: "watch a dry run", follow: followUp{watch: true}, count: 1, dryRun: dryRunClient, want: "nothing is started"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.follow.validate(tc.count, tc.dryRun, newOutput("created"))
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	for _, command := range []string{"submit", "retry", "resubmit"} {
		if _, errs, code := run(t, "", command, "x", "--watch", "--wait"); code == 0 || !strings.Contains(errs, "give one of --watch and --wait") {
			t.Errorf("%s --watch --wait: exit code %d: %s", command, code, errs)
		}
	}
}
