package direct

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// firstProbeDelay and maxProbeDelay are how long to wait between two looks whether the straight way can be used.
	firstProbeDelay = 500 * time.Millisecond
	maxProbeDelay   = 30 * time.Second
	// probeTimeout bounds one look.
	probeTimeout = 10 * time.Second
)

// Route is the way to the workflow server: straight while that works, else through kube-apiserver. A new Route goes through
// kube-apiserver until it has been given an authority to trust (Trust) and Run has seen that the server answers.
type Route struct {
	server *url.URL
	// probePath is what the server is asked for to see whether it can be used.
	probePath string
	clock     clock.Clock
	logger    klog.Logger
	// probe is the way of a client with all its headers, the token among them, to the server and nowhere else.
	probe http.RoundTripper
	// changed has a token when there is reason for a new look.
	changed chan struct{}

	mu sync.Mutex
	// transport trusts the authority and no other; nil: there is none to trust.
	transport *http.Transport
	bundle    []byte
	usable    bool
	// reason is why the straight way was left last.
	reason string
	// watches are those that are open.
	watches map[*openWatch]struct{}
	// becameUsable is closed when the straight way can be used for the first time.
	becameUsable chan struct{}
}

// NewRoute makes the clients of this configuration take the route to the server, which is given as https://HOST[:PORT] and
// whose certificate has to be valid for HOST. probePath is a path that every client of the server may read. The
// configuration has to authenticate by a token: client certificates are for kube-apiserver only.
func NewRoute(config *rest.Config, server, probePath string, logger klog.Logger) (*Route, error) {
	return newRouteWithClock(config, server, probePath, logger, clock.RealClock{})
}

func newRouteWithClock(config *rest.Config, server, probePath string, logger klog.Logger, c clock.Clock) (*Route, error) {
	address, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("address of the workflow server: %w", err)
	}
	if address.Scheme != "https" || address.Host == "" || address.Path != "" || address.RawQuery != "" || address.User != nil {
		return nil, fmt.Errorf("address of the workflow server is %q, must be https://HOST or https://HOST:PORT", server)
	}
	if config.BearerToken == "" && config.BearerTokenFile == "" && config.ExecProvider == nil && config.AuthProvider == nil {
		return nil, errors.New("the workflow server can be reached directly only with a token, and this configuration has none: run in a pod, use a kubeconfig with a token, or leave the address of the workflow server out to go through kube-apiserver")
	}
	r := &Route{
		server:       address,
		probePath:    probePath,
		clock:        c,
		logger:       logger,
		changed:      make(chan struct{}, 1),
		watches:      map[*openWatch]struct{}{},
		becameUsable: make(chan struct{}),
	}
	if r.probe, err = rest.HTTPWrappersForConfig(config, straightOnly{r}); err != nil {
		return nil, err
	}
	config.Wrap(func(through http.RoundTripper) http.RoundTripper { return &switching{route: r, through: through} })
	return r, nil
}

// Trust makes the certificates of this PEM bundle the only authority for the server; an empty bundle means those that the
// machine trusts, as it does in an APIService.
func (r *Route) Trust(bundle []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.transport != nil && bytes.Equal(r.bundle, bundle) {
		return
	}
	var roots *x509.CertPool
	if len(bundle) > 0 {
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(bundle) {
			r.distrust("the authority that the APIService names is not a PEM certificate")
			return
		}
	}
	r.abandon()
	r.transport, r.bundle = newTransport(roots), bytes.Clone(bundle)
	r.look()
}

// Distrust stops the use of the straight way until there is an authority again.
func (r *Route) Distrust(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.distrust(reason)
}

func (r *Route) distrust(reason string) {
	r.abandon()
	r.transport, r.bundle = nil, nil
	r.leave(reason)
}

// abandon ends what was begun with an authority that is not trusted any more, or not alone; the lock is held. Requests are
// answered in a moment, so they may end, but a watch would believe that server for as long as it likes.
func (r *Route) abandon() {
	if r.transport == nil {
		return
	}
	r.endWatches(r.transport)
	r.transport.CloseIdleConnections()
}

// Run looks whether the straight way can be used, whenever it is not in use, until ctx ends.
func (r *Route) Run(ctx context.Context) {
	delay := firstProbeDelay
	for {
		tried, err := r.tryStraight(ctx)
		if err == nil {
			delay = firstProbeDelay
		}
		var again <-chan time.Time
		if tried && err != nil {
			r.logger.V(2).Info("The workflow server cannot be reached directly yet", "server", r.server.Host, "reason", err.Error(), "nextTryAfter", delay)
			again = r.clock.After(delay)
			delay = min(2*delay, maxProbeDelay)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		case <-again:
		}
	}
}

// Await returns when the straight way can be used, or after the given time, or when ctx ends.
func (r *Route) Await(ctx context.Context, atMost time.Duration) {
	timer := r.clock.NewTimer(atMost)
	defer timer.Stop()
	select {
	case <-r.becameUsable:
	case <-timer.C():
		r.logger.Info("The workflow server cannot be reached directly yet: requests for workflows go through kube-apiserver until it can", "server", r.server.Host)
	case <-ctx.Done():
	}
}

// Usable tells whether requests go straight.
func (r *Route) Usable() bool { return r.straight() != nil }

// tryStraight asks the server for something when the straight way is not in use but might be.
func (r *Route) tryStraight(ctx context.Context) (bool, error) {
	r.mu.Lock()
	transport, usable := r.transport, r.usable
	r.mu.Unlock()
	if usable || transport == nil {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	address := *r.server
	address.Path = r.probePath
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return true, err
	}
	response, err := r.probe.RoundTrip(request)
	if err != nil {
		return true, err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return true, fmt.Errorf("%s answers %s", address.String(), response.Status)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.transport != transport {
		r.look() // what was asked is not what would be used
		return false, nil
	}
	r.take()
	return true, nil
}

// take begins to use the straight way; the lock is held. Watches that went through kube-apiserver are ended: their clients
// go on from where they were.
func (r *Route) take() {
	r.usable = true
	inUse.Set(1)
	select {
	case <-r.becameUsable:
	default:
		close(r.becameUsable)
	}
	r.endWatches(nil)
	r.logger.Info("Requests for workflows go straight to the workflow server", "server", r.server.Host)
}

// leave stops using the straight way; the lock is held.
func (r *Route) leave(reason string) {
	if r.usable || reason != r.reason {
		r.logger.Info("Requests for workflows go through kube-apiserver until the workflow server can be reached directly again", "server", r.server.Host, "reason", reason)
	}
	r.usable, r.reason = false, reason
	inUse.Set(0)
	r.look()
}

// failed is told that a transport could not be used. Word about one that was replaced since means nothing.
func (r *Route) failed(transport *http.Transport, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.usable && r.transport == transport {
		r.leave(reason)
	}
}

// look asks Run for a look.
func (r *Route) look() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// straight is the transport to use, nil when requests have to go through kube-apiserver.
func (r *Route) straight() *http.Transport {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.usable {
		return nil
	}
	return r.transport
}
