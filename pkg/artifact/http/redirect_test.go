package http_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
)

// DRV-03: what a location logs in with goes to its own server, on every hop, and to no other; the body goes along, as WebHDFS
// wants it, and so do headers that say what it is.
func TestRedirects_CredentialsStayHome(t *testing.T) {
	elsewhere := serve(t)
	home := serve(t)
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		target := home.URL + "/inner" + request.URL.Path
		if strings.HasPrefix(request.URL.Path, "/away/") {
			target = elsewhere.URL + strings.TrimPrefix(request.URL.Path, "/away")
		}
		home.lock.Lock()
		home.requests = append(home.requests, request)
		home.lock.Unlock()
		http.Redirect(w, request, target, http.StatusTemporaryRedirect)
	}))
	defer away.Close()
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"the-token","token_type":"Bearer","expires_in":3600}`)
	}))
	defer tokens.Close()
	resources := artifacttest.Resources{"s/user": "ann", "s/password": "pw", "s/id": "client", "s/url": tokens.URL, "s/secret": "shh"}
	logins := map[string]func(*wfv1.HTTPArtifact){
		"basic": func(a *wfv1.HTTPArtifact) {
			a.Auth = &wfv1.HTTPAuth{BasicAuth: wfv1.BasicAuth{UsernameSecret: artifacttest.Select("s", "user"), PasswordSecret: artifacttest.Select("s", "password")}}
		},
		"oauth2": func(a *wfv1.HTTPArtifact) {
			a.Auth = &wfv1.HTTPAuth{OAuth2: wfv1.OAuth2Auth{ClientIDSecret: artifacttest.Select("s", "id"), ClientSecretSecret: artifacttest.Select("s", "secret"), TokenURLSecret: artifacttest.Select("s", "url")}}
		},
		"header": func(a *wfv1.HTTPArtifact) {
			a.Headers = []wfv1.Header{{Name: "Authorization", Value: "Bearer mine"}, {Name: "X-Api-Key", Value: "k"}, {Name: "Content-Type", Value: "text/csv"}}
		},
	}
	const secrets = "Authorization X-Api-Key Cookie Referer"
	seen := func(request *http.Request) string {
		var names []string
		for _, name := range strings.Fields(secrets) {
			if request.Header.Get(name) != "" {
				names = append(names, name)
			}
		}
		return strings.Join(names, " ")
	}
	for name, login := range logins {
		t.Run(name, func(t *testing.T) {
			a := at(away.URL + "/away/file?signature=abc")
			login(a.HTTP)
			driver := connect(t, a, resources)
			must(t, driver.SaveStream(context.Background(), a, strings.NewReader("body")))
			if got := string(elsewhere.content["/file"]); got != "body" {
				t.Errorf("the body did not come along: %q", got)
			}
			if got := seen(home.last()); !strings.HasPrefix(got, "Authorization") {
				t.Errorf("its own server got %q", got)
			}
			if got := seen(elsewhere.last()); got != "" {
				t.Errorf("another server got %s", got)
			}
			if name == "header" && elsewhere.last().Header.Get("Content-Type") != "text/csv" {
				t.Errorf("the other server was not told what it got: %v", elsewhere.last().Header)
			}
			must(t, driver.Load(context.Background(), a, filepath.Join(t.TempDir(), "out")))
			if got := seen(elsewhere.last()); got != "" {
				t.Errorf("another server got %s with a GET", got)
			}

			b := at(home.URL + "/redirect/file")
			login(b.HTTP)
			must(t, connect(t, b, resources).SaveStream(context.Background(), b, strings.NewReader("body")))
			if got := seen(home.last()); !strings.HasPrefix(got, "Authorization") {
				t.Errorf("after a redirect its own server got %q", got)
			}
		})
	}
}

// A server that sends requests round and round is left.
func TestRedirects_End(t *testing.T) {
	var round *httptest.Server
	round = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		http.Redirect(w, request, round.URL+"/again", http.StatusTemporaryRedirect)
	}))
	defer round.Close()
	a := at(round.URL + "/x")
	if err := connect(t, a, nil).Load(context.Background(), a, filepath.Join(t.TempDir(), "out")); err == nil || !strings.Contains(err.Error(), "10 redirects") {
		t.Error(err)
	}
}
