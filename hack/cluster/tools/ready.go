package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// runReady asks an API server's /readyz until the answer is 200 or time is up.
func runReady(args []string) error {
	fs := newFlags("ready")
	server := fs.String("server", "", "URL of the API server")
	caFile := fs.String("ca", "", "file of the authority that signed its certificate")
	timeout := fs.Duration("timeout", time.Minute, "how long to ask; 0 asks once")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := need(fs, "server", "ca"); err != nil {
		return err
	}
	ca, err := os.ReadFile(*caFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return fmt.Errorf("%s holds no certificate", *caFile)
	}
	client := &http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
	}
	for end := time.Now().Add(*timeout); ; time.Sleep(100 * time.Millisecond) {
		err := ask(client, *server+"/readyz")
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("not ready after %s: %w", *timeout, err)
		}
	}
}

// ask returns nil if the URL answers 200, else what it says.
func ask(client *http.Client, url string) error {
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, 4096))
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, r.Status, strings.TrimSpace(string(body)))
	}
	return nil
}
