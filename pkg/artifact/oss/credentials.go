package oss

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// newCredentials takes keys from Secrets, or with useSDKCreds what the pod's environment has.
func newCredentials(ctx context.Context, location *wfv1.OSSBucket, resources artifact.Resources) (credentials.CredentialsProvider, error) {
	if location.UseSDKCreds {
		return ambient(os.Getenv)
	}
	access, err := artifact.SecretValue(ctx, resources, location.AccessKeySecret)
	if err != nil {
		return nil, fmt.Errorf("oss.accessKeySecret: %w", err)
	}
	secret, err := artifact.SecretValue(ctx, resources, location.SecretKeySecret)
	if err != nil {
		return nil, fmt.Errorf("oss.secretKeySecret: %w", err)
	}
	if access == "" || secret == "" {
		return nil, errors.New("the location needs oss.accessKeySecret and oss.secretKeySecret, or oss.useSDKCreds")
	}
	return credentials.NewStaticCredentialsProvider(strings.TrimSpace(access), strings.TrimSpace(secret), location.SecurityToken), nil
}

// ambient finds credentials where Alibaba's libraries do: environment, the token of the service account (RRSA), the role of
// the machine.
func ambient(getenv func(string) string) (credentials.CredentialsProvider, error) {
	first := func(names ...string) string {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return value
			}
		}
		return ""
	}
	if access := first("OSS_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_ID"); access != "" {
		return credentials.NewStaticCredentialsProvider(access, first("OSS_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
			first("OSS_SESSION_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN")), nil
	}
	if role := getenv("ALIBABA_CLOUD_ROLE_ARN"); role != "" {
		endpoint := getenv("ALIBABA_CLOUD_STS_ENDPOINT")
		if endpoint == "" {
			endpoint = "sts.aliyuncs.com"
		}
		if !strings.Contains(endpoint, "://") {
			endpoint = "https://" + endpoint
		}
		web := &webIdentity{
			endpoint: endpoint, role: role, provider: getenv("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"), tokenFile: getenv("ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
		}
		return credentials.NewCredentialsFetcherProvider(web), nil
	}
	return credentials.NewEcsRoleCredentialsProvider(), nil
}

// webIdentity exchanges the token of the pod's service account for credentials of a role.
type webIdentity struct {
	endpoint, role, provider, tokenFile string
}

var _ credentials.CredentialsFetcher = &webIdentity{}

// Fetch asks for credentials of the role.
func (w *webIdentity) Fetch(ctx context.Context) (credentials.Credentials, error) {
	token, err := os.ReadFile(w.tokenFile)
	if err != nil {
		return credentials.Credentials{}, fmt.Errorf("ALIBABA_CLOUD_OIDC_TOKEN_FILE: %w", err)
	}
	form := url.Values{
		"Action": {"AssumeRoleWithOIDC"}, "Version": {"2015-04-01"}, "Format": {"JSON"}, "RoleArn": {w.role},
		"OIDCProviderArn": {w.provider}, "OIDCToken": {strings.TrimSpace(string(token))}, "RoleSessionName": {"fairlead"},
		"Timestamp": {time.Now().UTC().Format(time.RFC3339)},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return credentials.Credentials{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return credentials.Credentials{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return credentials.Credentials{}, err
	}
	var answer struct {
		Code, Message string
		Credentials   struct {
			AccessKeyID     string `json:"AccessKeyId"`
			AccessKeySecret string
			SecurityToken   string
			Expiration      time.Time
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Credentials.AccessKeyID == "" {
		return credentials.Credentials{}, fmt.Errorf("role %s could not be assumed: %s %s %s", w.role, response.Status, answer.Code, answer.Message)
	}
	return credentials.Credentials{
		AccessKeyID: answer.Credentials.AccessKeyID, AccessKeySecret: answer.Credentials.AccessKeySecret,
		SecurityToken: answer.Credentials.SecurityToken, Expires: &answer.Credentials.Expiration,
	}, nil
}
