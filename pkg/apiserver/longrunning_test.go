package apiserver

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// Pitfall 1: what is not known as long-running is cut after a minute.
func TestLongRunning(t *testing.T) {
	resolver := &request.RequestInfoFactory{APIPrefixes: sets.NewString("apis"), GrouplessAPIPrefixes: sets.NewString()}
	check := longRunning()
	for url, want := range map[string]bool{
		"/apis/argoproj.io/v1alpha1/namespaces/default/workflows/hello/log":    true,
		"/apis/argoproj.io/v1alpha1/namespaces/default/workflows/hello/logs":   true,
		"/apis/argoproj.io/v1alpha1/namespaces/default/workflows?watch=true":   true,
		"/apis/argoproj.io/v1alpha1/namespaces/default/workflows":              false,
		"/apis/argoproj.io/v1alpha1/namespaces/default/workflows/log":          false,
		"/apis/argoproj.io/v1alpha1/namespaces/default/workflows/hello/nodes":  false,
		"/apis/argoproj.io/v1alpha1/namespaces/default/workflows/hello/status": false,
	} {
		req := httptest.NewRequest(http.MethodGet, url, nil)
		info, err := resolver.NewRequestInfo(req)
		if err != nil {
			t.Fatal(err)
		}
		if got := check(req, info); got != want {
			t.Errorf("%s: long-running = %v, want %v", url, got, want)
		}
	}
}
