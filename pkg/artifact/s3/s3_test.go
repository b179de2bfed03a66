package s3_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	_ "fairlead.dev/fairlead/pkg/artifact/s3"
	"fairlead.dev/fairlead/test/s3server"
)

// servers are what every test of behaviour runs against: MinIO over plain HTTP and over TLS, and the quick-start's store.
var servers = map[string]func(testing.TB) *s3server.Server{
	"minio": s3server.MinIO, "minio-tls": s3server.MinIOTLS, "store": s3server.Store,
}

func onEveryServer(t *testing.T, test func(t *testing.T, server *s3server.Server)) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: MinIO (hack/tools/minio) and fairlead-store are not started")
	}
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

func resources(server *s3server.Server) artifacttest.Resources {
	return artifacttest.Resources{"s3/access": server.AccessKey + "\n", "s3/secret": server.SecretKey, "s3/ca": string(server.CA), "s3/customer": "a key of the customer"}
}

func at(server *s3server.Server, key string) *wfv1.Artifact {
	a := &wfv1.Artifact{Name: "a", ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: key, S3Bucket: wfv1.S3Bucket{
		Endpoint: server.Endpoint, Bucket: "artifacts", Insecure: ptr.To(server.Insecure()),
		AccessKeySecret: artifacttest.Select("s3", "access"), SecretKeySecret: artifacttest.Select("s3", "secret"),
		CreateBucketIfNotPresent: &wfv1.CreateS3BucketOptions{},
	}}}}
	if server.CA != nil {
		a.S3.CASecret = artifacttest.Select("s3", "ca")
	}
	return a
}

func driverFor(t testing.TB, server *s3server.Server, a *wfv1.Artifact) artifact.Driver {
	t.Helper()
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, resources(server))
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

func random(t testing.TB, size int) []byte {
	t.Helper()
	content := make([]byte, size)
	_, _ = rand.Read(content)
	return content
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t testing.TB, path string, content []byte) string {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, content, 0o644))
	return path
}

func readAll(t testing.TB, stream io.ReadCloser) []byte {
	t.Helper()
	defer stream.Close()
	content, err := io.ReadAll(stream)
	must(t, err)
	return content
}

// DRV-01: files of every size, under every key, come back as they were.
func TestFiles(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := context.Background()
		driver := driverFor(t, server, at(server, "x"))
		dir := t.TempDir()
		for name, size := range map[string]int{
			"empty": 0, "one byte": 1, "just one part": 16 << 20, "three parts + some": 2*16<<20 + 4711,
			"odd/ü €/a+b c&d=e?f#g%20h": 100, "quote'\"<x>": 3, "dots/.../..a": 3, "~tilde/(brackets)/{{tag}}": 3, "日本語/ключ": 3,
			"long/" + strings.Repeat("k", 200): 10,
		} {
			content := random(t, size)
			a := at(server, name)
			must(t, driver.Save(ctx, a, writeFile(t, filepath.Join(dir, "in"), content)))
			out := filepath.Join(dir, "out")
			must(t, driver.Load(ctx, a, out))
			got, err := os.ReadFile(out)
			must(t, err)
			if !bytes.Equal(got, content) {
				t.Errorf("%q: got %d bytes that differ from the %d stored", name, len(got), len(content))
			}
			objects, err := driver.List(ctx, a, 0)
			must(t, err)
			if len(objects) != 1 || objects[0].Key != name || objects[0].Size != int64(size) || objects[0].Modified.IsZero() {
				t.Errorf("%q: List says %+v", name, objects)
			}
			if is, err := driver.IsDirectory(ctx, a); is || err != nil {
				t.Errorf("%q: IsDirectory says %t, %v", name, is, err)
			}
			must(t, driver.Delete(ctx, a))
			if err := driver.Load(ctx, a, out); !errors.Is(err, artifact.ErrNotFound) {
				t.Errorf("%q after Delete: %v", name, err)
			}
			must(t, driver.Delete(ctx, a))
		}
	})
}

// Empty objects must not disturb the requests that follow on the same connection (shared/parts: 190 of 2000 failed).
func TestEmptyObjectsOnAKeptConnection(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := context.Background()
		driver := driverFor(t, server, at(server, "x"))
		empty := writeFile(t, filepath.Join(t.TempDir(), "empty"), nil)
		for range 100 {
			must(t, driver.Save(ctx, at(server, "empty/file"), empty))
			must(t, driver.SaveStream(ctx, at(server, "empty/stream"), strings.NewReader("")))
			must(t, driver.SaveStream(ctx, at(server, "full/stream"), strings.NewReader("full")))
		}
	})
}

// ART-18, DRV-01: parts of an object, and what is known of it.
func TestOpenRanges(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := context.Background()
		driver := driverFor(t, server, at(server, "x"))
		content := random(t, 1000)
		a := at(server, "dir/object")
		must(t, driver.SaveStream(ctx, a, bytes.NewReader(content)))
		for _, test := range []struct {
			part artifact.Range
			want []byte
		}{
			{artifact.Whole, content}, {artifact.Range{Offset: 10, Length: -1}, content[10:]}, {artifact.Range{Offset: 0, Length: 1}, content[:1]},
			{artifact.Range{Offset: 990, Length: 100}, content[990:]}, {artifact.Range{Offset: 999, Length: 1}, content[999:]}, {artifact.Range{Offset: 5, Length: 0}, nil},
		} {
			stream, attributes, err := driver.Open(ctx, a, test.part)
			must(t, err)
			if got := readAll(t, stream); !bytes.Equal(got, test.want) {
				t.Errorf("%+v: got %d bytes, want %d", test.part, len(got), len(test.want))
			}
			if attributes.Size != 1000 || attributes.ETag == "" || attributes.Modified.IsZero() {
				t.Errorf("%+v: attributes %+v", test.part, attributes)
			}
		}
		if _, _, err := driver.Open(ctx, a, artifact.Range{Offset: 2000, Length: 10}); err == nil || artifact.Transient(err) || errors.Is(err, artifact.ErrNotFound) {
			t.Errorf("a range beyond the end: %v", err)
		}
		for _, key := range []string{"dir", "dir/", "dir/objec"} {
			if _, _, err := driver.Open(ctx, at(server, key), artifact.Whole); !errors.Is(err, artifact.ErrNotFound) {
				t.Errorf("Open of %q: %v", key, err)
			}
		}
	})
}

// DRV-01, ART-06: directories are objects below the key; empty files and directories stay.
func TestDirectories(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := context.Background()
		driver := driverFor(t, server, at(server, "x"))
		in := t.TempDir()
		files := map[string][]byte{"a": []byte("a"), "empty": nil, "sub/b c": random(t, 9<<20), "sub/deep/er/d": []byte("d"), ".hidden": []byte("h")}
		for name, content := range files {
			writeFile(t, filepath.Join(in, name), content)
		}
		must(t, os.MkdirAll(filepath.Join(in, "nothing", "in here"), 0o755))
		must(t, driver.Save(ctx, at(server, "out/dir"), in))
		must(t, driver.SaveStream(ctx, at(server, "out/directory-of-others"), strings.NewReader("other")))

		for _, key := range []string{"out/dir", "out/dir/"} {
			loaded := filepath.Join(t.TempDir(), "loaded")
			must(t, driver.Load(ctx, at(server, key), loaded))
			count := 0
			must(t, filepath.WalkDir(loaded, func(path string, entry os.DirEntry, err error) error {
				must(t, err)
				if entry.IsDir() {
					return nil
				}
				count++
				name, _ := filepath.Rel(loaded, path)
				got, err := os.ReadFile(path)
				must(t, err)
				if want, ok := files[name]; !ok || !bytes.Equal(got, want) {
					t.Errorf("%s: %q differs from what was stored", key, name)
				}
				return nil
			}))
			if count != len(files) {
				t.Errorf("%s: %d files of %d came back", key, count, len(files))
			}
			if info, err := os.Stat(filepath.Join(loaded, "nothing", "in here")); err != nil || !info.IsDir() {
				t.Errorf("%s: the empty directory is missing: %v", key, err)
			}
			if is, err := driver.IsDirectory(ctx, at(server, key)); !is || err != nil {
				t.Errorf("%s: IsDirectory says %t, %v", key, is, err)
			}
		}
		objects, err := driver.List(ctx, at(server, "out/dir"), 0)
		must(t, err)
		var keys []string
		for _, o := range objects {
			keys = append(keys, strings.TrimPrefix(o.Key, "out/dir/"))
		}
		if got := strings.Join(keys, "|"); got != ".hidden|a|empty|sub/b c|sub/deep/er/d" {
			t.Errorf("List: %s", got)
		}
		must(t, driver.Save(ctx, at(server, "out/void"), t.TempDir()))
		void := filepath.Join(t.TempDir(), "void")
		must(t, driver.Load(ctx, at(server, "out/void"), void))
		if entries, err := os.ReadDir(void); err != nil || len(entries) != 0 {
			t.Errorf("an empty directory came back as %v, %v", entries, err)
		}

		// AGC: a key with a slash at its end is everything below it, and nothing else.
		must(t, driver.Delete(ctx, at(server, "out/dir/")))
		if err := driver.Load(ctx, at(server, "out/dir"), filepath.Join(t.TempDir(), "x")); !errors.Is(err, artifact.ErrNotFound) {
			t.Errorf("after Delete: %v", err)
		}
		if objects, err := driver.List(ctx, at(server, "out/directory-of-others"), 0); err != nil || len(objects) != 1 {
			t.Errorf("Delete took more than asked for: %v, %v", objects, err)
		}
		must(t, driver.Delete(ctx, at(server, "out/dir/")))
	})
}

// Unknown sizes: nothing, less than a part, exactly parts, more.
func TestStreams(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := context.Background()
		driver := driverFor(t, server, at(server, "x"))
		for _, size := range []int{0, 1, 1 << 20, 1<<20 + 1, 16 << 20, 20<<20 + 7} {
			content := random(t, size)
			must(t, driver.SaveStream(ctx, at(server, "stream"), io.MultiReader(bytes.NewReader(content))))
			stream, attributes, err := driver.Open(ctx, at(server, "stream"), artifact.Whole)
			must(t, err)
			if got := readAll(t, stream); !bytes.Equal(got, content) || attributes.Size != int64(size) {
				t.Errorf("a stream of %d bytes came back with %d (size %d)", size, len(got), attributes.Size)
			}
		}
		broken := errors.New("the disk is gone")
		for _, size := range []int64{5, 20 << 20} {
			err := driver.SaveStream(ctx, at(server, "broken"), io.MultiReader(io.LimitReader(zeros{}, size), failing{broken}))
			if !errors.Is(err, broken) {
				t.Errorf("a stream that fails after %d bytes: %v", size, err)
			}
			if _, _, err := driver.Open(ctx, at(server, "broken"), artifact.Whole); !errors.Is(err, artifact.ErrNotFound) {
				t.Errorf("a stream that failed after %d bytes left an object: %v", size, err)
			}
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// ART-17: objects that come in parts, in any order and some of them twice, with connections and drivers of their own; SSE-C too.
func TestParts(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := t.Context()
		content := random(t, 2*artifact.PartSize+4711)
		for _, encrypted := range []bool{false, server.CA != nil} {
			a := at(server, "uploads/ns/u/a file")
			if encrypted {
				a.S3.EncryptionOptions = &wfv1.S3EncryptionOptions{EnableEncryption: true, ServerSideCustomerKeySecret: artifacttest.Select("s3", "customer")}
			}
			driver := func() artifact.Parts { return driverFor(t, server, a).(artifact.Parts) }
			put := func(id string, number int) {
				t.Helper()
				part := content[(number-1)*artifact.PartSize : min(number*artifact.PartSize, len(content))]
				must(t, driver().PutPart(ctx, a, id, number, bytes.NewReader(part), int64(len(part))))
			}
			id, err := driver().BeginParts(ctx, a)
			must(t, err)
			put(id, 3)
			put(id, 1)
			for _, size := range []int64{int64(len(content)), artifact.PartSize + 4711} {
				if err := driver().CompleteParts(ctx, a, id, size); !errors.Is(err, artifact.ErrIncomplete) || artifact.Transient(err) {
					t.Errorf("a part is missing: %v", err)
				}
			}
			if _, _, err := driverFor(t, server, a).Open(ctx, a, artifact.Whole); !errors.Is(err, artifact.ErrNotFound) {
				t.Errorf("before it is complete: %v", err)
			}
			put(id, 1)
			put(id, 2)
			must(t, driver().CompleteParts(ctx, a, id, int64(len(content))))
			must(t, driver().CompleteParts(ctx, a, id, int64(len(content)))) // whose answer was lost
			if err := driver().CompleteParts(ctx, a, id, 7); !errors.Is(err, artifact.ErrNotFound) {
				t.Errorf("another size: %v", err)
			}
			stream, _, err := driverFor(t, server, a).Open(ctx, a, artifact.Whole)
			must(t, err)
			if !bytes.Equal(readAll(t, stream), content) {
				t.Error("what was put together differs")
			}
			must(t, driverFor(t, server, a).Delete(ctx, a))

			id, err = driver().BeginParts(ctx, a)
			must(t, err)
			put(id, 1)
			must(t, driver().AbortParts(ctx, a, id))
			must(t, driver().AbortParts(ctx, a, id))
			if err := driver().CompleteParts(ctx, a, id, artifact.PartSize); !errors.Is(err, artifact.ErrNotFound) {
				t.Errorf("given up: %v", err)
			}
			part := bytes.NewReader(content[:artifact.PartSize])
			if err := driver().PutPart(ctx, a, id, 1, part, artifact.PartSize); !errors.Is(err, artifact.ErrNotFound) {
				t.Errorf("a part of what was given up: %v", err)
			}
		}
	})
}
