package main

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

	"github.com/versity/versitygw/auth"
)

// api is a Kubernetes API with Secrets of one namespace.
type api struct {
	secrets map[string]json.RawMessage
	// race is what somebody else creates just before the next create.
	race  string
	calls []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	a.calls = append(a.calls, request.Method)
	const path = "/api/v1/namespaces/fairlead-system/secrets"
	refuse := func(code int, message string) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
	}
	if request.Header.Get("Authorization") != "Bearer the-token" {
		refuse(http.StatusUnauthorized, "who are you?")
		return
	}
	if request.Method == http.MethodPost && request.URL.Path == path {
		body, _ := io.ReadAll(request.Body)
		var s secret
		_ = json.Unmarshal(body, &s)
		if a.race != "" {
			a.secrets[s.Metadata.Name] = json.RawMessage(a.race)
		}
		if _, ok := a.secrets[s.Metadata.Name]; ok {
			refuse(http.StatusConflict, "exists")
			return
		}
		a.secrets[s.Metadata.Name] = body
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(body)
		return
	}
	found, ok := a.secrets[strings.TrimPrefix(request.URL.Path, path+"/")]
	if !ok {
		refuse(http.StatusNotFound, "no such secret")
		return
	}
	_, _ = w.Write(found)
}

func serve(t *testing.T) (*api, *secrets) {
	a := &api{secrets: map[string]json.RawMessage{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return a, &secrets{client: server.Client(), base: server.URL, namespace: "fairlead-system", token: func() (string, error) { return "the-token", nil }}
}

const another = `{"data":{"accesskey":"YW5uYQ==","secretkey":"MTIzNDU2Nzg="}}`

// The Secret is made once, with a key that nobody can guess, and then kept.
func TestSecretIsMadeOnce(t *testing.T) {
	server, client := serve(t)
	first, err := client.ensureSecret(context.Background(), "keys")
	if err != nil {
		t.Fatal(err)
	}
	if first.access != "fairlead" || len(first.secret) < 20 {
		t.Errorf("%+v", first)
	}
	second, err := client.ensureSecret(context.Background(), "keys")
	if err != nil || second != first {
		t.Errorf("%+v became %+v, %v", first, second, err)
	}
	if got := strings.Join(server.calls, " "); got != "GET POST GET" {
		t.Errorf("calls: %s", got)
	}
	_, other := serve(t)
	if third, err := other.ensureSecret(context.Background(), "keys"); err != nil || third.secret == first.secret {
		t.Errorf("two installations have the same key, or %v", err)
	}
}

func TestSecretOfAnother(t *testing.T) {
	server, client := serve(t)
	server.race = another
	if keys, err := client.ensureSecret(context.Background(), "keys"); err != nil || keys.access != "anna" {
		t.Errorf("%+v, %v", keys, err)
	}
	server.secrets["short"] = json.RawMessage(`{"data":{"accesskey":"YQ=="}}`)
	if _, err := client.ensureSecret(context.Background(), "short"); err == nil || !strings.Contains(err.Error(), "at least 8") {
		t.Error(err)
	}
	client.token = func() (string, error) { return "wrong", nil }
	if _, err := client.ensureSecret(context.Background(), "keys"); err == nil || !strings.Contains(err.Error(), "who are you?") {
		t.Error(err)
	}
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{accessKey: "anna\n", secretKey: "12345678\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := findCredentials(context.Background(), options{credentialsDir: dir})
	if err != nil || keys.secret != "12345678" {
		t.Errorf("%+v, %v", keys, err)
	}
	for _, o := range []options{{}, {credentialsDir: dir, credentialsIn: "x"}, {credentialsDir: t.TempDir()}} {
		if _, err := findCredentials(context.Background(), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	account, err := oneAccount{keys}.GetUserAccount("anna")
	if err != nil || account.Secret != "12345678" {
		t.Errorf("%+v, %v", account, err)
	}
	// What makes the answer InvalidAccessKeyId instead of an error of the store.
	if _, err := (oneAccount{keys}).GetUserAccount("bert"); !errors.Is(err, auth.ErrNoSuchUser) {
		t.Error(err)
	}
}
