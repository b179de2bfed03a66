// Package location works out where an artifact is: what its key is, what a location that gives only a key takes from the
// artifact repository, under which key an output without one is stored, and which Secrets a location needs. Its functions
// are pure.
package location

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// KeyOf returns the key of a location: the path, for stores that are addressed by URL or path. false: this kind has none,
// or there is no location.
func KeyOf(l *wfv1.ArtifactLocation) (string, bool) {
	switch artifact.KindOf(l) {
	case artifact.KindS3:
		return l.S3.Key, true
	case artifact.KindGCS:
		return l.GCS.Key, true
	case artifact.KindOSS:
		return l.OSS.Key, true
	case artifact.KindAzure:
		return l.Azure.Blob, true
	case artifact.KindHDFS:
		return l.HDFS.Path, true
	case artifact.KindPlugin:
		return l.Plugin.Key, true
	case artifact.KindHTTP:
		return urlPath(l.HTTP.URL), true
	case artifact.KindArtifactory:
		return urlPath(l.Artifactory.URL), true
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
func SetKey(l *wfv1.ArtifactLocation, key string) (err error) {
	switch kind := artifact.KindOf(l); kind {
	case artifact.KindS3:
		l.S3.Key = key
	case artifact.KindGCS:
		l.GCS.Key = key
	case artifact.KindOSS:
		l.OSS.Key = key
	case artifact.KindAzure:
		l.Azure.Blob = key
	case artifact.KindHDFS:
		l.HDFS.Path = key
	case artifact.KindPlugin:
		l.Plugin.Key = key
	case artifact.KindHTTP:
		l.HTTP.URL, err = withPath(l.HTTP.URL, key)
	case artifact.KindArtifactory:
		l.Artifactory.URL, err = withPath(l.Artifactory.URL, key)
	case "":
		return fmt.Errorf("the artifact has no location to give the key %q to", key)
	default:
		return fmt.Errorf("a %s location has no key", kind)
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

// AppendSubPath makes a location that of a file or directory below it (ART-04). A path that leads upwards stays below it.
func AppendSubPath(l *wfv1.ArtifactLocation, subPath string) error {
	if subPath == "" {
		return nil
	}
	key, ok := KeyOf(l)
	if !ok {
		return fmt.Errorf("subPath %q: a %s artifact is one file or directory and has nothing below it that can be named", subPath, artifact.KindOf(l))
	}
	joined := strings.TrimSuffix(key, "/") + path.Clean("/"+subPath)
	if strings.HasSuffix(subPath, "/") && !strings.HasSuffix(joined, "/") {
		joined += "/"
	}
	return SetKey(l, joined)
}

// FileName is the last part of the key of an output without a key: the name of the artifact with the ending of its archive,
// or the name of the file itself when it is stored as it is (ART-09).
func FileName(a *wfv1.Artifact) string {
	switch {
	case a.Archive != nil && a.Archive.None != nil:
		return path.Base(a.Path)
	case a.Archive != nil && a.Archive.Zip != nil:
		return a.Name + ".zip"
	default:
		return a.Name + ".tgz"
	}
}

// LogName and LogFileName are the name of the artifact that the log of a container is, and the last part of its key
// (ART-13).
func LogName(container string) string { return container + "-logs" }

// LogFileName is described at LogName.
func LogFileName(container string) string { return container + ".log" }

// KeyFormat is how keys begin of artifacts in a repository that have no key of their own, with its variables.
func KeyFormat(repo *wfv1.ArtifactRepository) string { return repo.GetKeyFormat() }
