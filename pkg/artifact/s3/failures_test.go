package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	"fairlead.dev/fairlead/test/s3server"
)

// What goes wrong is told in words, is not tried again in vain, and never shows a secret.
func TestErrors(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := context.Background()
		must(t, driverFor(t, server, at(server, "x")).SaveStream(ctx, at(server, "there"), strings.NewReader("x")))
		file := writeFile(t, filepath.Join(t.TempDir(), "file"), []byte("content"))
		for name, test := range map[string]struct {
			change    func(*wfv1.S3Bucket)
			resources artifacttest.Resources
			want      string
			notFound  bool
		}{
			"wrong secret key":   {resources: artifacttest.Resources{"s3/secret": "wrong-secret"}, want: "secret key"},
			"unknown access key": {resources: artifacttest.Resources{"s3/access": "nobody"}, want: "access key"},
			"missing bucket":     {change: func(b *wfv1.S3Bucket) { b.Bucket, b.CreateBucketIfNotPresent = "nowhere", nil }, want: `bucket "nowhere" does not exist`},
			"missing key":        {want: "not found", notFound: true},
		} {
			t.Run(name, func(t *testing.T) {
				a := at(server, "missing/key")
				a.S3.CreateBucketIfNotPresent = nil
				if test.change != nil {
					test.change(&a.S3.S3Bucket)
				}
				all := resources(server)
				for key, value := range test.resources {
					all[key] = value
				}
				driver, err := artifact.New(ctx, &a.ArtifactLocation, all)
				must(t, err)
				operations := map[string]func() error{
					"load": func() error { return driver.Load(ctx, a, filepath.Join(t.TempDir(), "out")) },
					"open": func() error { _, _, err := driver.Open(ctx, a, artifact.Whole); return err },
				}
				if !test.notFound {
					operations["save"] = func() error { return driver.Save(ctx, a, file) }
					operations["list"] = func() error { _, err := driver.List(ctx, a, 0); return err }
				}
				for operation, call := range operations {
					err := call()
					if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), operation) || !strings.Contains(err.Error(), a.S3.Bucket+"/missing/key") {
						t.Errorf("%s: %v", operation, err)
						continue
					}
					if artifact.Transient(err) || errors.Is(err, artifact.ErrNotFound) != test.notFound {
						t.Errorf("%s: transient=%t, not found=%t: %v", operation, artifact.Transient(err), errors.Is(err, artifact.ErrNotFound), err)
					}
					for _, secret := range []string{server.SecretKey, "wrong-secret"} {
						if strings.Contains(err.Error(), secret) {
							t.Errorf("%s shows a secret: %v", operation, err)
						}
					}
				}
			})
		}
	})
}

// DRV-01: createBucketIfNotPresent creates once, does not mind that the bucket is there, and can lock objects.
func TestCreateBucket(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := context.Background()
		for range 2 {
			a := at(server, "key")
			a.S3.Bucket = "made-on-demand"
			must(t, driverFor(t, server, a).SaveStream(ctx, a, strings.NewReader("x")))
		}
		if server.Name == "store" {
			return // It keeps no versions, which locking needs.
		}
		a := at(server, "key")
		a.S3.Bucket, a.S3.CreateBucketIfNotPresent.ObjectLocking = "locked", true
		must(t, driverFor(t, server, a).SaveStream(ctx, a, strings.NewReader("x")))
	})
}

// DRV-01: keys of the store, keys of the customer; both need TLS, whose authority comes from caSecret.
func TestEncryption(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: MinIO with TLS and a key for encryption (hack/tools/minio) is not started")
	}
	server := s3server.MinIOTLS(t)
	ctx := context.Background()
	content := random(t, 40<<20)
	file := writeFile(t, filepath.Join(t.TempDir(), "file"), content)
	for name, options := range map[string]*wfv1.S3EncryptionOptions{
		"SSE-S3":  {EnableEncryption: true},
		"SSE-KMS": {EnableEncryption: true, KmsKeyId: "test-key", KmsEncryptionContext: `{"team":"a"}`},
		"SSE-C":   {EnableEncryption: true, ServerSideCustomerKeySecret: artifacttest.Select("s3", "customer")},
	} {
		t.Run(name, func(t *testing.T) {
			a := at(server, "encrypted/"+name)
			a.S3.EncryptionOptions = options
			driver := driverFor(t, server, a)
			must(t, driver.Save(ctx, a, file))
			stream, _, err := driver.Open(ctx, a, artifact.Range{Offset: 9 << 20, Length: 1 << 20})
			must(t, err)
			if got := readAll(t, stream); !bytes.Equal(got, content[9<<20:10<<20]) {
				t.Error("a part differs")
			}
			must(t, driver.SaveStream(ctx, a, io.MultiReader(bytes.NewReader(content))))
			loaded := filepath.Join(t.TempDir(), "loaded")
			must(t, driver.Load(ctx, a, loaded))

			plain := at(server, "encrypted/"+name)
			stream, _, err = driverFor(t, server, plain).Open(ctx, plain, artifact.Whole)
			if name == "SSE-C" && err == nil {
				t.Error("what was stored with the customer's key can be read without it")
			}
			if name != "SSE-C" {
				must(t, err)
			}
			if err == nil {
				stream.Close()
			}
		})
	}
	t.Run("wrong options", func(t *testing.T) {
		for want, change := range map[string]func(*wfv1.S3Bucket){
			"not both": func(b *wfv1.S3Bucket) {
				b.EncryptionOptions = &wfv1.S3EncryptionOptions{EnableEncryption: true, KmsKeyId: "k", ServerSideCustomerKeySecret: artifacttest.Select("s3", "customer")}
			},
			"needs kmsKeyId": func(b *wfv1.S3Bucket) {
				b.EncryptionOptions = &wfv1.S3EncryptionOptions{EnableEncryption: true, KmsEncryptionContext: "{}"}
			},
			"JSON object": func(b *wfv1.S3Bucket) {
				b.EncryptionOptions = &wfv1.S3EncryptionOptions{EnableEncryption: true, KmsKeyId: "k", KmsEncryptionContext: "x"}
			},
			"needs TLS": func(b *wfv1.S3Bucket) {
				b.Insecure = ptr.To(true)
				b.EncryptionOptions = &wfv1.S3EncryptionOptions{EnableEncryption: true, ServerSideCustomerKeySecret: artifacttest.Select("s3", "customer")}
			},
			"no PEM certificate": func(b *wfv1.S3Bucket) { b.CASecret = artifacttest.Select("s3", "customer") },
			"go together":        func(b *wfv1.S3Bucket) { b.SecretKeySecret = nil },
			"host:port":          func(b *wfv1.S3Bucket) { b.Endpoint = "https://" + b.Endpoint },
			"addressingStyle":    func(b *wfv1.S3Bucket) { b.AddressingStyle = "sideways" },
			"s3.bucket":          func(b *wfv1.S3Bucket) { b.Bucket = "" },
		} {
			a := at(server, "x")
			change(&a.S3.S3Bucket)
			if _, err := artifact.New(ctx, &a.ArtifactLocation, resources(server)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want an error about %q, got %v", want, err)
			}
		}
	})
	t.Run("unknown authority", func(t *testing.T) {
		a := at(server, "x")
		a.S3.CASecret = nil
		_, _, err := driverFor(t, server, a).Open(ctx, a, artifact.Whole)
		if err == nil || !strings.Contains(err.Error(), "certificate") || artifact.Transient(err) {
			t.Errorf("%v", err)
		}
	})
}

// A store without room says so in words, and that is not tried again.
func TestFullStore(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: fairlead-store, a server of its own, is not started")
	}
	server := s3server.StoreWith(t, "--keep-free-bytes=1152921504606846976")
	a := at(server, "key")
	a.S3.Bucket, a.S3.CreateBucketIfNotPresent = "artifacts", nil
	driver := driverFor(t, server, a)
	for name, err := range map[string]error{
		"file":   driver.Save(t.Context(), a, writeFile(t, filepath.Join(t.TempDir(), "file"), []byte("content"))),
		"stream": driver.SaveStream(t.Context(), a, io.MultiReader(bytes.NewReader(random(t, 20<<20)))),
	} {
		if err == nil || !strings.Contains(err.Error(), "the artifact store is full: its disk has ") || artifact.Transient(err) {
			t.Errorf("%s: transient=%t: %v", name, artifact.Transient(err), err)
		}
	}
}

// killer kills the server once it has given some of its content.
type killer struct {
	io.ReadSeeker
	server *s3server.Server
	after  int64
	given  int64
}

func (k *killer) Read(p []byte) (int, error) {
	n, err := k.ReadSeeker.Read(p)
	if k.given += int64(n); k.after > 0 && k.given > k.after {
		k.server.Kill()
		k.after = 0
	}
	return n, err
}

// Issue 4: a server that dies in the middle of an upload and comes back: tried again, whole in the end, nothing partial.
func TestServerDiesMidUpload(t *testing.T) {
	onEveryServer(t, func(t *testing.T, server *s3server.Server) {
		ctx := context.Background()
		content := random(t, 60<<20)
		plain := driverFor(t, server, at(server, "x"))
		must(t, plain.SaveStream(ctx, at(server, "other"), strings.NewReader("x")))

		err := plain.SaveStream(ctx, at(server, "lost"), io.MultiReader(&killer{ReadSeeker: bytes.NewReader(content), server: server, after: 30 << 20}))
		if err == nil || !artifact.Transient(err) {
			t.Errorf("a stream that cannot be rewound: %v", err)
		}
		server.Start(t)
		if _, _, err := plain.Open(ctx, at(server, "lost"), artifact.Whole); !errors.Is(err, artifact.ErrNotFound) {
			t.Errorf("the upload that broke off left an object: %v", err)
		}

		failures, saved := 0, false
		patient := artifact.Retry(plain, wait.Backoff{Duration: 10 * time.Millisecond, Factor: 1, Steps: 5}, clock.RealClock{}, func(err error) {
			if failures++; failures > 1 {
				return
			}
			server.Start(t)
			if !saved {
				if _, _, err := plain.Open(ctx, at(server, "saved"), artifact.Whole); !errors.Is(err, artifact.ErrNotFound) {
					t.Errorf("there is an object before the upload is done: %v", err)
				}
			}
		})
		must(t, patient.SaveStream(ctx, at(server, "saved"), &killer{ReadSeeker: bytes.NewReader(content), server: server, after: 30 << 20}))
		if failures == 0 {
			t.Error("the server was not killed in time: nothing was tested")
		}
		stream, _, err := plain.Open(ctx, at(server, "saved"), artifact.Whole)
		must(t, err)
		if !bytes.Equal(readAll(t, stream), content) {
			t.Error("what was stored in the end differs")
		}

		// The same while loading: the file is whole or there is an error.
		server.Kill()
		loaded := filepath.Join(t.TempDir(), "loaded")
		failures, saved = 0, true
		must(t, patient.Load(ctx, at(server, "saved"), loaded))
		if failures == 0 {
			t.Error("loading from a dead server worked")
		}
	})
}
