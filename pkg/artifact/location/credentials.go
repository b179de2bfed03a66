package location

import (
	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// References are the keys of Secrets and ConfigMaps that locations refer to (ART-11): keys by name of the object.
type References struct {
	// Secrets and ConfigMaps map the name of an object to the keys of it, in the order in which they were met.
	Secrets, ConfigMaps map[string][]string
}

// ReferencesOf collects what locations refer to; each key is named once.
func ReferencesOf(locations ...*wfv1.ArtifactLocation) References {
	r := References{Secrets: map[string][]string{}, ConfigMaps: map[string][]string{}}
	for _, l := range locations {
		if l == nil {
			continue
		}
		r.storage(l)
		r.web(l)
	}
	return r
}

func (r References) storage(l *wfv1.ArtifactLocation) {
	if l.S3 != nil {
		r.secrets(l.S3.AccessKeySecret, l.S3.SecretKeySecret, l.S3.SessionTokenSecret, l.S3.CASecret)
		if l.S3.EncryptionOptions != nil {
			r.secrets(l.S3.EncryptionOptions.ServerSideCustomerKeySecret)
		}
	}
	if l.GCS != nil {
		r.secrets(l.GCS.ServiceAccountKeySecret)
	}
	if l.Azure != nil {
		r.secrets(l.Azure.AccountKeySecret)
	}
	if l.OSS != nil {
		r.secrets(l.OSS.AccessKeySecret, l.OSS.SecretKeySecret)
	}
	if l.HDFS != nil {
		r.secrets(l.HDFS.KrbCCacheSecret, l.HDFS.KrbKeytabSecret)
		if c := l.HDFS.KrbConfigConfigMap; c != nil {
			add(r.ConfigMaps, c.Name, c.Key)
		}
	}
}

func (r References) web(l *wfv1.ArtifactLocation) {
	if l.Artifactory != nil {
		r.secrets(l.Artifactory.UsernameSecret, l.Artifactory.PasswordSecret)
	}
	if l.Git != nil {
		r.secrets(l.Git.UsernameSecret, l.Git.PasswordSecret, l.Git.SSHPrivateKeySecret)
	}
	if l.HTTP != nil && l.HTTP.Auth != nil {
		auth := l.HTTP.Auth
		r.secrets(auth.BasicAuth.UsernameSecret, auth.BasicAuth.PasswordSecret, auth.ClientCert.ClientCertSecret, auth.ClientCert.ClientKeySecret,
			auth.OAuth2.ClientIDSecret, auth.OAuth2.ClientSecretSecret, auth.OAuth2.TokenURLSecret)
	}
}

func (r References) secrets(selectors ...*corev1.SecretKeySelector) {
	for _, s := range selectors {
		if s != nil {
			add(r.Secrets, s.Name, s.Key)
		}
	}
}

func add(to map[string][]string, name, key string) {
	if name == "" || key == "" {
		return
	}
	for _, known := range to[name] {
		if known == key {
			return
		}
	}
	to[name] = append(to[name], key)
}
