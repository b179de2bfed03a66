// Package location works out where an artifact is: what its key is, what a location that gives only a key takes from the
// artifact repository, under which key an output without one is stored, and which Secrets a location needs. Its functions
// are pure.
package location

import (
	"net/url"
	"path"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// KeyOf returns the key of a location: the path, for stores that are addressed by URL or path. false: this kind has none,
// or there is no location.
func KeyOf(l *wfv1.ArtifactLocation) (string, bool) { return l.GetKey() }

func urlPath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

// SetKey changes the key of a location. It is an error for a kind that has none.
func SetKey(l *wfv1.ArtifactLocation, key string) error { return l.SetKey(key) }

func withPath(address, key string) (string, error) {
	l := wfv1.ArtifactLocation{HTTP: &wfv1.HTTPArtifact{URL: address}}
	err := l.SetKey(key)
	return l.HTTP.URL, err
}

// AppendSubPath makes a location that of a file or directory below it (ART-04). A path that leads upwards stays below it.
func AppendSubPath(l *wfv1.ArtifactLocation, subPath string) error { return l.AppendToKey(subPath) }

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
