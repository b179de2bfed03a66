package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// serviceAccount is where Kubernetes puts the credentials of a pod.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// secrets is as much of the Kubernetes API as the store needs: one Secret, read or created.
type secrets struct {
	client    *http.Client
	base      string
	namespace string
	token     func() (string, error)
}

// secret is what is read and written of a Secret.
type secret struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metadata          `json:"metadata"`
	Data       map[string][]byte `json:"data"`
}

type metadata struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
}

// inCluster reaches the API as the pod's service account.
func inCluster(getenv func(string) string) (*secrets, error) {
	host, port := getenv("KUBERNETES_SERVICE_HOST"), getenv("KUBERNETES_SERVICE_PORT")
	if host == "" {
		return nil, errors.New("--credentials-secret works in a pod only; use --credentials-dir")
	}
	authority, err := os.ReadFile(serviceAccount + "/ca.crt")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	namespace, err := os.ReadFile(serviceAccount + "/namespace")
	if err != nil {
		return nil, err
	}
	return &secrets{
		client: &http.Client{
			Timeout:   10 * time.Second,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		},
		base:      "https://" + net.JoinHostPort(host, port),
		namespace: strings.TrimSpace(string(namespace)),
		token: func() (string, error) {
			token, err := os.ReadFile(serviceAccount + "/token")
			return strings.TrimSpace(string(token)), err
		},
	}, nil
}

// ensureSecret returns the credentials in the Secret, which is created with new ones if it does not exist.
func (s *secrets) ensureSecret(ctx context.Context, name string) (credentials, error) {
	found, status, err := s.do(ctx, http.MethodGet, "/"+name, nil)
	if status == http.StatusNotFound {
		found, status, err = s.do(ctx, http.MethodPost, "", &secret{
			APIVersion: "v1", Kind: "Secret",
			Metadata: metadata{Name: name, Labels: map[string]string{
				"app.kubernetes.io/name": "fairlead-store", "app.kubernetes.io/part-of": "fairlead",
			}},
			// The access key is a name, the secret key 26 random letters and digits (130 bits).
			Data: map[string][]byte{accessKey: []byte("fairlead"), secretKey: []byte(rand.Text())},
		})
		if status == http.StatusConflict {
			// Another replica, or a person, was faster.
			found, _, err = s.do(ctx, http.MethodGet, "/"+name, nil)
		}
	}
	if err != nil {
		return credentials{}, fmt.Errorf("secret %s/%s: %w", s.namespace, name, err)
	}
	keys := credentials{string(found.Data[accessKey]), string(found.Data[secretKey])}
	return keys, keys.check("secret " + s.namespace + "/" + name)
}

// do sends one request; the status is 0 when there was no answer.
func (s *secrets) do(ctx context.Context, method, path string, body *secret) (*secret, int, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return nil, 0, err
	}
	if body == nil {
		content = nil
	}
	request, err := http.NewRequestWithContext(ctx, method, s.base+"/api/v1/namespaces/"+s.namespace+"/secrets"+path, bytes.NewReader(content))
	if err != nil {
		return nil, 0, err
	}
	token, err := s.token()
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		return nil, 0, err
	}
	if response.StatusCode >= 300 {
		var status struct{ Message string }
		_ = json.Unmarshal(answer, &status)
		return nil, response.StatusCode, fmt.Errorf("%s: %s", response.Status, status.Message)
	}
	var out secret
	return &out, response.StatusCode, json.Unmarshal(answer, &out)
}
