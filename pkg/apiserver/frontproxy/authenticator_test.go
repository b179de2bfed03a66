package frontproxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	testingclock "k8s.io/utils/clock/testing"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// pair is a certificate with its key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate that is valid for some time from start on; without a signer it signs itself.
func issue(t *testing.T, name string, ca bool, usage x509.ExtKeyUsage, life time.Duration, signer *pair) *pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true, IsCA: ca,
		NotBefore: start.Add(-time.Hour), NotAfter: start.Add(life),
	}
	if ca {
		template.KeyUsage = x509.KeyUsageCertSign
	} else {
		template.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	}
	parent, parentKey := template, key
	if signer != nil {
		parent, parentKey = signer.cert, signer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{cert, key}
}

// authorities is a bundle that can change.
type authorities struct {
	dynamiccertificates.CAContentProvider
}

func (a *authorities) trust(t *testing.T, pairs ...*pair) {
	t.Helper()
	var bundle []byte
	for _, p := range pairs {
		bundle = append(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})...)
	}
	content, err := dynamiccertificates.NewStaticCAContent("test", bundle)
	if err != nil {
		t.Fatal(err)
	}
	a.CAContentProvider = content
}

// none is what a provider says that could not read its bundle.
type none struct {
	dynamiccertificates.CAContentProvider
}

func (none) VerifyOptions() (x509.VerifyOptions, bool) { return x509.VerifyOptions{}, false }

type fixture struct {
	*verifier
	authorities *authorities
	names       headerrequest.StaticStringSlice
	clock       *testingclock.FakePassiveClock
	ca, client  *pair
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{authorities: &authorities{}, clock: testingclock.NewFakePassiveClock(start)}
	f.ca = issue(t, "ca", true, 0, 48*time.Hour, nil)
	f.client = issue(t, "front-proxy-client", false, x509.ExtKeyUsageClientAuth, 24*time.Hour, f.ca)
	f.authorities.trust(t, f.ca)
	other := authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
		return &authenticator.Response{User: &user.DefaultInfo{Name: "decided by the next"}}, true, nil
	})
	f.verifier = newAuthenticatorWithClock(&authenticatorfactory.RequestHeaderConfig{
		UsernameHeaders:     headerrequest.StaticStringSlice{"X-Remote-User"},
		UIDHeaders:          headerrequest.StaticStringSlice{"X-Remote-Uid"},
		GroupHeaders:        headerrequest.StaticStringSlice{"X-Remote-Group"},
		ExtraHeaderPrefixes: headerrequest.StaticStringSlice{"X-Remote-Extra-"},
		CAContentProvider:   f.authorities,
		AllowedClientNames:  headerrequest.StringSliceProviderFunc(func() []string { return f.names }),
	}, other, f.clock).(*verifier)
	return f
}

func (f *fixture) ask(t *testing.T, chain ...*pair) user.Info {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "https://server/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Remote-User", "somebody")
	request.Header.Set("X-Remote-Group", "some group")
	if len(chain) > 0 {
		request.TLS = &tls.ConnectionState{}
		for _, p := range chain {
			request.TLS.PeerCertificates = append(request.TLS.PeerCertificates, p.cert)
		}
	}
	response, ok, err := f.AuthenticateRequest(request)
	if err != nil || !ok {
		t.Fatalf("%v, %v, %v", response, ok, err)
	}
	return response.User
}

func (f *fixture) expect(t *testing.T, believed bool, chain ...*pair) {
	t.Helper()
	if got := f.ask(t, chain...).GetName(); (got == "somebody") != believed {
		t.Fatalf("the request is that of %q", got)
	}
}

func TestFrontProxyIsBelieved(t *testing.T) {
	f := newFixture(t)
	for range 3 {
		info := f.ask(t, f.client)
		if info.GetName() != "somebody" || !slices.Equal(info.GetGroups(), []string{"some group", user.AllAuthenticated}) {
			t.Fatalf("user is %+v", info)
		}
	}
	if len(f.verified) != 1 {
		t.Errorf("%d certificates are remembered, want 1", len(f.verified))
	}
}

func TestNobodyElseIsBelieved(t *testing.T) {
	f := newFixture(t)
	f.expect(t, true, f.client)
	f.expect(t, false)
	foreign := issue(t, "ca", true, 0, 48*time.Hour, nil)
	f.expect(t, false, issue(t, "front-proxy-client", false, x509.ExtKeyUsageClientAuth, 24*time.Hour, foreign))
	f.expect(t, false, issue(t, "front-proxy-client", false, x509.ExtKeyUsageServerAuth, 24*time.Hour, f.ca))
	if len(f.verified) != 1 {
		t.Errorf("%d certificates are remembered, want 1", len(f.verified))
	}
}

func TestNamesAreComparedEachTime(t *testing.T) {
	f := newFixture(t)
	f.expect(t, true, f.client)
	f.names = headerrequest.StaticStringSlice{"another"}
	f.expect(t, false, f.client)
	f.names = headerrequest.StaticStringSlice{"another", "front-proxy-client"}
	f.expect(t, true, f.client)
}

func TestExpiryIsSeen(t *testing.T) {
	f := newFixture(t)
	f.expect(t, true, f.client)
	f.clock.SetTime(start.Add(25 * time.Hour))
	f.expect(t, false, f.client)

	// What ends first of a chain ends all of it.
	f.clock.SetTime(start)
	intermediate := issue(t, "intermediate", true, 0, 2*time.Hour, f.ca)
	client := issue(t, "front-proxy-client", false, x509.ExtKeyUsageClientAuth, 24*time.Hour, intermediate)
	f.expect(t, false, client)
	f.expect(t, true, client, intermediate)
	f.clock.SetTime(start.Add(3 * time.Hour))
	f.expect(t, false, client, intermediate)
}

func TestChangeOfTheAuthorityIsSeen(t *testing.T) {
	f := newFixture(t)
	f.expect(t, true, f.client)
	next := issue(t, "ca", true, 0, 48*time.Hour, nil)
	f.authorities.trust(t, next)
	f.expect(t, false, f.client)
	f.authorities.trust(t, next, f.ca)
	f.expect(t, true, f.client)
	f.expect(t, true, issue(t, "front-proxy-client", false, x509.ExtKeyUsageClientAuth, 24*time.Hour, next))
	f.authorities.CAContentProvider = none{}
	f.expect(t, false, f.client)
}

func TestMemoryIsBounded(t *testing.T) {
	f := newFixture(t)
	for i := range maxCertificates + 5 {
		f.expect(t, true, issue(t, fmt.Sprint(i), false, x509.ExtKeyUsageClientAuth, time.Hour, f.ca))
	}
	if len(f.verified) > maxCertificates {
		t.Errorf("%d certificates are remembered", len(f.verified))
	}
}
