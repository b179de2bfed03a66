// Package s3 keeps artifacts in S3 and in stores that speak its protocol. It is the only package that speaks it.
package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
)

func init() {
	artifact.Register(artifact.KindS3, New)
}

// requestRetries is how often one request is sent (its pauses add up to some two seconds): a part of a large upload is
// worth more than one try, while artifact.Retry does the rest.
const requestRetries = 4

// New makes the driver for the bucket of a location.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	b, err := newBucket(ctx, &l.S3.S3Bucket, resources)
	if err != nil {
		return nil, err
	}
	return &objectstore.Store{
		Bucket:  b,
		Key:     func(a *wfv1.Artifact) string { return a.S3.Key },
		Prepare: b.createOnce,
	}, nil
}

func newBucket(ctx context.Context, location *wfv1.S3Bucket, resources artifact.Resources) (*bucket, error) {
	if location.Endpoint == "" || location.Bucket == "" {
		return nil, errors.New("the location needs s3.endpoint and s3.bucket")
	}
	if strings.Contains(location.Endpoint, "://") {
		return nil, fmt.Errorf("s3.endpoint %q must be host or host:port; `insecure` says whether it is plain HTTP", location.Endpoint)
	}
	secure := location.Insecure == nil || !*location.Insecure
	transport, err := newTransport(ctx, secure, location, resources)
	if err != nil {
		return nil, err
	}
	lookup, err := addressing(location.AddressingStyle)
	if err != nil {
		return nil, err
	}
	login, err := newCredentials(ctx, location, secure, transport, resources)
	if err != nil {
		return nil, err
	}
	client, err := minio.New(location.Endpoint, &minio.Options{
		Creds: login, Secure: secure, Transport: artifact.LimitAnswers(transport, isContent), Region: location.Region, BucketLookup: lookup, MaxRetries: requestRetries,
	})
	if err != nil {
		return nil, fmt.Errorf("s3.endpoint %q: %w", location.Endpoint, err)
	}
	encryption, err := newEncryption(ctx, location, secure, resources)
	if err != nil {
		return nil, err
	}
	upload, err := uploadSettings(os.Getenv)
	if err != nil {
		return nil, err
	}
	return &bucket{
		client: client, name: location.Bucket, region: location.Region, create: location.CreateBucketIfNotPresent,
		encryption: encryption, upload: upload,
	}, nil
}

// newTransport is minio-go's, with the authority that the location names.
func newTransport(ctx context.Context, secure bool, location *wfv1.S3Bucket, resources artifact.Resources) (*http.Transport, error) {
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, err
	}
	transport.DialContext = artifact.DialContext(ctx)
	authority, err := artifact.SecretValue(ctx, resources, location.CASecret)
	if err != nil || authority == "" {
		return transport, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM([]byte(authority)) {
		return nil, fmt.Errorf("key %q of Secret %q (s3.caSecret) holds no PEM certificate", location.CASecret.Key, location.CASecret.Name)
	}
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	transport.TLSClientConfig.RootCAs = roots
	return transport, nil
}

// isContent tells requests for the content of an object from those for lists and facts, which name them in their query.
func isContent(request *http.Request) bool {
	return request.Method == http.MethodGet && request.URL.RawQuery == ""
}

func addressing(style string) (minio.BucketLookupType, error) {
	switch style {
	case "", "auto":
		return minio.BucketLookupAuto, nil
	case "path":
		return minio.BucketLookupPath, nil
	case "virtual-hosted":
		return minio.BucketLookupDNS, nil
	}
	return minio.BucketLookupAuto, fmt.Errorf("s3.addressingStyle %q must be path, virtual-hosted or auto", style)
}
