package plugin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
	"fairlead.dev/fairlead/pkg/artifact/plugin/serve"
	"fairlead.dev/fairlead/pkg/artifact/sockets"
)

// memory keeps objects as a driver would; fail is the answer of every call when it is set.
type memory struct {
	artifacttest.Objects
	fail error
	// cut, if set, is what reading an object ends with after its content.
	cut error
	// asked are configuration and namespace of the last call.
	asked [2]string
}

var _ objectstore.Bucket = &memory{}

func (m *memory) Get(_ context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	content, ok := m.Objects.Get(key)
	if !ok {
		return nil, artifact.Attributes{}, artifact.NotFound("no object %s", key)
	}
	attributes := artifact.Attributes{Size: int64(len(content)), ETag: artifacttest.ETag(content), Modified: artifacttest.Modified}
	var stream io.Reader = bytes.NewReader(content)
	if m.cut != nil {
		stream = io.MultiReader(stream, iotest.ErrReader(m.cut))
	}
	part, err := artifact.Part(io.NopCloser(stream), r)
	return part, attributes, err
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
	for _, key := range keys {
		m.Delete(key)
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

// start runs a driver called "test" and returns the directory of the sockets.
func start(t *testing.T, m *memory) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "test"), 0o777); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		ended <- serve.Run(ctx, filepath.Join(dir, "test", sockets.Name), func(_ context.Context, configuration, namespace string) (objectstore.Bucket, error) {
			m.Lock()
			defer m.Unlock()
			m.asked = [2]string{configuration, namespace}
			return m, m.fail
		})
	}()
	t.Cleanup(func() {
		connection, err := connections.to(filepath.Join(dir, "test", sockets.Name))
		if err == nil {
			_ = connection.Close()
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the driver ended: %v", err)
		}
	})
	return dir
}

func at(key string) *wfv1.Artifact {
	return &wfv1.Artifact{Name: "a", ArtifactLocation: wfv1.ArtifactLocation{Plugin: &wfv1.PluginArtifact{
		Name: "test", Configuration: "bucket: b", Key: key, ConnectionTimeoutSeconds: 20,
	}}}
}

// of is Resources of a namespace.
type of struct{ artifacttest.Resources }

func (of) WorkflowNamespace() string { return "work" }

// DRV-10: what an object store can do, a driver behind the protocol can do.
func TestDriver(t *testing.T) {
	m := &memory{}
	driver, err := newIn(t.Context(), start(t, m), &at("").ArtifactLocation, of{})
	if err != nil {
		t.Fatal(err)
	}
	artifacttest.ObjectStore(t, driver, at)
	if m.asked != [2]string{"bucket: b", "work"} {
		t.Errorf("the driver was asked with configuration and namespace %q", m.asked)
	}
}

// DRV-10: the driver's statuses mean the same as the errors of other drivers.
func TestDriver_Errors(t *testing.T) {
	m := &memory{}
	driver, err := newIn(t.Context(), start(t, m), &at("").ArtifactLocation, artifacttest.Resources{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		code                           codes.Code
		notFound, notSupported, passes bool
	}{
		{code: codes.NotFound, notFound: true},
		{code: codes.Unimplemented, notSupported: true},
		{code: codes.Unavailable, passes: true},
		{code: codes.ResourceExhausted, passes: true},
		{code: codes.PermissionDenied},
		{code: codes.Unknown},
	} {
		m.Lock()
		m.fail = status.Error(test.code, "the shelf is locked")
		m.Unlock()
		for name, err := range map[string]error{
			"load":   driver.Load(t.Context(), at("k"), filepath.Join(t.TempDir(), "f")),
			"save":   driver.SaveStream(t.Context(), at("k"), strings.NewReader(strings.Repeat("x", 3*chunk))),
			"delete": driver.Delete(t.Context(), at("k")),
		} {
			if err == nil || !strings.Contains(err.Error(), "the shelf is locked") {
				if name != "load" || !test.notFound { // which then looks for a directory as well
					t.Errorf("%s, %s: %v", test.code, name, err)
				}
			}
			if errors.Is(err, artifact.ErrNotFound) != test.notFound || errors.Is(err, artifact.ErrNotSupported) != test.notSupported || artifact.Transient(err) != test.passes {
				t.Errorf("%s, %s: not found %t, not supported %t, passes %t: %v", test.code, name,
					errors.Is(err, artifact.ErrNotFound), errors.Is(err, artifact.ErrNotSupported), artifact.Transient(err), err)
			}
		}
	}
}

// DRV-10: content that breaks off on the driver's side does not arrive as if it were whole.
func TestDriver_Cut(t *testing.T) {
	m := &memory{cut: io.ErrUnexpectedEOF}
	driver, err := newIn(t.Context(), start(t, m), &at("").ArtifactLocation, artifacttest.Resources{})
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"small": 5, "some chunks": 3*chunk + 1} {
		m.Objects.Put(name, make([]byte, size))
		stream, _, err := driver.Open(t.Context(), at(name), artifact.Whole)
		if err == nil {
			_, err = io.ReadAll(stream)
			_ = stream.Close()
		}
		if err == nil || !artifact.Transient(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// DRV-10: a driver that is not there is named, with what to do; one that comes late is waited for.
func TestDriver_Absent(t *testing.T) {
	dir := t.TempDir()
	_, err := newIn(t.Context(), dir, &at("").ArtifactLocation, nil)
	if err == nil || artifact.Transient(err) || !strings.Contains(err.Error(), "artifact driver test is not set up here") {
		t.Errorf("no driver: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "test"), 0o755); err != nil {
		t.Fatal(err)
	}
	err = Await(t.Context(), dir, "test", 2*connectPause)
	if err == nil || artifact.Transient(err) || !strings.Contains(err.Error(), "has not answered within 200ms") {
		t.Errorf("a driver that does not start: %v", err)
	}
	for _, name := range []string{"", "..", "a/b"} {
		l := at("").ArtifactLocation
		l.Plugin.Name = wfv1.ArtifactPluginName(name)
		if _, err := newIn(t.Context(), dir, &l, nil); err == nil || !strings.Contains(err.Error(), "is no name of an artifact driver") {
			t.Errorf("%q: %v", name, err)
		}
	}

	found := make(chan error)
	late := start(t, &memory{})
	go func() { found <- Await(t.Context(), late, "test", time.Minute) }()
	if err := <-found; err != nil {
		t.Errorf("a driver that starts meanwhile: %v", err)
	}
}
