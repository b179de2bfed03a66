package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// users of the API server that get a kubeconfig, by file name.
var users = []struct{ file, commonName, organization string }{
	{"admin", "kubernetes-admin", "system:masters"},
	{"controller-manager", "system:kube-controller-manager", ""},
	{"scheduler", "system:kube-scheduler", ""},
	{"kube-proxy", "system:kube-proxy", ""},
	{"coredns", "system:coredns", ""},
	{"kubelet", "system:node:", "system:nodes"},
}

// pki writes files into one directory and remembers the first failure.
type pki struct {
	dir string
	err error
}

func (p *pki) write(name string, data []byte) {
	if p.err == nil {
		p.err = os.WriteFile(filepath.Join(p.dir, name), data, 0o600)
	}
}

// issue makes a certificate and, unless file is empty, writes it with its key.
func (p *pki) issue(file string, ca *keyPair, c certificate) *keyPair {
	if p.err != nil {
		return nil
	}
	kp, err := issue(ca, c)
	if p.err = err; err != nil {
		return nil
	}
	if file != "" {
		p.write(file+".crt", kp.certPEM)
		p.write(file+".key", kp.keyPEM)
	}
	return kp
}

// kubeconfig writes a kubeconfig for a client certificate.
func (p *pki) kubeconfig(cluster, server string, ca *keyPair, file string, c certificate) {
	kp := p.issue("", ca, c)
	if p.err != nil {
		return
	}
	b64 := base64.StdEncoding.EncodeToString
	p.write(file+".kubeconfig", fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster: {server: %[2]q, certificate-authority-data: %[3]s}
users:
- name: %[4]s
  user: {client-certificate-data: %[5]s, client-key-data: %[6]s}
contexts:
- name: %[1]s
  context: {cluster: %[1]s, user: %[4]s}
current-context: %[1]s
`, cluster, server, b64(ca.certPEM), file, b64(kp.certPEM), b64(kp.keyPEM)))
}

// runCerts writes every key, certificate and kubeconfig of one cluster. Two
// authorities: one for the cluster, one for the front proxy, by which an
// aggregated API server tells the kube-apiserver from any other client.
func runCerts(args []string) error {
	fs := newFlags("certs")
	dir := fs.String("dir", "", "directory to write to")
	cluster := fs.String("cluster", "", "the cluster's name in kubeconfigs")
	server := fs.String("server", "", "URL of the API server in kubeconfigs")
	node := fs.String("node", "", "name of the node")
	names := fs.String("names", "127.0.0.1,localhost", "names and addresses of the API server and the kubelet, comma separated")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := need(fs, "dir", "cluster", "server", "node"); err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o700); err != nil {
		return err
	}
	p := &pki{dir: *dir}
	ca := p.issue("ca", nil, certificate{commonName: "kubernetes"})
	proxyCA := p.issue("front-proxy-ca", nil, certificate{commonName: "front-proxy-ca"})
	serving := append(strings.Split(*names, ","), *node, "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
	p.issue("apiserver", ca, certificate{commonName: "kube-apiserver", names: serving, server: true})
	p.issue("kubelet-serving", ca, certificate{commonName: "system:node:" + *node, organization: "system:nodes", names: serving, server: true})
	p.issue("apiserver-kubelet-client", ca, certificate{commonName: "kube-apiserver-kubelet-client", organization: "system:masters", client: true})
	p.issue("front-proxy-client", proxyCA, certificate{commonName: "front-proxy-client", client: true})
	for _, u := range users {
		c := certificate{commonName: u.commonName, organization: u.organization, client: true}
		if u.file == "kubelet" {
			c.commonName += *node
		}
		p.kubeconfig(*cluster, *server, ca, u.file, c)
	}
	p.serviceAccountKeys()
	return p.err
}

// serviceAccountKeys writes the pair that signs and checks service account tokens.
func (p *pki) serviceAccountKeys() {
	kp := p.issue("", nil, certificate{commonName: "service-accounts"})
	if p.err != nil {
		return
	}
	der, err := x509.MarshalPKIXPublicKey(&kp.key.PublicKey)
	if p.err = err; err != nil {
		return
	}
	p.write("sa.key", kp.keyPEM)
	p.write("sa.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
