package v1alpha1

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// GetKey returns the key of a location: the path, for stores that are addressed by URL or path. false: this kind has none, or
// there is no location.
func (l *ArtifactLocation) GetKey() (string, bool) {
	switch {
	case l == nil:
	case l.S3 != nil:
		return l.S3.Key, true
	case l.HTTP != nil:
		return urlPath(l.HTTP.URL), true
	case l.Artifactory != nil:
		return urlPath(l.Artifactory.URL), true
	case l.HDFS != nil:
		return l.HDFS.Path, true
	case l.OSS != nil:
		return l.OSS.Key, true
	case l.GCS != nil:
		return l.GCS.Key, true
	case l.Azure != nil:
		return l.Azure.Blob, true
	case l.Plugin != nil:
		return l.Plugin.Key, true
	}
	return "", false
}

func urlPath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

// SetKey changes the key of a location. It is an error for a kind that has none.
func (l *ArtifactLocation) SetKey(key string) (err error) {
	switch {
	case l.S3 != nil:
		l.S3.Key = key
	case l.HTTP != nil:
		l.HTTP.URL, err = withPath(l.HTTP.URL, key)
	case l.Artifactory != nil:
		l.Artifactory.URL, err = withPath(l.Artifactory.URL, key)
	case l.HDFS != nil:
		l.HDFS.Path = key
	case l.OSS != nil:
		l.OSS.Key = key
	case l.GCS != nil:
		l.GCS.Key = key
	case l.Azure != nil:
		l.Azure.Blob = key
	case l.Plugin != nil:
		l.Plugin.Key = key
	case l.Git != nil || l.Raw != nil:
		return fmt.Errorf("git and raw artifacts have no key to set to %q", key)
	default:
		return fmt.Errorf("the artifact has no location to give the key %q to", key)
	}
	return err
}

func withPath(address, key string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	u.Path, u.RawPath = "/"+strings.TrimPrefix(key, "/"), ""
	return u.String(), nil
}

// AppendToKey makes a location that of a file or directory below it. A path that leads upwards stays below it.
func (l *ArtifactLocation) AppendToKey(subPath string) error {
	if subPath == "" {
		return nil
	}
	key, ok := l.GetKey()
	if !ok {
		return fmt.Errorf("subPath %q: git and raw artifacts have nothing below them that a key could name", subPath)
	}
	joined := strings.TrimSuffix(key, "/") + path.Clean("/"+subPath)
	if strings.HasSuffix(subPath, "/") && !strings.HasSuffix(joined, "/") {
		joined += "/"
	}
	return l.SetKey(joined)
}
