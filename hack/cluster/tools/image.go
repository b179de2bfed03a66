package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// manifest joins an image's configuration and its layers.
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

// imageConfig is how containers of an image are started and what its layers hold.
type imageConfig struct {
	Architecture string      `json:"architecture"`
	OS           string      `json:"os"`
	Created      string      `json:"created"`
	Config       startConfig `json:"config"`
	RootFS       struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// startConfig holds the defaults of an image's containers.
type startConfig struct {
	User       string   `json:"User,omitempty"`
	Env        []string `json:"Env,omitempty"`
	Entrypoint []string `json:"Entrypoint,omitempty"`
	Cmd        []string `json:"Cmd,omitempty"`
	WorkingDir string   `json:"WorkingDir,omitempty"`
}

// words is a flag of words separated by blanks; given but empty, it clears what the base had.
type words struct {
	set  bool
	list []string
}

func (w *words) String() string { return strings.Join(w.list, " ") }
func (w *words) Set(s string) error {
	w.set, w.list = true, strings.Fields(s)
	return nil
}

// runImage adds one layer to a base image, or to nothing, and names the result.
// It prints each full name with the image's digest.
func runImage(args []string) error {
	fs := newFlags("image")
	dir := fs.String("store", "", "directory of the OCI layout to add to")
	names := fs.String("name", "", "names of the image, comma separated; a tag may be *")
	root := fs.String("root", "", "directory that becomes the image's (last) layer")
	base := fs.String("base", "", "image of the same store to add the layer to; what is not given below is as there")
	user := fs.String("user", "", "user its containers run as")
	var entrypoint, cmd, env words
	fs.Var(&entrypoint, "entrypoint", "words of the entrypoint")
	fs.Var(&cmd, "cmd", "words of the default command")
	fs.Var(&env, "env", "environment: words NAME=VALUE")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := need(fs, "store", "name", "root"); err != nil {
		return err
	}
	s := store(*dir)
	m := manifest{SchemaVersion: 2, MediaType: typeManifest}
	c := imageConfig{Architecture: runtime.GOARCH, OS: "linux", Created: "1970-01-01T00:00:00Z"}
	c.RootFS.Type = "layers"
	c.Config.WorkingDir = "/"
	c.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if *base != "" {
		d, ok, err := s.find(fullName(*base))
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("base image %s is not in %s", fullName(*base), s)
		}
		if err := s.get(d.Digest, &m); err != nil {
			return err
		}
		if err := s.get(m.Config.Digest, &c); err != nil {
			return err
		}
	}
	if *user != "" {
		c.Config.User = *user
	}
	if entrypoint.set {
		c.Config.Entrypoint = entrypoint.list
	}
	if cmd.set {
		c.Config.Cmd = cmd.list
	}
	if env.set {
		c.Config.Env = append(c.Config.Env, env.list...)
	}
	layer, err := s.addLayer(*root)
	if err != nil {
		return err
	}
	m.Layers = append(m.Layers, layer)
	c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, layer.Digest)
	image, err := s.putImage(m, c)
	if err != nil {
		return err
	}
	full := strings.Split(*names, ",")
	for i := range full {
		full[i] = fullName(full[i])
		fmt.Println(full[i], image.Digest)
	}
	return s.name(image, full...)
}

// putImage writes a configuration and the manifest that points at it.
func (s store) putImage(m manifest, c imageConfig) (descriptor, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return descriptor{}, err
	}
	if m.Config, err = s.put(data, typeConfig); err != nil {
		return descriptor{}, err
	}
	if data, err = json.Marshal(m); err != nil {
		return descriptor{}, err
	}
	d, err := s.put(data, typeManifest)
	d.Platform = map[string]string{"architecture": c.Architecture, "os": c.OS}
	return d, err
}

// runExport writes one image as an OCI archive, which skopeo, crane, podman,
// ctr and Docker (25 or later) can read.
func runExport(args []string) error {
	fs := newFlags("export")
	dir := fs.String("store", "", "directory of the OCI layout")
	name := fs.String("name", "", "name of the image")
	out := fs.String("o", "", "file to write")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := need(fs, "store", "name", "o"); err != nil {
		return err
	}
	s := store(*dir)
	d, ok, err := s.find(fullName(*name))
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("image %s is not in %s", fullName(*name), s)
	}
	tmp, err := os.MkdirTemp(string(s), ".export-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := s.copyTo(store(tmp), d); err != nil {
		return err
	}
	f, err := os.Create(*out)
	if err != nil {
		return err
	}
	if err := writeTar(f, tmp); err != nil {
		return err
	}
	return f.Close()
}

// copyTo links the blobs of one image into another store on the same file system
// and makes it that store's only image.
func (s store) copyTo(to store, image descriptor) error {
	var m manifest
	if err := s.get(image.Digest, &m); err != nil {
		return err
	}
	if err := os.MkdirAll(to.blob(""), 0o755); err != nil {
		return err
	}
	linked := map[string]bool{}
	for _, d := range append([]descriptor{image, m.Config}, m.Layers...) {
		if linked[d.Digest] {
			continue
		}
		linked[d.Digest] = true
		if err := os.Link(s.blob(d.Digest), to.blob(d.Digest)); err != nil {
			return err
		}
	}
	return to.name(image, image.Annotations[annotationName])
}
