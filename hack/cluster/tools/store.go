package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Media types of the OCI image format, and the annotation by which containerd
// and this tool name a manifest of a layout.
const (
	typeIndex      = "application/vnd.oci.image.index.v1+json"
	typeManifest   = "application/vnd.oci.image.manifest.v1+json"
	typeConfig     = "application/vnd.oci.image.config.v1+json"
	typeLayer      = "application/vnd.oci.image.layer.v1.tar"
	annotationName = "io.containerd.image.name"
)

// descriptor points at a blob.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    map[string]string `json:"platform,omitempty"`
}

// index is the list of all images of a layout.
type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

// store is an OCI image layout in a directory. A name in it may be a pattern
// such as docker.io/library/alpine:*, which then stands for every tag.
type store string

func (s store) blob(digest string) string {
	return filepath.Join(string(s), "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// put writes a blob and returns its descriptor.
func (s store) put(data []byte, mediaType string) (descriptor, error) {
	sum := sha256.Sum256(data)
	d := descriptor{MediaType: mediaType, Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(data))}
	if err := os.MkdirAll(filepath.Dir(s.blob(d.Digest)), 0o755); err != nil {
		return d, err
	}
	return d, os.WriteFile(s.blob(d.Digest), data, 0o644)
}

// get decodes the JSON blob with this digest.
func (s store) get(digest string, into any) error {
	data, err := os.ReadFile(s.blob(digest))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// index reads the store's list of images; an absent store is empty.
func (s store) index() (index, error) {
	ix := index{SchemaVersion: 2, MediaType: typeIndex}
	data, err := os.ReadFile(filepath.Join(string(s), "index.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return ix, nil
	}
	if err != nil {
		return ix, err
	}
	if err := json.Unmarshal(data, &ix); err != nil {
		return ix, fmt.Errorf("%s/index.json: %w", s, err)
	}
	return ix, nil
}

// find returns the image of a full name: the one that has exactly this name, else
// the first whose pattern matches. ok is false if there is none.
func (s store) find(name string) (d descriptor, ok bool, err error) {
	ix, err := s.index()
	if err != nil {
		return d, false, err
	}
	for _, m := range ix.Manifests {
		if m.Annotations[annotationName] == name {
			return m, true, nil
		}
	}
	for _, m := range ix.Manifests {
		if match, _ := path.Match(m.Annotations[annotationName], name); match {
			return m, true, nil
		}
	}
	return d, false, nil
}

// name gives an image one more name; another image that had it loses it. The
// index is replaced in one rename, so that a registry at work never reads half of it.
func (s store) name(image descriptor, names ...string) error {
	ix, err := s.index()
	if err != nil {
		return err
	}
	ix.Manifests = slices.DeleteFunc(ix.Manifests, func(d descriptor) bool {
		return slices.Contains(names, d.Annotations[annotationName])
	})
	for _, n := range names {
		d := image
		d.Annotations = map[string]string{annotationName: n}
		ix.Manifests = append(ix.Manifests, d)
	}
	slices.SortFunc(ix.Manifests, func(a, b descriptor) int {
		return strings.Compare(a.Annotations[annotationName], b.Annotations[annotationName])
	})
	return s.writeIndex(ix)
}

func (s store) writeIndex(ix index) error {
	data, err := json.MarshalIndent(ix, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(string(s), "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil {
		return err
	}
	tmp := filepath.Join(string(s), ".index.json")
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(string(s), "index.json"))
}

// fullName completes an image name the way container runtimes do:
// busybox is docker.io/library/busybox:latest.
func fullName(name string) string {
	first, _, slash := strings.Cut(name, "/")
	switch {
	case !slash:
		name = "docker.io/library/" + name
	case !strings.ContainsAny(first, ".:") && first != "localhost":
		name = "docker.io/" + name
	}
	if strings.LastIndex(name, ":") < strings.LastIndex(name, "/") {
		name += ":latest"
	}
	return name
}
