package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"
	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// newCredentials: keys from Secrets if the location names them, else what the pod's environment has; with roleARN these
// are exchanged for those of the role.
func newCredentials(ctx context.Context, location *wfv1.S3Bucket, secure bool, transport http.RoundTripper, resources artifact.Resources) (*credentials.Credentials, error) {
	keys := map[string]string{}
	for field, selector := range map[string]*corev1.SecretKeySelector{
		"accessKeySecret": location.AccessKeySecret, "secretKeySecret": location.SecretKeySecret, "sessionTokenSecret": location.SessionTokenSecret,
	} {
		value, err := artifact.SecretValue(ctx, resources, selector)
		if err != nil {
			return nil, fmt.Errorf("s3.%s: %w", field, err)
		}
		// Secrets made from files often end in a line feed, which no key does.
		keys[field] = strings.TrimSpace(value)
	}
	var login *credentials.Credentials
	switch access, secret, token := keys["accessKeySecret"], keys["secretKeySecret"], keys["sessionTokenSecret"]; {
	case access != "" && secret != "":
		login = credentials.NewStaticV4(access, secret, token)
	case access != "" || secret != "":
		return nil, errors.New("s3.accessKeySecret and s3.secretKeySecret go together: one of them is missing or empty")
	case named(location.AccessKeySecret) || named(location.SecretKeySecret):
		// Whoever names a Secret does not mean the credentials of the machine that this runs on.
		return nil, errors.New("s3.accessKeySecret and s3.secretKeySecret are empty")
	default:
		login = ambient(transport)
	}
	if location.RoleARN == "" {
		return login, nil
	}
	return credentials.New(&role{
		base: login, endpoint: stsEndpoint(location, secure, os.Getenv), client: &http.Client{Transport: transport},
		arn: location.RoleARN, region: location.Region,
	}), nil
}

func named(selector *corev1.SecretKeySelector) bool { return selector != nil && selector.Name != "" }

// ambient finds credentials where AWS's own libraries do: environment, credentials file, web identity of the service
// account (IRSA), container and instance role.
func ambient(transport http.RoundTripper) *credentials.Credentials {
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{},
		&credentials.FileAWSCredentials{},
		&credentials.IAM{Client: &http.Client{Transport: transport}},
	})
}

// stsEndpoint is where roles are assumed: AWS_ENDPOINT_URL_STS; on AWS the service of the region; elsewhere the store
// itself, as stores that have it serve it under the same address.
func stsEndpoint(location *wfv1.S3Bucket, secure bool, getenv func(string) string) string {
	if configured := getenv("AWS_ENDPOINT_URL_STS"); configured != "" {
		return configured
	}
	scheme := "https"
	if !secure {
		scheme = "http"
	}
	own := url.URL{Scheme: scheme, Host: location.Endpoint}
	if !s3utils.IsAmazonEndpoint(own) {
		return own.String()
	}
	region := location.Region
	if region == "" {
		region = s3utils.GetRegionFromURL(own)
	}
	if region == "" {
		return credentials.DefaultSTSRoleEndpoint
	}
	return "https://sts." + region + ".amazonaws.com"
}

// role exchanges credentials for those of a role, again whenever they are about to end.
type role struct {
	credentials.Expiry
	base                  *credentials.Credentials
	client                *http.Client
	endpoint, arn, region string
}

var _ credentials.Provider = &role{}

// RetrieveWithCredContext assumes the role.
func (r *role) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	own, err := r.base.GetWithContext(cc)
	if err != nil {
		return credentials.Value{}, err
	}
	if own.AccessKeyID == "" {
		return credentials.Value{}, artifact.MarkLasting(fmt.Errorf("role %s cannot be assumed without credentials: there are none in Secrets or in the pod's environment", r.arn))
	}
	region := r.region
	if region == "" {
		region = "us-east-1"
	}
	assume := &credentials.STSAssumeRole{
		Client: r.client, STSEndpoint: r.endpoint,
		Options: credentials.STSAssumeRoleOptions{
			AccessKey: own.AccessKeyID, SecretKey: own.SecretAccessKey, SessionToken: own.SessionToken,
			Location: region, RoleARN: r.arn, RoleSessionName: "fairlead",
		},
	}
	value, err := assume.RetrieveWithCredContext(cc)
	if err != nil {
		return credentials.Value{}, fmt.Errorf("role %s could not be assumed at %s: %w", r.arn, r.endpoint, err)
	}
	r.SetExpiration(value.Expiration, credentials.DefaultExpiryWindow)
	return value, nil
}

// Retrieve assumes the role.
func (r *role) Retrieve() (credentials.Value, error) { return r.RetrieveWithCredContext(nil) }
