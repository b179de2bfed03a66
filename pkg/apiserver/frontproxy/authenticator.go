// Package frontproxy spares the server verifying the same certificate at every request. All requests that come through
// kube-apiserver come with the few client certificates of its replicas, and the generic authenticator builds and checks the
// chain of signatures anew for each of them.
package frontproxy

import (
	"crypto/sha256"
	"crypto/x509"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/utils/clock"
)

// maxCertificates is how many certificates are remembered: many more than there are replicas of kube-apiserver.
const maxCertificates = 64

// verifier tells whether a connection is that of the front proxy.
type verifier struct {
	config *authenticatorfactory.RequestHeaderConfig
	// headers reads the user that the front proxy names.
	headers authenticator.Request
	next    authenticator.Request
	clock   clock.PassiveClock

	mu sync.Mutex
	// roots are what the certificates were verified with. The provider makes new ones whenever its bundle changes.
	roots *x509.CertPool
	// verified are the certificates, with their intermediates, that were found good, by digest, until when they are.
	verified map[[sha256.Size]byte]time.Time
}

// NewAuthenticator authenticates requests of the front proxy as the generic authenticator does, which is given as next and
// decides about all others. What is remembered is that a chain of certificates was verified with this very bundle of
// authorities, and no longer than until the first certificate of the chain expires. Names are compared each time.
func NewAuthenticator(config *authenticatorfactory.RequestHeaderConfig, next authenticator.Request) authenticator.Request {
	return newAuthenticatorWithClock(config, next, clock.RealClock{})
}

func newAuthenticatorWithClock(config *authenticatorfactory.RequestHeaderConfig, next authenticator.Request, c clock.PassiveClock) authenticator.Request {
	return &verifier{
		config: config,
		headers: group.NewAuthenticatedGroupAdder(headerrequest.NewDynamic(
			config.UsernameHeaders, config.UIDHeaders, config.GroupHeaders, config.ExtraHeaderPrefixes)),
		next:     next,
		clock:    c,
		verified: map[[sha256.Size]byte]time.Time{},
	}
}

// AuthenticateRequest implements authenticator.Request.
func (v *verifier) AuthenticateRequest(request *http.Request) (*authenticator.Response, bool, error) {
	if request.TLS != nil && len(request.TLS.PeerCertificates) > 0 && v.isFrontProxy(request.TLS.PeerCertificates) {
		if response, ok, err := v.headers.AuthenticateRequest(request); ok || err != nil {
			return response, ok, err
		}
	}
	return v.next.AuthenticateRequest(request)
}

// isFrontProxy tells whether the first certificate is that of the front proxy; the others may connect it to an authority.
func (v *verifier) isFrontProxy(certificates []*x509.Certificate) bool {
	options, ok := v.config.CAContentProvider.VerifyOptions()
	if !ok {
		return false
	}
	if names := v.config.AllowedClientNames.Value(); len(names) > 0 && !slices.Contains(names, certificates[0].Subject.CommonName) {
		return false
	}
	digest, now := digestOf(certificates), v.clock.Now()
	if v.remembers(options.Roots, digest, now) {
		return true
	}
	options.CurrentTime = now
	if options.Intermediates == nil && len(certificates) > 1 {
		options.Intermediates = x509.NewCertPool()
		for _, certificate := range certificates[1:] {
			options.Intermediates.AddCert(certificate)
		}
	}
	chains, err := certificates[0].Verify(options)
	if err != nil {
		return false // the generic authenticator finds the same, and says it
	}
	v.remember(options.Roots, digest, chains[0])
	return true
}

func digestOf(certificates []*x509.Certificate) (digest [sha256.Size]byte) {
	hash := sha256.New()
	for _, certificate := range certificates {
		hash.Write(certificate.Raw)
	}
	hash.Sum(digest[:0])
	return digest
}

func (v *verifier) remembers(roots *x509.CertPool, digest [sha256.Size]byte, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	end, ok := v.verified[digest]
	return ok && roots != nil && v.roots == roots && now.Before(end)
}

func (v *verifier) remember(roots *x509.CertPool, digest [sha256.Size]byte, chain []*x509.Certificate) {
	end := chain[0].NotAfter
	for _, certificate := range chain[1:] {
		if certificate.NotAfter.Before(end) {
			end = certificate.NotAfter
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.roots != roots || len(v.verified) >= maxCertificates {
		v.roots = roots
		clear(v.verified)
	}
	v.verified[digest] = end
}
