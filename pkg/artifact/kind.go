package artifact

import (
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Kind is a kind of store, named like the field of a location that selects it.
type Kind string

// The kinds of stores.
const (
	KindS3          Kind = "s3"
	KindGit         Kind = "git"
	KindHTTP        Kind = "http"
	KindArtifactory Kind = "artifactory"
	KindHDFS        Kind = "hdfs"
	KindRaw         Kind = "raw"
	KindOSS         Kind = "oss"
	KindGCS         Kind = "gcs"
	KindAzure       Kind = "azure"
	KindPlugin      Kind = "plugin"
)

// KindOf returns the kind of a location; empty when it has none.
func KindOf(l *wfv1.ArtifactLocation) Kind {
	switch {
	case l == nil:
		return ""
	case l.S3 != nil:
		return KindS3
	case l.Git != nil:
		return KindGit
	case l.HTTP != nil:
		return KindHTTP
	case l.Artifactory != nil:
		return KindArtifactory
	case l.HDFS != nil:
		return KindHDFS
	case l.Raw != nil:
		return KindRaw
	case l.OSS != nil:
		return KindOSS
	case l.GCS != nil:
		return KindGCS
	case l.Azure != nil:
		return KindAzure
	case l.Plugin != nil:
		return KindPlugin
	}
	return ""
}

// Describe names a location for people, as a URL where there is a usual one. It holds no credentials.
func Describe(l *wfv1.ArtifactLocation) string {
	switch KindOf(l) {
	case KindS3:
		return "s3://" + strings.TrimPrefix(l.S3.Endpoint+"/", "/") + l.S3.Bucket + "/" + l.S3.Key
	case KindGit:
		return "git " + withoutPassword(l.Git.Repo)
	case KindHTTP:
		return withoutPassword(l.HTTP.URL)
	case KindArtifactory:
		return withoutPassword(l.Artifactory.URL)
	case KindHDFS:
		return "hdfs://" + strings.Join(l.HDFS.Addresses, ",") + l.HDFS.Path
	case KindRaw:
		return "raw data"
	case KindOSS:
		return "oss://" + strings.TrimPrefix(l.OSS.Endpoint+"/", "/") + l.OSS.Bucket + "/" + l.OSS.Key
	case KindGCS:
		return "gs://" + l.GCS.Bucket + "/" + l.GCS.Key
	case KindAzure:
		return strings.TrimSuffix(withoutPassword(l.Azure.Endpoint), "/") + "/" + l.Azure.ContainerName + "/" + l.Azure.Blob
	case KindPlugin:
		return "plugin " + string(l.Plugin.Name) + " " + l.Plugin.Key
	}
	return "artifact without a location"
}

// withoutPassword removes what may be secret from a URL: a password in front of the host, and the query, which in presigned
// URLs is the credential.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		// `user@host:path` of git is no URL and holds no password.
		before, _, _ := strings.Cut(address, "?")
		return before
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// Ambient tells whether a location is read with credentials of the environment instead of those that it names. In a pod they
// are the pod's own. A server must not use its own for what a user asks it to read.
func Ambient(l *wfv1.ArtifactLocation) bool {
	switch KindOf(l) {
	case KindS3:
		return l.S3.UseSDKCreds || !namesSecret(l.S3.AccessKeySecret)
	case KindGCS:
		return !namesSecret(l.GCS.ServiceAccountKeySecret)
	case KindAzure:
		return l.Azure.UseSDKCreds
	case KindOSS:
		return l.OSS.UseSDKCreds
	}
	return false
}

func namesSecret(selector *corev1.SecretKeySelector) bool {
	return selector != nil && selector.Name != ""
}
