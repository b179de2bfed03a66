package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// authenticated returns a client that authenticates as asked, and what it puts on every request of an artifact.
func authenticated(ctx context.Context, auth *wfv1.HTTPAuth, resources artifact.Resources) (*http.Client, func(*http.Request), error) {
	nothing := func(*http.Request) {}
	transport := Transport(ctx)
	if auth == nil {
		return NewClient(transport), nothing, nil
	}
	if err := clientCertificate(ctx, transport, auth.ClientCert, resources); err != nil {
		return nil, nil, err
	}
	if auth.OAuth2.ClientIDSecret != nil || auth.OAuth2.TokenURLSecret != nil {
		client, err := oauth2Client(ctx, NewClient(transport), auth.OAuth2, resources)
		return client, nothing, err
	}
	if auth.BasicAuth.UsernameSecret == nil {
		return NewClient(transport), nothing, nil
	}
	login, err := BasicAuth(ctx, auth.BasicAuth.UsernameSecret, auth.BasicAuth.PasswordSecret, resources)
	return NewClient(transport), login, err
}

// BasicAuth returns a function that puts name and password on a request; nothing, without selectors.
func BasicAuth(ctx context.Context, name, password *corev1.SecretKeySelector, resources artifact.Resources) (func(*http.Request), error) {
	user, err := artifact.SecretValue(ctx, resources, name)
	if err != nil {
		return nil, fmt.Errorf("usernameSecret: %w", err)
	}
	secret, err := artifact.SecretValue(ctx, resources, password)
	if err != nil {
		return nil, fmt.Errorf("passwordSecret: %w", err)
	}
	return func(request *http.Request) {
		if user != "" || secret != "" {
			request.SetBasicAuth(user, secret)
		}
	}, nil
}

func clientCertificate(ctx context.Context, transport *http.Transport, cert wfv1.ClientCertAuth, resources artifact.Resources) error {
	if cert.ClientCertSecret == nil && cert.ClientKeySecret == nil {
		return nil
	}
	certificate, err := artifact.SecretValue(ctx, resources, cert.ClientCertSecret)
	if err != nil {
		return fmt.Errorf("http.auth.clientCert.clientCertSecret: %w", err)
	}
	key, err := artifact.SecretValue(ctx, resources, cert.ClientKeySecret)
	if err != nil {
		return fmt.Errorf("http.auth.clientCert.clientKeySecret: %w", err)
	}
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		return fmt.Errorf("http.auth.clientCert: %w", err)
	}
	transport.TLSClientConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return nil
}

// oauth2Client gets a token by the client credentials grant, when the first request needs it, and puts it on requests.
func oauth2Client(ctx context.Context, base *http.Client, auth wfv1.OAuth2Auth, resources artifact.Resources) (*http.Client, error) {
	id, err := artifact.SecretValue(ctx, resources, auth.ClientIDSecret)
	if err != nil {
		return nil, fmt.Errorf("http.auth.oauth2.clientIDSecret: %w", err)
	}
	secret, err := artifact.SecretValue(ctx, resources, auth.ClientSecretSecret)
	if err != nil {
		return nil, fmt.Errorf("http.auth.oauth2.clientSecretSecret: %w", err)
	}
	tokenURL, err := artifact.SecretValue(ctx, resources, auth.TokenURLSecret)
	if err != nil {
		return nil, fmt.Errorf("http.auth.oauth2.tokenURLSecret: %w", err)
	}
	if id == "" || tokenURL == "" {
		return nil, errors.New("http.auth.oauth2 needs clientIDSecret and tokenURLSecret")
	}
	config := &clientcredentials.Config{ClientID: id, ClientSecret: secret, TokenURL: tokenURL, Scopes: auth.Scopes, EndpointParams: url.Values{}}
	for _, parameter := range auth.EndpointParams {
		config.EndpointParams.Add(parameter.Key, parameter.Value)
	}
	// The library keeps the context for later requests: it must outlive this call, and carries the client.
	ctx = context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, base)
	return NewClient(&bearer{source: config.TokenSource(ctx), base: base.Transport}), nil
}
