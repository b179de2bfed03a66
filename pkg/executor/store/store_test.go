package store

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/executor/tree"
)

// memory is a store in memory, which fails as often as it is told.
type memory struct {
	objects map[string][]byte
	fail    atomic.Int32
	streams bool
}

func newMemory() *memory { return &memory{objects: map[string][]byte{}, streams: true} }

func (m *memory) store(t *testing.T) Store {
	return Store{
		Open:    func(context.Context, *wfv1.ArtifactLocation) (artifact.Driver, error) { return m, nil },
		Backoff: wait.Backoff{Steps: 5, Duration: time.Nanosecond}, Clock: clock.RealClock{}, Temporary: t.TempDir(),
	}
}

func (m *memory) broken() error {
	if m.fail.Add(-1) >= 0 {
		return artifact.MarkTransient(errors.New("the store is busy"))
	}
	return nil
}

func (m *memory) Load(_ context.Context, a *wfv1.Artifact, path string) error {
	if err := m.broken(); err != nil {
		return err
	}
	if data, ok := m.objects[a.S3.Key]; ok {
		return os.WriteFile(path, data, 0o644)
	}
	found := false
	for key, data := range m.objects {
		if name, ok := strings.CutPrefix(key, a.S3.Key+"/"); ok {
			found = true
			target := filepath.Join(path, name)
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(target, data, 0o644); err != nil {
				return err
			}
		}
	}
	if !found {
		return artifact.NotFound("%s", a.S3.Key)
	}
	return nil
}

func (m *memory) Open(_ context.Context, a *wfv1.Artifact, _ artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	if !m.streams {
		return nil, artifact.Attributes{}, artifact.NotSupported("streams", artifact.KindS3)
	}
	data, ok := m.objects[a.S3.Key]
	if !ok {
		return nil, artifact.Attributes{}, artifact.NotFound("%s", a.S3.Key)
	}
	if err := m.broken(); err != nil { // in the middle
		return io.NopCloser(io.MultiReader(bytes.NewReader(data[:len(data)/2]), failing{err})), artifact.Attributes{}, nil
	}
	return io.NopCloser(bytes.NewReader(data)), artifact.Attributes{}, nil
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

func (m *memory) Save(_ context.Context, a *wfv1.Artifact, path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		m.objects[strings.TrimSuffix(a.S3.Key+strings.TrimPrefix(name, path), "/")] = data
		return err
	})
}

func (m *memory) SaveStream(_ context.Context, a *wfv1.Artifact, r io.Reader) error {
	data, err := io.ReadAll(r)
	if err == nil {
		err = m.broken()
	}
	if err != nil {
		return err
	}
	m.objects[a.S3.Key] = data
	return nil
}

func (m *memory) Delete(context.Context, *wfv1.Artifact) error { return nil }
func (m *memory) List(context.Context, *wfv1.Artifact, int) ([]artifact.Object, error) {
	return nil, nil
}
func (m *memory) IsDirectory(context.Context, *wfv1.Artifact) (bool, error) { return false, nil }

func s3(key string) wfv1.ArtifactLocation {
	return wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: key}}
}

func source(t *testing.T, files map[string]string) tree.Source {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if content == "DIR" {
			if err := os.MkdirAll(name, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return tree.Files(root, "out")
}

func contents(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		if rel == "." {
			return nil
		}
		if !d.IsDir() {
			data, _ := os.ReadFile(name)
			rel += "=" + string(data)
		}
		names = append(names, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func level(n int32) *wfv1.ArchiveStrategy {
	return &wfv1.ArchiveStrategy{Tar: &wfv1.TarStrategy{CompressionLevel: &n}}
}

// TRAP 24: whatever the archive, what is loaded is what was saved, in spite of a store that is busy now and then.
func TestTrap24_SaveAndLoad_ART06_ART07(t *testing.T) {
	none := &wfv1.ArchiveStrategy{None: &wfv1.NoneStrategy{}}
	zip := &wfv1.ArchiveStrategy{Zip: &wfv1.ZipStrategy{}}
	for name, c := range map[string]struct {
		archive, input *wfv1.ArchiveStrategy
		files          map[string]string
		want           string
		keys           string
		noStreams      bool
	}{
		"file":                {files: map[string]string{"out": "text"}, want: "in=text", keys: "k"},
		"empty file":          {files: map[string]string{"out": ""}, want: "in=", keys: "k"},
		"directory":           {files: map[string]string{"out/a": "1", "out/b/c": "2", "out/e": "DIR"}, want: "in in/a=1 in/b in/b/c=2 in/e", keys: "k"},
		"empty directory":     {files: map[string]string{"out": "DIR"}, want: "in", keys: "k"},
		"no compression":      {archive: level(0), files: map[string]string{"out/a": "1"}, want: "in in/a=1", keys: "k"},
		"best compression":    {archive: level(9), input: level(9), files: map[string]string{"out/a": "1"}, want: "in in/a=1", keys: "k"},
		"zip":                 {archive: zip, input: zip, files: map[string]string{"out/a": "1", "out/b": ""}, want: "in in/a=1 in/b=", keys: "k"},
		"zip as it is":        {archive: none, files: map[string]string{"out": "PK\x03\x04"}, want: "in=PK\x03\x04", keys: "k"},
		"file as it is":       {archive: none, input: none, files: map[string]string{"out": "text"}, want: "in=text", keys: "k"},
		"file not archived":   {archive: none, files: map[string]string{"out": "text"}, want: "in=text", keys: "k"},
		"directory as it is":  {archive: none, files: map[string]string{"out/a": "1", "out/b/c": "2"}, want: "in in/a=1 in/b in/b/c=2", keys: "k/a k/b/c"},
		"no streams":          {files: map[string]string{"out/a": "1"}, want: "in in/a=1", keys: "k", noStreams: true},
		"no streams, no tar":  {archive: none, files: map[string]string{"out": "\x1f\x8bno"}, want: "in=\x1f\x8bno", keys: "k", noStreams: true},
		"gzip that is no tar": {archive: none, files: map[string]string{"out": zipped(t, "not a tar")}, want: "in=" + zipped(t, "not a tar"), keys: "k"},
	} {
		for _, kept := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/kept %v", name, kept), func(t *testing.T) {
				m := newMemory()
				m.streams = !c.noStreams
				s := m.store(t)
				m.fail.Store(2)
				from := source(t, c.files)
				if kept {
					f, err := os.CreateTemp(t.TempDir(), "")
					if err != nil {
						t.Fatal(err)
					}
					defer f.Close()
					if err := tree.WriteTar(f, from, "out"); err != nil {
						t.Fatal(err)
					}
					from = tree.NewTarFile(f)
				}
				if err := s.Save(t.Context(), &wfv1.Artifact{Name: "x", Path: "/tmp/out", Archive: c.archive, ArtifactLocation: s3("k")}, Output{Source: from}); err != nil {
					t.Fatal(err)
				}
				var keys []string
				for key := range m.objects {
					keys = append(keys, key)
				}
				slices.Sort(keys)
				if got := strings.Join(keys, " "); got != c.keys {
					t.Errorf("keys %q, want %q", got, c.keys)
				}
				m.fail.Store(2)
				dir := t.TempDir()
				if err := s.Load(t.Context(), &wfv1.Artifact{Name: "x", Archive: c.input, ArtifactLocation: s3("k")}, dir, "in"); err != nil {
					t.Fatal(err)
				}
				if got := contents(t, dir); got != c.want {
					t.Errorf("loaded %q, want %q", got, c.want)
				}
			})
		}
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return b.String()
}

// ART-07: several entries at the top stay together, and join what is in a volume already (VOL-06).
func TestLoadIntoVolume(t *testing.T) {
	m := newMemory()
	s := m.store(t)
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	w := tar.NewWriter(compressed)
	for _, name := range []string{"a", "b"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	compressed.Close()
	m.objects["k"] = packed.Bytes()
	for path, want := range map[string]string{".": "a= b= old=", "new/deep": "new new/deep new/deep/a= new/deep/b= old="} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "old"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := s.Load(t.Context(), &wfv1.Artifact{Name: "x", ArtifactLocation: s3("k")}, dir, path); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, dir); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// ART-14: modes are applied after unpacking.
func TestLoadModes(t *testing.T) {
	m := newMemory()
	s := m.store(t)
	mode := int32(0o755)
	m.objects["k/a"] = []byte("x")
	dir := t.TempDir()
	a := &wfv1.Artifact{Name: "x", Mode: &mode, RecurseMode: true, ArtifactLocation: s3("k")}
	if err := s.Load(t.Context(), a, dir, "in"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "in", "a")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
}

// ART-01, ART-19: what is not there is told apart from what cannot be had, and leaves nothing behind.
func TestLoadErrors(t *testing.T) {
	m := newMemory()
	s := m.store(t)
	m.objects["broken"] = []byte(zipped(t, strings.Repeat("x", 5000)))[:20]
	m.objects["busy"] = []byte("x")
	for key, c := range map[string]struct {
		archive  *wfv1.ArchiveStrategy
		fail     int32
		notFound bool
		want     string
	}{
		"none":   {notFound: true, want: "not found"},
		"busy":   {fail: 9, want: "the store is busy"},
		"broken": {archive: &wfv1.ArchiveStrategy{Tar: &wfv1.TarStrategy{}}, want: "EOF"},
	} {
		m.fail.Store(c.fail)
		dir := t.TempDir()
		err := s.Load(t.Context(), &wfv1.Artifact{Name: "x", Archive: c.archive, ArtifactLocation: s3(key)}, dir, "in")
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, artifact.ErrNotFound) != c.notFound {
			t.Errorf("%s: %v", key, err)
		}
		if got := contents(t, dir); got != "" {
			t.Errorf("%s: left %q", key, got)
		}
	}
}

// ART-06: a source that cannot be read to its end leaves no object.
func TestSaveFailsWhole(t *testing.T) {
	m := newMemory()
	s := m.store(t)
	err := s.Save(t.Context(), &wfv1.Artifact{Name: "x", Path: "/out", ArtifactLocation: s3("k")}, Output{Source: shrinking{}})
	if err == nil || !strings.Contains(err.Error(), "became shorter") || len(m.objects) != 0 {
		t.Errorf("%v, %d objects", err, len(m.objects))
	}
}

type shrinking struct{}

func (shrinking) Each(f func(tree.Entry) error) error {
	return f(tree.Entry{Name: ".", Size: 100, Open: func() (io.ReadSeekCloser, error) { return noCloser{bytes.NewReader([]byte("x"))}, nil }})
}

type noCloser struct{ io.ReadSeeker }

func (noCloser) Close() error { return nil }

// large is a store that keeps nothing and gives a file of any size.
type large struct {
	memory
	size int64
	sum  int64
}

func (l *large) SaveStream(_ context.Context, _ *wfv1.Artifact, r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	l.sum = n
	return err
}

func (l *large) Open(context.Context, *wfv1.Artifact, artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	out, in := io.Pipe()
	go func() {
		compressed, _ := gzip.NewWriterLevel(in, gzip.BestSpeed)
		w := tar.NewWriter(compressed)
		_ = w.WriteHeader(&tar.Header{Name: "in", Typeflag: tar.TypeReg, Mode: 0o644, Size: l.size})
		_, _ = io.CopyN(w, noise{rand.NewPCG(1, 2)}, l.size)
		w.Close()
		in.CloseWithError(compressed.Close())
	}()
	return out, artifact.Attributes{Size: -1}, nil
}

type noise struct{ source *rand.PCG }

func (n noise) Read(p []byte) (int, error) {
	for i := 0; i+8 <= len(p); i += 8 {
		v := n.source.Uint64()
		for j := range 8 {
			p[i+j] = byte(v >> (8 * j) & 0x3f)
		}
	}
	return len(p), nil
}

// POD, issue "constant memory": an artifact that is many times larger than the memory that is allowed goes through.
func TestConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set, and this test writes 300 MB")
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(32 << 20))
	const size = 300 << 20
	l := &large{size: size}
	s := l.store(t)
	s.Open = func(context.Context, *wfv1.ArtifactLocation) (artifact.Driver, error) { return l, nil }
	var peak atomic.Uint64
	stop := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				if used := m.HeapInuse + m.StackInuse; used > peak.Load() {
					peak.Store(used)
				}
			}
		}
	}()
	dir := t.TempDir()
	if err := s.Load(t.Context(), &wfv1.Artifact{Name: "x", ArtifactLocation: s3("k")}, dir, "in"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "in"))
	if err != nil || info.Size() != size {
		t.Fatalf("%v, %v", info, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := s.Save(t.Context(), &wfv1.Artifact{Name: "x", Path: "/in", ArtifactLocation: s3("k")}, Output{Source: tree.Files(root, "in")}); err != nil {
		t.Fatal(err)
	}
	close(stop)
	<-watched
	if l.sum < 1<<20 || peak.Load() > 48<<20 {
		t.Errorf("stored %d bytes, needed %d bytes of memory", l.sum, peak.Load())
	}
	t.Logf("peak of the heap: %d KiB", peak.Load()>>10)
}
