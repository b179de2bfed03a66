package objectstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
)

// memory is a bucket in memory, whose streams can break.
type memory struct {
	artifacttest.Objects
	// breakAfter is how many bytes a stream gives before its connection breaks; 0: all.
	breakAfter int
	// replace is what an object becomes once a stream of it broke.
	replace []byte
	gets    []artifact.Range
	removed [][]string
}

var _ objectstore.Bucket = &memory{}

func (m *memory) Get(_ context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	content, ok := m.Objects.Get(key)
	if !ok {
		return nil, artifact.Attributes{}, artifact.NotFound("no such key")
	}
	m.Lock()
	m.gets = append(m.gets, r)
	m.Unlock()
	attributes := artifact.Attributes{Size: int64(len(content)), ETag: artifacttest.ETag(content)}
	stream := io.Reader(bytes.NewReader(content[r.Offset:]))
	if m.breakAfter > 0 && len(content) > int(r.Offset)+m.breakAfter {
		stream = io.MultiReader(io.LimitReader(stream, int64(m.breakAfter)), broken{m, key})
	}
	part, err := artifact.Part(io.NopCloser(stream), artifact.Range{Length: r.Length})
	return part, attributes, err
}

type broken struct {
	m   *memory
	key string
}

func (b broken) Read([]byte) (int, error) {
	if b.m.replace != nil {
		b.m.Objects.Put(b.key, b.m.replace)
	}
	return 0, &net.OpError{Op: "read", Err: io.ErrUnexpectedEOF}
}

func (m *memory) Put(ctx context.Context, key string, content objectstore.Content, _ int64) error {
	return m.PutStream(ctx, key, content)
}

func (m *memory) PutStream(_ context.Context, key string, r io.Reader) error {
	content, err := io.ReadAll(r)
	if err == nil {
		m.Objects.Put(key, content)
	}
	return err
}

func (m *memory) Remove(_ context.Context, keys []string) error {
	m.removed = append(m.removed, append([]string(nil), keys...))
	for _, key := range keys {
		m.Objects.Delete(key)
	}
	return nil
}

func (m *memory) Walk(_ context.Context, prefix string, visit func(artifact.Object) error) error {
	for _, key := range m.Keys(prefix) {
		content, _ := m.Objects.Get(key)
		if err := visit(artifact.Object{Key: key, Size: int64(len(content)), Modified: artifacttest.Modified}); err != nil {
			return err
		}
	}
	return nil
}

func at(key string) *wfv1.Artifact {
	return &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: key}}}
}

func newStore() (*memory, *objectstore.Store) {
	m := &memory{}
	return m, &objectstore.Store{Bucket: m, Key: func(a *wfv1.Artifact) string { return a.S3.Key }}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	_, store := newStore()
	artifacttest.ObjectStore(t, store, at)
}

// A download whose connection breaks goes on where it broke; one that gets nowhere, or of another object, is an error that
// leaves no file.
func TestLoadGoesOn(t *testing.T) {
	ctx := context.Background()
	m, store := newStore()
	m.Objects.Put("key", []byte("0123456789"))
	m.breakAfter = 4
	path := filepath.Join(t.TempDir(), "out")
	must(t, store.Load(ctx, at("key"), path))
	if got, _ := os.ReadFile(path); string(got) != "0123456789" {
		t.Errorf("%q", got)
	}
	if len(m.gets) != 3 || m.gets[1].Offset != 4 || m.gets[2].Offset != 8 {
		t.Errorf("asked for %+v", m.gets)
	}
	m.replace = []byte("another object")
	err := store.Load(ctx, at("key"), path)
	if err == nil || !strings.Contains(err.Error(), "replaced") || !artifact.Transient(err) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("half an object stays as a file")
	}
}

// ART-07: what leads out of the directory is refused, when loading and when saving.
func TestNothingLeavesTheDirectory(t *testing.T) {
	ctx := context.Background()
	for _, key := range []string{"dir/../../escape", "dir/a/../../../escape", "dir//etc/escape"} {
		m, store := newStore()
		m.Objects.Put(key, []byte("x"))
		parent := t.TempDir()
		err := store.Load(ctx, at("dir"), filepath.Join(parent, "in", "here"))
		if err == nil || artifact.Transient(err) {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := os.Stat(filepath.Join(parent, "escape")); err == nil {
			t.Errorf("%s was written outside", key)
		}
	}
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	for name, target := range map[string]string{"absolute": secret, "relative": "../" + filepath.Base(filepath.Dir(secret)) + "/secret", "directory": "sub", "dangling": "nothing"} {
		dir := t.TempDir()
		must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
		must(t, os.Symlink(target, filepath.Join(dir, "link")))
		m, store := newStore()
		if err := store.Save(ctx, at("dir"), dir); err == nil {
			t.Errorf("%s: a link to %s was stored", name, target)
		}
		if content, ok := m.Objects.Get("dir/link"); ok {
			t.Errorf("%s: stored %q", name, content)
		}
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o644))
	must(t, os.Symlink("file", filepath.Join(dir, "link")))
	m, store := newStore()
	must(t, store.Save(ctx, at("dir"), dir))
	if content, _ := m.Objects.Get("dir/link"); string(content) != "x" {
		t.Errorf("a link within the directory was stored as %q", content)
	}
}

// AGC: a batch at a time, contents before what holds them.
func TestDeleteInBatches(t *testing.T) {
	m, store := newStore()
	for i := range 2500 {
		m.Objects.Put("dir/"+strings.Repeat("a", i/100)+string(rune('a'+i%100)), nil)
	}
	m.Objects.Put("dir/", nil)
	count := len(m.Keys("dir/"))
	must(t, store.Delete(context.Background(), at("dir/")))
	removed := 0
	for _, batch := range m.removed {
		if removed += len(batch); len(batch) > 1000 {
			t.Errorf("a batch of %d", len(batch))
		}
	}
	if removed != count || len(m.Keys("")) != 0 {
		t.Errorf("%d of %d were removed", removed, count)
	}
	if err := store.Delete(context.Background(), at("")); err == nil {
		t.Error("a whole bucket can be deleted")
	}
}

// A bucket is prepared before the first output, and its failure is that of the output.
func TestPrepare(t *testing.T) {
	_, store := newStore()
	refused := errors.New("refused")
	store.Prepare = func(context.Context) error { return refused }
	if err := store.SaveStream(context.Background(), at("x"), strings.NewReader("x")); !errors.Is(err, refused) {
		t.Error(err)
	}
	if err := store.Save(context.Background(), at("x"), t.TempDir()); !errors.Is(err, refused) {
		t.Error(err)
	}
}
