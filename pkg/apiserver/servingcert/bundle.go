package servingcert

import (
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Keys of the Secret. The first two are those of every kubernetes.io/tls Secret.
const (
	secretServingCert   = corev1.TLSCertKey
	secretServingKey    = corev1.TLSPrivateKeyKey
	secretAuthorityCert = "ca.crt"
	secretAuthorityKey  = "ca.key"
)

// bundle is what the Secret holds: the authority and the serving certificate that it signed.
type bundle struct {
	authority, serving *keyPair
}

// bundleFromSecret reads what is usable of the Secret's data; what is not is nil.
func bundleFromSecret(data map[string][]byte) bundle {
	var b bundle
	if authority, err := parseKeyPair(data[secretAuthorityCert], data[secretAuthorityKey]); err == nil && authority.cert.IsCA {
		b.authority = authority
	}
	if serving, err := parseKeyPair(data[secretServingCert], data[secretServingKey]); err == nil {
		b.serving = serving
	}
	return b
}

// secretData is the Secret's data for this bundle.
func (b bundle) secretData() map[string][]byte {
	return map[string][]byte{
		secretServingCert:   b.serving.certPEM,
		secretServingKey:    b.serving.keyPEM,
		secretAuthorityCert: b.authority.certPEM,
		secretAuthorityKey:  b.authority.keyPEM,
	}
}

// renewed returns the bundle with everything that is missing, unusable or due made anew, and why; an empty reason means
// that the bundle is good as it is.
func (b bundle) renewed(dnsNames []string, now time.Time) (bundle, string, error) {
	var reason string
	switch {
	case b.authority == nil:
		authority, err := issueAuthority(dnsNames[0]+"-ca", nil, now)
		if err != nil {
			return b, "", fmt.Errorf("make a certificate authority: %w", err)
		}
		b.authority, b.serving, reason = authority, nil, "there is no usable certificate authority"
	case now.After(b.authority.cert.NotAfter):
		// Nobody trusts it any more, so there is nothing to gain from its key.
		authority, err := issueAuthority(dnsNames[0]+"-ca", nil, now)
		if err != nil {
			return b, "", fmt.Errorf("make a certificate authority: %w", err)
		}
		b.authority, b.serving, reason = authority, nil, "the certificate authority has expired"
	case !now.Before(b.authority.renewAt()):
		authority, err := issueAuthority(b.authority.cert.Subject.CommonName, b.authority.key.(*ecdsa.PrivateKey), now)
		if err != nil {
			return b, "", fmt.Errorf("renew the certificate authority: %w", err)
		}
		b.authority, reason = authority, "the certificate authority is due for renewal"
	}

	why := servingProblem(b, dnsNames, now)
	if why == "" {
		return b, reason, nil
	}
	serving, err := issueServing(b.authority, dnsNames, now)
	if err != nil {
		return b, "", fmt.Errorf("make a serving certificate: %w", err)
	}
	b.serving = serving
	if reason == "" {
		reason = why
	}
	return b, reason, nil
}

// servingProblem says why the serving certificate cannot stay; empty when it can.
func servingProblem(b bundle, dnsNames []string, now time.Time) string {
	if b.serving == nil {
		return "there is no usable serving certificate"
	}
	if !now.Before(b.serving.renewAt()) {
		return "the serving certificate is due for renewal"
	}
	roots := x509.NewCertPool()
	roots.AddCert(b.authority.cert)
	for _, name := range dnsNames {
		_, err := b.serving.cert.Verify(x509.VerifyOptions{
			DNSName: name, Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		})
		if err != nil {
			return fmt.Sprintf("the serving certificate is not valid for %s: %v", name, err)
		}
	}
	return ""
}
