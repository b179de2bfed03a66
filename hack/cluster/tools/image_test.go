package main

import (
	"archive/tar"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestFullName(t *testing.T) {
	for given, want := range map[string]string{
		"busybox":                         "docker.io/library/busybox:latest",
		"busybox:1.36":                    "docker.io/library/busybox:1.36",
		"docker/whalesay":                 "docker.io/docker/whalesay:latest",
		"quay.io/argoproj/argosay:v2":     "quay.io/argoproj/argosay:v2",
		"localhost/x":                     "localhost/x:latest",
		"registry.example:5000/team/x":    "registry.example:5000/team/x:latest",
		"registry.example:5000/team/x:v1": "registry.example:5000/team/x:v1",
	} {
		if got := fullName(given); got != want {
			t.Errorf("fullName(%q) = %q, want %q", given, got, want)
		}
	}
}

// tree writes files into a new directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func addImage(t *testing.T, args ...string) {
	t.Helper()
	if err := runImage(args); err != nil {
		t.Fatal(err)
	}
}

func TestImageOnBaseKeepsItsSettings(t *testing.T) {
	dir := t.TempDir()
	s := store(dir)
	addImage(t, "-store", dir, "-name", "base", "-root", tree(t, map[string]string{"bin/sh": "#!"}), "-entrypoint", "/entry point", "-cmd", "sh")
	addImage(t, "-store", dir, "-name", "child", "-base", "base", "-root", tree(t, map[string]string{"etc/x": "y"}), "-cmd", "", "-env", "A=1 B=2", "-user", "7")

	d, ok, err := s.find(fullName("child"))
	if err != nil || !ok {
		t.Fatalf("child is not in the store: %v", err)
	}
	var m manifest
	var c imageConfig
	if err := s.get(d.Digest, &m); err != nil {
		t.Fatal(err)
	}
	if err := s.get(m.Config.Digest, &c); err != nil {
		t.Fatal(err)
	}
	if len(m.Layers) != 2 || len(c.RootFS.DiffIDs) != 2 {
		t.Errorf("layers: %d, diff IDs: %d, want 2 of each", len(m.Layers), len(c.RootFS.DiffIDs))
	}
	if !slices.Equal(c.Config.Entrypoint, []string{"/entry", "point"}) || len(c.Config.Cmd) != 0 || c.Config.User != "7" {
		t.Errorf("settings: %+v", c.Config)
	}
	if !slices.Contains(c.Config.Env, "B=2") {
		t.Errorf("environment: %v", c.Config.Env)
	}
}

func TestSameTreeGivesSameDigest(t *testing.T) {
	s := store(t.TempDir())
	files := map[string]string{"a": "1", "b/c": "2"}
	one, err := s.addLayer(tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.addLayer(tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	if one.Digest != two.Digest {
		t.Errorf("%s and %s", one.Digest, two.Digest)
	}
}

func TestRegistry(t *testing.T) {
	shared, own := t.TempDir(), t.TempDir()
	addImage(t, "-store", shared, "-name", "python:*,quay.io/x/y:v1", "-root", tree(t, map[string]string{"f": "shared"}))
	addImage(t, "-store", own, "-name", "python:3", "-root", tree(t, map[string]string{"f": "own"}))
	server := httptest.NewServer(registry{store(own), store(shared)})
	defer server.Close()

	digests := map[string]string{}
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/v2/", 200},
		{"/v2/library/python/manifests/alpine3.6?ns=docker.io", 200},
		{"/v2/library/python/manifests/3?ns=docker.io", 200},
		{"/v2/library/python/manifests/alpine3.6?ns=quay.io", 404},
		{"/v2/x/y/manifests/v1?ns=quay.io", 200},
		{"/v2/x/y/manifests/v2?ns=quay.io", 404},
		{"/v2/x/y/blobs/sha256:00", 404},
		{"/v2/x/y/blobs/../../etc/passwd", 400},
		{"/v2/x/y/tags/list", 404},
	} {
		// Not through a client, which would tidy the path.
		w := httptest.NewRecorder()
		registry{store(own), store(shared)}.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.path, w.Code, c.status)
		}
		digests[c.path] = w.Header().Get("Docker-Content-Digest")
	}
	if digests["/v2/library/python/manifests/3?ns=docker.io"] == digests["/v2/library/python/manifests/alpine3.6?ns=docker.io"] {
		t.Error("the cluster's own python:3 is not the one that is served")
	}

	// What the manifest names can be fetched, and is what went in.
	var m manifest
	fetch(t, server.URL+"/v2/library/python/manifests/"+digests["/v2/library/python/manifests/3?ns=docker.io"], func(r io.Reader) {
		if err := json.NewDecoder(r).Decode(&m); err != nil {
			t.Fatal(err)
		}
	})
	fetch(t, server.URL+"/v2/library/python/blobs/"+m.Layers[0].Digest, func(r io.Reader) {
		tr := tar.NewReader(r)
		if h, err := tr.Next(); err != nil || h.Name != "f" {
			t.Fatalf("first entry of the layer: %v, %v", h, err)
		}
		if data, _ := io.ReadAll(tr); string(data) != "own" {
			t.Errorf("content %q", data)
		}
	})
}

func fetch(t *testing.T, url string, use func(io.Reader)) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", url, r.Status)
	}
	use(r.Body)
}

func TestExportHoldsOneImage(t *testing.T) {
	dir := t.TempDir()
	addImage(t, "-store", dir, "-name", "one", "-root", tree(t, map[string]string{"f": "1"}))
	addImage(t, "-store", dir, "-name", "two", "-root", tree(t, map[string]string{"f": "2"}))
	out := filepath.Join(t.TempDir(), "one.tar")
	if err := runExport([]string{"-store", dir, "-name", "one", "-o", out}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var ix index
	blobs := 0
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case h.Name == "index.json":
			if err := json.NewDecoder(tr).Decode(&ix); err != nil {
				t.Fatal(err)
			}
		case h.Typeflag == tar.TypeReg && filepath.Dir(h.Name) == "blobs/sha256":
			blobs++
		}
	}
	if len(ix.Manifests) != 1 || blobs != 3 {
		t.Errorf("%d images and %d blobs, want 1 and 3 (manifest, configuration, layer)", len(ix.Manifests), blobs)
	}
}
