package report

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// answer is one answer of the fake API; its words tell which request it is for.
type answer struct {
	method string
	status int
	header map[string]string
	body   string
}

// EXE-02, EXE-10: a result is created or patched, tried again while that may help, and given up when it is refused.
func TestReport(t *testing.T) {
	busy := map[string]string{"Retry-After": "7"}
	cases := map[string]struct {
		answers []answer
		sleeps  int
		longest time.Duration
		fails   string
	}{
		"created":            {answers: []answer{{"POST", 201, nil, "{}"}}},
		"there already":      {answers: []answer{{"POST", 409, nil, "{}"}, {"PATCH", 200, nil, "{}"}}},
		"pod not recorded":   {answers: []answer{{"POST", 429, busy, `{"message":"not recorded yet"}`}, {"POST", 201, nil, "{}"}}, sleeps: 1, longest: 7 * time.Second},
		"server starts":      {answers: []answer{{"POST", 503, nil, "no"}, {"POST", 500, nil, "no"}, {"POST", 201, nil, "{}"}}, sleeps: 2},
		"conflict of writes": {answers: []answer{{"POST", 409, nil, "{}"}, {"PATCH", 409, nil, "{}"}, {"POST", 409, nil, "{}"}, {"PATCH", 200, nil, "{}"}}, sleeps: 1},
		"refused":            {answers: []answer{{"POST", 403, nil, `{"message":"workflow demo has ended"}`}}, fails: "workflow demo has ended"},
		"patch refused":      {answers: []answer{{"POST", 409, nil, "{}"}, {"PATCH", 422, nil, `{"message":"this result is final"}`}}, fails: "this result is final"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests >= len(c.answers) {
					t.Errorf("unexpected %s %s", r.Method, r.URL)
					w.WriteHeader(http.StatusForbidden)
					return
				}
				a := c.answers[requests]
				requests++
				path := "/apis/argoproj.io/v1alpha1/namespaces/work/workflowtaskresults"
				if r.Method == http.MethodPatch {
					path += "/demo-1"
				}
				if r.Method != a.method || r.URL.Path != path || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
				}
				body, _ := io.ReadAll(r.Body)
				got := &wfv1.WorkflowTaskResult{}
				if err := json.Unmarshal(body, got); err != nil || got.Outputs == nil || got.Outputs.Result == nil || *got.Outputs.Result != "7" ||
					got.Labels[wfv1.LabelKeyReportOutputsCompleted] != "true" || got.Labels[wfv1.LabelKeyWorkflow] != "demo" ||
					got.Annotations[wfv1.AnnotationKeyNodeOrdinal] != "5" || got.Outputs.GetParameterByName("a") == nil {
					t.Errorf("%v: %s", err, body)
				}
				for k, v := range a.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(a.status)
				io.WriteString(w, a.body)
			}))
			defer server.Close()
			token := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			sleeps, longest := 0, time.Duration(0)
			client := &Client{Server: server.URL, TokenFile: token, HTTP: server.Client(), Sleep: func(_ context.Context, d time.Duration) error {
				sleeps++
				longest = max(longest, d)
				return nil
			}}
			seven := "7"
			err := client.Report(t.Context(), &Result{
				APIGroup: "argoproj.io", Namespace: "work", Name: "demo-1", Workflow: "demo", Ordinal: 5, Final: true,
				Outputs: &Outputs{Result: &seven, Parameters: []json.RawMessage{json.RawMessage(`{"name":"a","value":"1"}`)}},
			})
			if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
				t.Errorf("error %v, want %q", err, c.fails)
			}
			if requests != len(c.answers) || sleeps != c.sleeps || longest < c.longest {
				t.Errorf("%d requests, %d sleeps of up to %s", requests, sleeps, longest)
			}
		})
	}
}

// An API server that does not answer is asked until patience ends.
func TestReportGivesUp(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sleeps := 0
	client := &Client{Server: "http://127.0.0.1:1", TokenFile: token, HTTP: http.DefaultClient, Sleep: func(context.Context, time.Duration) error {
		if sleeps++; sleeps == 5 {
			return errors.New("enough")
		}
		return nil
	}}
	if err := client.Report(t.Context(), &Result{}); err == nil || sleeps != 5 || !strings.HasPrefix(err.Error(), "gave up: ") {
		t.Errorf("%v after %d pauses", err, sleeps)
	}
}
