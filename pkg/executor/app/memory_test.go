package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	_ "fairlead.dev/fairlead/pkg/artifact/basic"
	"fairlead.dev/fairlead/pkg/executor/store"
	"fairlead.dev/fairlead/pkg/executor/tree"
	"fairlead.dev/fairlead/test/s3server"
)

const (
	transferEnv = "TEST_TRANSFER"
	// allowed is how much memory `init` and `wait` may take, whatever an artifact has, in bytes.
	allowed = 64 << 20
)

// transfer is what the test program does in place of `init` or `wait`.
type transfer struct {
	Load      bool
	Artifact  wfv1.Artifact
	Resources artifacttest.Resources
	// Dir is the volume; the artifact is the file content in it, or becomes the file loaded.
	Dir string
}

func TestMain(m *testing.M) {
	if text := os.Getenv(transferEnv); text != "" {
		if err := carry(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// carry moves an artifact as the executor does, and prints the most memory that the process had, in KiB.
func carry(text string) error {
	debug.SetMemoryLimit(memoryTarget)
	t := &transfer{}
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return err
	}
	s := store.InPod()
	s.Open = func(ctx context.Context, l *wfv1.ArtifactLocation) (artifact.Driver, error) {
		return artifact.New(ctx, l, t.Resources)
	}
	ctx := context.Background()
	if t.Load {
		if err := s.Load(ctx, &t.Artifact, t.Dir, "loaded"); err != nil {
			return err
		}
	} else {
		root, err := os.OpenRoot(t.Dir)
		if err != nil {
			return err
		}
		defer func() { _ = root.Close() }()
		if err := s.Save(ctx, &t.Artifact, store.Output{Source: tree.Files(root, "content")}); err != nil {
			return err
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println(strings.Fields(rest)[0])
	return nil
}

// peak runs a transfer in a process of its own and returns the most memory that it had, in bytes.
func peak(t testing.TB, work *transfer) int64 {
	t.Helper()
	text, err := json.Marshal(work)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out, problems bytes.Buffer
	command := exec.Command(self)
	command.Env = append(os.Environ(), transferEnv+"="+string(text), "TMPDIR="+t.TempDir())
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, problems.String())
	}
	var kib int64
	if _, err := fmt.Sscan(out.String(), &kib); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	return kib << 10
}

// artifactOf has a size that does not compress, and a store to put it into.
func artifactOf(t testing.TB, size int64) (dir string, at func(archive *wfv1.ArchiveStrategy) *transfer) {
	t.Helper()
	server := s3server.Store(t)
	dir = t.TempDir()
	f, err := os.Create(filepath.Join(dir, "content"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	noise := rand.NewChaCha8([32]byte{1})
	piece := make([]byte, 1<<20)
	for written := int64(0); written < size; written += int64(len(piece)) {
		_, _ = noise.Read(piece)
		if _, err := f.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	location := wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: "large", S3Bucket: wfv1.S3Bucket{
		Endpoint: server.Endpoint, Bucket: "artifacts", Insecure: ptr.To(true), CreateBucketIfNotPresent: &wfv1.CreateS3BucketOptions{},
		AccessKeySecret: artifacttest.Select("s3", "access"), SecretKeySecret: artifacttest.Select("s3", "secret"),
	}}}
	return dir, func(archive *wfv1.ArchiveStrategy) *transfer {
		return &transfer{
			Artifact:  wfv1.Artifact{Name: "large", Path: "/content", Archive: archive, ArtifactLocation: location},
			Resources: artifacttest.Resources{"s3/access": server.AccessKey, "s3/secret": server.SecretKey}, Dir: dir,
		}
	}
}

// archives are how an artifact may be stored: level 1 takes the least time.
var archives = map[string]*wfv1.ArchiveStrategy{
	"archive=tar":  {Tar: &wfv1.TarStrategy{CompressionLevel: ptr.To(int32(1))}},
	"archive=none": {None: &wfv1.NoneStrategy{}},
	"archive=zip":  {Zip: &wfv1.ZipStrategy{}},
}

// Issue 4, executor: the memory of `wait`, which stores, and of `init`, which loads, stays below 64 MiB for artifacts that are
// larger than that. BenchmarkMemory does the same with 2 GiB.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: fairlead-store, a server of its own, is not started")
	}
	dir, at := artifactOf(t, 160<<20)
	for name, archive := range archives {
		work := at(archive)
		stored := peak(t, work)
		work.Load = true
		loaded := peak(t, work)
		t.Logf("%s: %d MiB to store, %d MiB to load", name, stored>>20, loaded>>20)
		if stored > allowed || loaded > allowed {
			t.Errorf("%s: storing took %d bytes, loading %d, allowed are %d", name, stored, loaded, allowed)
		}
		want, err := os.Stat(filepath.Join(dir, "content"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.Stat(filepath.Join(dir, "loaded")); err != nil || got.Size() != want.Size() {
			t.Errorf("%s: what came back: %v, %v", name, got, err)
		}
	}
}

// Issue 4, executor: so does that for artifacts of very many files.
func TestMemoryOfManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: fairlead-store, a server of its own, is not started")
	}
	dir, at := artifactOf(t, 0)
	content := filepath.Join(dir, "content")
	if err := os.Remove(content); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(content, 0o755); err != nil {
		t.Fatal(err)
	}
	const files = 20_000
	for i := range files {
		if err := os.WriteFile(filepath.Join(content, fmt.Sprintf("a-file-with-a-name-of-some-length-%06d", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, archive := range map[string]*wfv1.ArchiveStrategy{"tar": archives["archive=tar"], "zip": {Zip: &wfv1.ZipStrategy{}}} {
		work := at(archive)
		stored := peak(t, work)
		work.Load = true
		loaded := peak(t, work)
		t.Logf("%s: %d MiB to store, %d MiB to load", name, stored>>20, loaded>>20)
		if stored > allowed || loaded > allowed {
			t.Errorf("%s: storing took %d bytes, loading %d, allowed are %d", name, stored, loaded, allowed)
		}
		if got, err := os.ReadDir(filepath.Join(dir, "loaded")); err != nil || len(got) != files {
			t.Errorf("%s: %d files came back: %v", name, len(got), err)
		}
	}
}

// BenchmarkMemory stores and loads an artifact of 2 GiB and says how much memory each took at most. It fails beyond 64 MiB.
func BenchmarkMemory(b *testing.B) {
	_, at := artifactOf(b, 2<<30)
	for name, archive := range archives {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(2 << 30)
			for b.Loop() {
				work := at(archive)
				stored := peak(b, work)
				work.Load = true
				loaded := peak(b, work)
				b.ReportMetric(float64(stored)/1e6, "MB-store")
				b.ReportMetric(float64(loaded)/1e6, "MB-load")
				if stored > allowed || loaded > allowed {
					b.Fatalf("storing took %d bytes, loading %d, allowed are %d", stored, loaded, allowed)
				}
			}
		})
	}
}
