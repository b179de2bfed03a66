package run

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/tree"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// ART-02, POD-04: what wait cannot read is kept for it; what it can read is not copied.
func TestKeepArtifacts(t *testing.T) {
	root := t.TempDir()
	data := filepath.Join(root, "data")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(data, "shut"), 0o755))
	must(os.WriteFile(filepath.Join(data, "open"), []byte("o"), 0o644))
	must(os.WriteFile(filepath.Join(data, "shut", "secret"), []byte("s"), 0o600))
	// What is open to all lies below a directory that only its owner can enter.
	must(os.MkdirAll(filepath.Join(data, "private", "below"), 0o755))
	must(os.WriteFile(filepath.Join(data, "private", "below", "open"), []byte("p"), 0o644))
	must(os.Chmod(filepath.Join(data, "private"), 0o700))
	must(os.Symlink("private/below", filepath.Join(data, "short")))
	must(os.WriteFile(filepath.Join(root, "image"), []byte("i"), 0o600))
	must(os.Symlink(filepath.Join(root, "image"), filepath.Join(data, "link")))
	uid := int64(os.Getuid())
	other := uid + 1
	for _, c := range []struct {
		path  string
		mount string
		user  *int64
		want  volume.Artifact
	}{
		{path: "image", want: volume.Artifact{Kept: true}},
		{path: "none", want: volume.Artifact{Missing: true}},
		{path: "image/below", want: volume.Artifact{Missing: true}},
		{path: "data/open", mount: "data"},
		{path: "data/none", mount: "data", want: volume.Artifact{Missing: true}},
		{path: "data/shut", mount: "data", want: volume.Artifact{Kept: true}},
		{path: "data/shut", mount: "data", user: &other, want: volume.Artifact{Kept: true}},
		{path: "data/shut", mount: "data", user: &uid},
		{path: "data/private/below/open", mount: "data", want: volume.Artifact{Kept: true}},
		{path: "data/private/below/open", mount: "data", user: &other, want: volume.Artifact{Kept: true}},
		{path: "data/private/below/open", mount: "data", user: &uid},
		{path: "data/private/below", mount: "data", user: &other, want: volume.Artifact{Kept: true}},
		{path: "data/private/below/open", mount: "data/private/below"},
		{path: "data/private/below/none", mount: "data", want: volume.Artifact{Missing: true}},
		{path: "data/short/open", mount: "data", user: &other, want: volume.Artifact{Kept: true}},
		{path: "data/link", mount: "data", user: &uid, want: volume.Artifact{Kept: true}},
	} {
		dir := volume.Of(t.TempDir(), "main")
		must(dir.Create())
		a := task.Artifact{Path: filepath.Join(root, c.path)}
		if c.mount != "" {
			a.Mount = filepath.Join(root, c.mount)
		}
		got := keepArtifacts(&task.Task{User: c.user, Artifacts: []task.Artifact{a}}, dir)
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s on %q: %+v, want %+v", c.path, c.mount, got, c.want)
			continue
		}
		if !c.want.Kept {
			continue
		}
		f, err := os.Open(dir.ArtifactFile(0))
		must(err)
		names := []string{}
		must(tree.NewTarFile(f).Each(func(e tree.Entry) error { names = append(names, e.Name); return nil }))
		if names[0] != "." {
			t.Errorf("%s: entries %q", c.path, names)
		}
		f.Close()
	}
}

// ART-02: an artifact that has the shared volume in it does not have itself in it; one that is everything is refused in words.
func TestKeepArtifactsAroundTheSharedVolume(t *testing.T) {
	root := t.TempDir()
	dir := volume.Of(filepath.Join(root, "run", "argo"), "main")
	for path, text := range map[string]string{"run/argo/task.json": "ours", "run/theirs": "theirs"} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	found := keepArtifacts(&task.Task{Artifacts: []task.Artifact{{Path: filepath.Join(root, "run")}, {Path: "/"}}}, dir)
	if !found[0].Kept || !strings.Contains(found[1].Problem, "the whole file system") {
		t.Fatalf("%+v", found)
	}
	f, err := os.Open(dir.ArtifactFile(0))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	if err := tree.NewTarFile(f).Each(func(e tree.Entry) error { names = append(names, e.Name); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, " "); got != ". theirs" {
		t.Errorf("entries %q", got)
	}
}

// ART-02: what can be no artifact is said; inside of a directory it is left out, and nobody waits for who might write to it.
func TestKeepArtifactsOfStrangeKinds(t *testing.T) {
	root := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	directory := filepath.Join(root, "directory")
	must(os.Mkdir(directory, 0o755))
	must(os.WriteFile(filepath.Join(directory, "file"), []byte("x"), 0o644))
	must(os.Link(filepath.Join(directory, "file"), filepath.Join(directory, "hard")))
	must(os.Symlink("file", filepath.Join(directory, "link")))
	must(os.Symlink("nowhere", filepath.Join(root, "dangling")))
	must(os.Symlink("circle", filepath.Join(root, "circle")))
	for _, name := range []string{"fifo", "directory/fifo"} {
		must(syscall.Mkfifo(filepath.Join(root, name), 0o644))
	}
	for _, name := range []string{"socket", "directory/socket"} {
		listener, err := net.Listen("unix", filepath.Join(root, name))
		must(err)
		defer listener.Close()
	}
	dir := volume.Of(t.TempDir(), "main")
	must(dir.Create())
	for _, c := range []struct {
		path, mount, problem string
		missing              bool
		entries              string
	}{
		{path: "fifo", problem: "neither a file nor a directory"},
		{path: "socket", problem: "neither a file nor a directory"},
		{path: "fifo", mount: ".", problem: "neither a file nor a directory"},
		{path: "/dev/null", problem: "neither a file nor a directory"},
		{path: "dangling", missing: true},
		{path: "circle", problem: "too many"},
		{path: "directory", entries: ". file hard link"},
	} {
		a := task.Artifact{Path: c.path}
		if !filepath.IsAbs(c.path) {
			a.Path = filepath.Join(root, c.path)
		}
		if c.mount != "" {
			a.Mount = root
		}
		got := keepArtifacts(&task.Task{Artifacts: []task.Artifact{a}}, dir)[0]
		if got.Missing != c.missing || !strings.Contains(got.Problem, c.problem) || (got.Problem == "") != (c.problem == "") {
			t.Errorf("%s: %+v", c.path, got)
		}
		if c.entries == "" {
			continue
		}
		f, err := os.Open(dir.ArtifactFile(0))
		must(err)
		var names []string
		must(tree.NewTarFile(f).Each(func(e tree.Entry) error { names = append(names, e.Name); return nil }))
		f.Close()
		if entries := strings.Join(names, " "); entries != c.entries {
			t.Errorf("%s has %s, want %s", c.path, entries, c.entries)
		}
	}
}

// EXE-11, ART-13: everything that is printed is kept in order, on its way to the log of the container.
func TestLogIsKept(t *testing.T) {
	shared := t.TempDir()
	dir := volume.Of(shared, "main")
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(shared, "task.json"), []byte(`{"logs":[{"container":"main"}],"result":true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	code := Main([]string{"sh", "-c", "echo one; echo two >&2; exit 3"}, Options{Shared: shared, Container: "main", Stdout: out, Stderr: out})
	if code != 3 {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{dir.LogFile(), out.Name()} {
		text, err := os.ReadFile(name)
		if err != nil || len(text) != 8 || !strings.Contains(string(text), "one\n") || !strings.Contains(string(text), "two\n") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if result, err := dir.ReadResult(); err != nil || result == nil || *result != "one" {
		t.Errorf("result %v, %v", result, err)
	}
}
