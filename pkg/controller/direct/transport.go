package direct

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

const (
	// connectTimeout is how long one request waits for a server that does not answer before it takes the other way.
	connectTimeout = 3 * time.Second
	// silence is how long a connection may be silent before it is asked for a sign of life, and signOfLife how long that may
	// take: runs stand still while a dead server is waited for.
	silence    = 10 * time.Second
	signOfLife = 5 * time.Second
)

// newTransport connects to servers whose certificate is signed by one of the roots; nil means those of the machine. No
// proxy is used: the server is inside of the cluster.
func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: connectTimeout,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: signOfLife},
		MaxIdleConnsPerHost: 25,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
}

// switching is the route as clients use it: inside of the wrappers that add the token, around the transport to
// kube-apiserver.
type switching struct {
	route   *Route
	through http.RoundTripper
}

var (
	_ http.RoundTripper           = &switching{}
	_ utilnet.RoundTripperWrapper = &switching{}
)

// WrappedRoundTripper implements utilnet.RoundTripperWrapper.
func (s *switching) WrappedRoundTripper() http.RoundTripper { return s.through }

// RoundTrip implements http.RoundTripper. A request is sent a second time, the other way, only if nothing of it has reached
// the server, or the server has refused to look at it.
func (s *switching) RoundTrip(request *http.Request) (*http.Response, error) {
	transport := s.route.straight()
	if transport == nil {
		return s.goThrough(request)
	}
	response, connected, err := s.route.send(transport, request)
	switch {
	case err != nil && !connected && request.Context().Err() == nil:
		s.route.failed(transport, err.Error())
	case err == nil && response.StatusCode == http.StatusUnauthorized:
		s.route.failed(transport, "it does not accept the token of this controller")
	default:
		if err == nil && opensWatch(request, response) {
			s.route.track(response, transport)
		}
		return response, err
	}
	again, rewindErr := rewound(request)
	if rewindErr != nil {
		return response, err
	}
	if response != nil {
		_ = response.Body.Close()
	}
	return s.goThrough(again)
}

// send sends a request to the server. The second answer tells whether there was a connection for it.
func (r *Route) send(transport *http.Transport, request *http.Request) (*http.Response, bool, error) {
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	straight := request.WithContext(ctx)
	straight.URL = new(url.URL)
	*straight.URL = *request.URL
	straight.URL.Scheme, straight.URL.Host, straight.Host = r.server.Scheme, r.server.Host, ""
	response, err := transport.RoundTrip(straight)
	return response, connected.Load(), err
}

// rewound is the same request with its body from the beginning.
func rewound(request *http.Request) (*http.Request, error) {
	again := request.Clone(request.Context())
	if request.Body == nil || request.Body == http.NoBody {
		return again, nil
	}
	if request.GetBody == nil {
		return nil, errors.New("the body cannot be sent twice")
	}
	var err error
	again.Body, err = request.GetBody()
	return again, err
}

// goThrough takes the way through kube-apiserver.
func (s *switching) goThrough(request *http.Request) (*http.Response, error) {
	response, err := s.through.RoundTrip(request)
	if err == nil && opensWatch(request, response) {
		s.route.track(response, nil)
	}
	return response, err
}

func opensWatch(request *http.Request, response *http.Response) bool {
	if request.Method != http.MethodGet || response.StatusCode != http.StatusOK {
		return false
	}
	switch request.URL.Query().Get("watch") {
	case "true", "1":
		return true
	}
	return false
}

// straightOnly is the way to the server for looking whether it can be used.
type straightOnly struct{ *Route }

// RoundTrip implements http.RoundTripper.
func (s straightOnly) RoundTrip(request *http.Request) (*http.Response, error) {
	s.mu.Lock()
	transport := s.transport
	s.mu.Unlock()
	if transport == nil {
		return nil, fmt.Errorf("there is no authority to verify %s with", s.server.Host)
	}
	response, _, err := s.send(transport, request)
	return response, err
}
