package report

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 15 * time.Second
	// Patience is how long to try: as long as the controller waits for outputs.
	Patience = 10 * time.Minute
	// attemptTimeout bounds one request.
	attemptTimeout = 30 * time.Second
)

// Client talks to the API server of the cluster.
type Client struct {
	// Server is the URL of the API server.
	Server string
	// TokenFile holds the token; it is read for each attempt, because Kubernetes renews it.
	TokenFile string
	// HTTP sends the requests.
	HTTP *http.Client
	// Sleep waits between attempts; nil: by the real clock.
	Sleep func(ctx context.Context, d time.Duration) error
	// Log notes attempts that failed; nil: nothing is noted.
	Log func(format string, args ...any)
}

// NewInClusterClient is for a process in a pod, with what is mounted at dir: token and ca.crt.
func NewInClusterClient(dir string, getenv func(string) string) (*Client, error) {
	host, port := getenv("KUBERNETES_SERVICE_HOST"), getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: not in a pod")
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority of the cluster: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s holds no certificate", filepath.Join(dir, "ca.crt"))
	}
	return &Client{
		Server:    "https://" + net.JoinHostPort(host, port),
		TokenFile: filepath.Join(dir, "token"),
		HTTP: &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		}},
	}, nil
}

// refusedError is an answer that repeating does not change.
type refusedError struct{ message string }

func (e *refusedError) Error() string { return e.message }

// waitError is an answer that says when to come again.
type waitError struct {
	error
	after time.Duration
}

// Report stores a result: creates it, or patches what an earlier attempt or report made. It tries again until it is stored,
// refused for good, the context ends or patience does.
func (c *Client) Report(ctx context.Context, r *Result) error {
	body, err := r.encode()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := c.attempt(ctx, r, body)
		var refused *refusedError
		if err == nil || errors.As(err, &refused) {
			return err
		}
		if c.Log != nil {
			c.Log("cannot report yet, will try again: %v", err)
		}
		d := pause + rand.N(pause/2)
		var wait *waitError
		if errors.As(err, &wait) {
			d = max(d, wait.after)
		}
		if sleepErr := c.sleep(ctx, d); sleepErr != nil {
			return fmt.Errorf("gave up: %w", err)
		}
	}
}

func (c *Client) attempt(ctx context.Context, r *Result, body []byte) error {
	status, err := c.send(ctx, http.MethodPost, r.collection(), "application/json", body)
	if status == http.StatusConflict {
		_, err = c.send(ctx, http.MethodPatch, r.collection()+"/"+r.Name, "application/merge-patch+json", body)
	}
	return err
}

// send makes one request. The status is 0 when there was no answer.
func (c *Client) send(ctx context.Context, method, path, contentType string, body []byte) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	token, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Server+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "fairlead-executor")
	response, err := c.HTTP.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if response.StatusCode < 300 {
		return response.StatusCode, nil
	}
	return response.StatusCode, explain(response, answer)
}

// explain turns an answer into an error: one to try again after, or a refusal.
func explain(response *http.Response, body []byte) error {
	status := struct {
		Message string `json:"message"`
	}{}
	message := strings.TrimSpace(string(body))
	if json.Unmarshal(body, &status) == nil && status.Message != "" {
		message = status.Message
	}
	err := fmt.Errorf("the API server answers %d: %s", response.StatusCode, message)
	switch code := response.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusConflict, code == http.StatusUnauthorized, code == http.StatusRequestTimeout, code >= 500:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return &waitError{error: err, after: time.Duration(seconds) * time.Second}
	default:
		return &refusedError{err.Error()}
	}
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
