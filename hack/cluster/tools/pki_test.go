package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestCertsTrustEachOther(t *testing.T) {
	dir := t.TempDir()
	err := runCerts([]string{"-dir", dir, "-cluster", "c", "-server", "https://127.0.0.1:1", "-node", "n", "-names", "127.0.0.1,10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil || !roots.AppendCertsFromPEM(ca) {
		t.Fatalf("ca.crt: %v", err)
	}
	for _, c := range []struct {
		name    string
		usage   x509.ExtKeyUsage
		address string
	}{
		{"apiserver", x509.ExtKeyUsageServerAuth, "10.0.0.1"},
		{"apiserver", x509.ExtKeyUsageServerAuth, "kubernetes.default.svc"},
		{"kubelet-serving", x509.ExtKeyUsageServerAuth, "n"},
		{"apiserver-kubelet-client", x509.ExtKeyUsageClientAuth, ""},
	} {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, c.name+".crt"), filepath.Join(dir, c.name+".key"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		opts := x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{c.usage}, DNSName: c.address}
		if net.ParseIP(c.address) != nil {
			opts.DNSName = "[" + c.address + "]"
		}
		if _, err := pair.Leaf.Verify(opts); err != nil {
			t.Errorf("%s for %q: %v", c.name, c.address, err)
		}
	}
	for _, u := range users {
		if _, err := os.Stat(filepath.Join(dir, u.file+".kubeconfig")); err != nil {
			t.Error(err)
		}
	}
}
