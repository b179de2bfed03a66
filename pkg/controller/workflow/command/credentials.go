package command

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
)

// Credentials reads what a pod's images are pulled with.
type Credentials interface {
	// keys are what there is to pull with; unread names the pull secrets that this program may not read.
	keys(ctx context.Context, namespace, account string, secrets []string) (found keyring, unread []string, err error)
}

type clientCredentials struct{ client kubernetes.Interface }

// NewCredentials reads pull secrets and service accounts through the API.
func NewCredentials(client kubernetes.Interface) Credentials { return clientCredentials{client} }

// keys are those of the pod and of its service account. What is not there is left out, as the kubelet does, and so is what
// this program may not read: the image may be public.
func (c clientCredentials) keys(ctx context.Context, namespace, account string, secrets []string) (ring keyring, unread []string, err error) {
	if account == "" {
		account = "default"
	}
	owner, err := c.client.CoreV1().ServiceAccounts(namespace).Get(ctx, account, metav1.GetOptions{})
	if err := unlessAbsent(ctx, err, "service account", namespace, account); err != nil {
		return nil, nil, err
	}
	if err == nil {
		for _, s := range owner.ImagePullSecrets {
			secrets = append(secrets, s.Name)
		}
	}
	for _, secret := range secrets {
		s, err := c.client.CoreV1().Secrets(namespace).Get(ctx, secret, metav1.GetOptions{})
		if err := unlessAbsent(ctx, err, "pull secret", namespace, secret); err != nil {
			return nil, nil, err
		}
		if apierrors.IsForbidden(err) {
			unread = append(unread, secret)
		}
		if err != nil {
			continue
		}
		found, err := read(s)
		if err != nil {
			return nil, nil, fmt.Errorf("pull secret %s/%s: %w", namespace, secret, err)
		}
		ring = append(ring, found...)
	}
	return ring, unread, nil
}

func unlessAbsent(ctx context.Context, err error, kind, namespace, name string) error {
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		klog.FromContext(ctx).V(2).Info("Not allowed to read what an image is pulled with; its registry is asked without", "kind", kind, "name", klog.KRef(namespace, name))
		return nil
	}
	return fmt.Errorf("read %s %s/%s: %w", kind, namespace, name, err)
}

// keyring is a list of credentials, each for a part of the world of images.
type keyring []key

type key struct {
	// host may hold wildcards; prefix is a path of repositories, empty for all.
	host, prefix string
	auth         authn.AuthConfig
}

type entry struct {
	Username      string `json:"username"`
	Password      string `json:"password"`
	Auth          string `json:"auth"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// read takes the credentials out of a pull secret of either kind.
func read(s *corev1.Secret) (keyring, error) {
	var entries map[string]entry
	switch s.Type {
	case corev1.SecretTypeDockerConfigJson:
		config := struct {
			Auths map[string]entry `json:"auths"`
		}{}
		if err := json.Unmarshal(s.Data[corev1.DockerConfigJsonKey], &config); err != nil {
			return nil, fmt.Errorf("%s: %w", corev1.DockerConfigJsonKey, err)
		}
		entries = config.Auths
	case corev1.SecretTypeDockercfg:
		if err := json.Unmarshal(s.Data[corev1.DockerConfigKey], &entries); err != nil {
			return nil, fmt.Errorf("%s: %w", corev1.DockerConfigKey, err)
		}
	}
	var ring keyring
	for where, e := range entries {
		host, prefix := place(where)
		ring = append(ring, key{host: host, prefix: prefix, auth: authn.AuthConfig{
			Username: e.Username, Password: e.Password, Auth: e.Auth, IdentityToken: e.IdentityToken, RegistryToken: e.RegistryToken,
		}})
	}
	return ring, nil
}

// place splits the name under which a credential stands, such as https://index.docker.io/v1/ or registry.example.com/team.
func place(where string) (host, prefix string) {
	where = strings.TrimPrefix(strings.TrimPrefix(where, "https://"), "http://")
	host, prefix, _ = strings.Cut(where, "/")
	prefix = strings.Trim(prefix, "/")
	if prefix == "v1" || prefix == "v2" {
		prefix = ""
	}
	if host == "docker.io" || host == "registry-1.docker.io" {
		host = name.DefaultRegistry
	}
	return host, prefix
}

// matching returns the credentials for a repository, the most particular first.
func (ring keyring) matching(repository name.Repository) []authn.Authenticator {
	var fit keyring
	for _, k := range ring {
		host, err := path.Match(k.host, repository.RegistryStr())
		inside := k.prefix == "" || strings.HasPrefix(repository.RepositoryStr()+"/", k.prefix+"/")
		if err == nil && host && inside {
			fit = append(fit, k)
		}
	}
	slices.SortStableFunc(fit, func(a, b key) int {
		if len(a.prefix) != len(b.prefix) {
			return len(b.prefix) - len(a.prefix)
		}
		return strings.Compare(a.host+a.auth.Username, b.host+b.auth.Username)
	})
	found := make([]authn.Authenticator, 0, len(fit))
	for _, k := range fit {
		found = append(found, authn.FromConfig(k.auth))
	}
	return found
}
