package scalartext

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/endpoints/request"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestRewrite(t *testing.T) { // RES-09
	for _, tc := range []struct{ name, body, want string }{
		{"workflow arguments", `{"spec":{"arguments":{"parameters":[{"name":"p","value":5}]}}}`,
			`{"spec":{"arguments":{"parameters":[{"name":"p","value":"5"}]}}}`},
		{"as YAML", "spec:\n  arguments:\n    parameters: [{name: p, value: 5, enum: [5, 6, a]}]\n",
			`{"spec":{"arguments":{"parameters":[{"enum":["5","6","a"],"name":"p","value":"5"}]}}}`},
		{"all fields", `{"parameters":[{"default":1,"description":2,"valueFrom":{"default":3}}]}`,
			`{"parameters":[{"default":"1","description":"2","valueFrom":{"default":"3"}}]}`},
		{"whole numbers of any size", `{"parameters":[{"value":9007199254740993}]}`, `{"parameters":[{"value":"9007199254740993"}]}`},
		{"in steps", `{"spec":{"templates":[{"steps":[[{"arguments":{"parameters":[{"name":"p","value":1}]}}]]}]}}`,
			`{"spec":{"templates":[{"steps":[[{"arguments":{"parameters":[{"name":"p","value":"1"}]}}]]}]}}`},
		{"text, booleans and null stay", `{"parameters":[{"value":"5"},{"value":true},{"value":null}]}`, ""},
		{"other numbers stay", `{"spec":{"priority":5,"parameters":{"value":5}}}`, ""},
		{"items of loops stay", `{"withItems":[{"parameters":[{"value":5}]}]}`, ""},
		{"plugins stay", `{"plugin":{"x":{"parameters":[{"value":5}]}}}`, ""},
		{"a key given twice is left to the handler", "parameters: [{value: 5, value: 6}]", ""},
		{"not well-formed", `{"parameters":[`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, changed := rewrite([]byte(tc.body))
			if changed != (tc.want != "") || string(got) != tc.want {
				t.Errorf("got %s, %v; want %s", got, changed, tc.want)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	const (
		body      = `{"parameters":[{"value":5}]}`
		rewritten = `{"parameters":[{"value":"5"}]}`
	)
	for _, tc := range []struct{ name, method, contentType, group, want string }{
		{"apply", http.MethodPatch, "application/apply-patch+yaml", v1alpha1.GroupName, rewritten},
		{"strategic", http.MethodPatch, "application/strategic-merge-patch+json; charset=utf-8", v1alpha1.GroupName, rewritten},
		{"merge patch", http.MethodPatch, "application/merge-patch+json", v1alpha1.GroupName, body},
		{"JSON patch", http.MethodPatch, "application/json-patch+json", v1alpha1.GroupName, body},
		{"put", http.MethodPut, "application/json", v1alpha1.GroupName, body},
		{"another group", http.MethodPatch, "application/apply-patch+yaml", "other.example.com", body},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := send(t, tc.method, tc.contentType, tc.group, strings.NewReader(body))
			if err != nil || got != tc.want {
				t.Errorf("the handler read %s, %v; want %s", got, err, tc.want)
			}
		})
	}
}

// An error of the body, such as its size, reaches the handler.
func TestFilterKeepsErrors(t *testing.T) {
	tooLarge := errors.New("too large")
	got, err := send(t, http.MethodPatch, "application/apply-patch+yaml", v1alpha1.GroupName,
		io.MultiReader(strings.NewReader("start"), failing{tooLarge}))
	if got != "start" || !errors.Is(err, tooLarge) {
		t.Errorf("the handler read %q, %v", got, err)
	}
}

// send returns what the handler behind the filter reads.
func send(t *testing.T, method, contentType, group string, body io.Reader) (string, error) {
	t.Helper()
	var data []byte
	var err error
	handler := Filter(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		data, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}))
	req := httptest.NewRequest(method, "/", body)
	req.Header.Set("Content-Type", contentType)
	req = req.WithContext(request.WithRequestInfo(req.Context(), &request.RequestInfo{IsResourceRequest: true, APIGroup: group}))
	handler.ServeHTTP(httptest.NewRecorder(), req)
	return string(data), err
}
