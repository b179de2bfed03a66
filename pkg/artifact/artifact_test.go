package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	testingclock "k8s.io/utils/clock/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	_ "fairlead.dev/fairlead/pkg/artifact/raw"
)

func TestKindAndDescription(t *testing.T) {
	for want, l := range map[string]wfv1.ArtifactLocation{
		"s3 s3://minio:9000/b/k/x":                    {S3: &wfv1.S3Artifact{S3Bucket: wfv1.S3Bucket{Endpoint: "minio:9000", Bucket: "b"}, Key: "k/x"}},
		"git git https://example.com/a.git":           {Git: &wfv1.GitArtifact{Repo: "https://token:x@example.com/a.git"}},
		"http https://example.com/f":                  {HTTP: &wfv1.HTTPArtifact{URL: "https://a:b@example.com/f?X-Amz-Signature=1"}},
		"artifactory https://example.com/f":           {Artifactory: &wfv1.ArtifactoryArtifact{URL: "https://example.com/f"}},
		"raw raw data":                                {Raw: &wfv1.RawArtifact{Data: "secret"}},
		"gcs gs://b/k":                                {GCS: &wfv1.GCSArtifact{GCSBucket: wfv1.GCSBucket{Bucket: "b"}, Key: "k"}},
		"oss oss://e/b/k":                             {OSS: &wfv1.OSSArtifact{OSSBucket: wfv1.OSSBucket{Endpoint: "e", Bucket: "b"}, Key: "k"}},
		"azure https://acc.blob.core.windows.net/c/b": {Azure: &wfv1.AzureArtifact{AzureBlobContainer: wfv1.AzureBlobContainer{Endpoint: "https://acc.blob.core.windows.net?sig=x", ContainerName: "c"}, Blob: "b"}},
		"hdfs hdfs://n1:9000,n2:9000/p":               {HDFS: &wfv1.HDFSArtifact{HDFSConfig: wfv1.HDFSConfig{Addresses: []string{"n1:9000", "n2:9000"}}, Path: "/p"}},
		"plugin plugin tape k":                        {Plugin: &wfv1.PluginArtifact{Name: "tape", Key: "k"}},
		" artifact without a location":                {},
	} {
		if got := string(artifact.KindOf(&l)) + " " + artifact.Describe(&l); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if artifact.KindOf(nil) != "" {
		t.Error("no location has a kind")
	}
}

// CTL-11: what is worth another try.
func TestTransient(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {errors.New("no"), false}, {io.ErrUnexpectedEOF, true}, {fmt.Errorf("read: %w", syscall.ECONNRESET), true},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true}, {&net.DNSError{Err: "no such host", IsNotFound: true}, true},
		{&net.DNSError{IsTimeout: true}, true}, {context.Canceled, false}, {context.DeadlineExceeded, true},
		{artifact.MarkTransient(errors.New("busy")), true}, {fmt.Errorf("x: %w", artifact.MarkTransient(errors.New("busy"))), true},
		{artifact.MarkLasting(syscall.ECONNRESET), false}, {artifact.NotFound("x"), false}, {artifact.NotSupported("delete", "git"), false},
	} {
		if got := artifact.Transient(test.err); got != test.want {
			t.Errorf("Transient(%v) = %t", test.err, got)
		}
	}
}

func TestNewNeedsALocationAndADriver(t *testing.T) {
	if _, err := artifact.New(context.Background(), &wfv1.ArtifactLocation{}, nil); err == nil || !strings.Contains(err.Error(), "no location") {
		t.Error(err)
	}
	if _, err := artifact.New(context.Background(), &wfv1.ArtifactLocation{HDFS: &wfv1.HDFSArtifact{}}, nil); err == nil || !strings.Contains(err.Error(), "no driver for hdfs") {
		t.Error(err)
	}
}

// DRV-06: raw content, as a file and as a stream.
func TestRaw(t *testing.T) {
	a := &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{Raw: &wfv1.RawArtifact{Data: "hello world"}}}
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "raw")
	if err := driver.Load(context.Background(), a, path); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "hello world" {
		t.Errorf("%q", got)
	}
	stream, attributes, err := driver.Open(context.Background(), a, artifact.Range{Offset: 6, Length: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(stream); string(got) != "wor" || attributes.Size != 11 {
		t.Errorf("%q of %d", got, attributes.Size)
	}
	if err := driver.SaveStream(context.Background(), a, strings.NewReader("")); !errors.Is(err, artifact.ErrNotSupported) {
		t.Error(err)
	}
}

// ART-11: in a pod, selectors are files.
func TestFiles(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, artifact.SecretDir, "cred"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, artifact.SecretDir, "cred", "key"), []byte("v"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := artifact.Files{Root: root}
	if value, err := artifact.SecretValue(context.Background(), files, artifacttest.Select("cred", "key")); value != "v" || err != nil {
		t.Error(value, err)
	}
	if value, err := artifact.SecretValue(context.Background(), files, nil); value != "" || err != nil {
		t.Error(value, err)
	}
	if _, err := artifact.SecretValue(context.Background(), files, artifacttest.Select("cred", "other")); err == nil || !strings.Contains(err.Error(), `"other" of Secret "cred"`) {
		t.Error(err)
	}
	if _, err := files.ConfigMap(context.Background(), "a", "b"); err == nil || !strings.Contains(err.Error(), "ConfigMap") {
		t.Error(err)
	}
}

// flaky fails as often as told.
type flaky struct {
	artifact.Unsupported
	failures int
	err      error
	calls    int
	got      []string
}

func (f *flaky) SaveStream(_ context.Context, _ *wfv1.Artifact, r io.Reader) error {
	content, _ := io.ReadAll(r)
	f.got = append(f.got, string(content))
	if f.calls++; f.calls <= f.failures {
		return f.err
	}
	return nil
}

// EXE-10: five tries after 1 s x1.6; only what is transient; streams only if they can be rewound.
func TestRetry(t *testing.T) {
	busy := artifact.MarkTransient(errors.New("busy"))
	for name, test := range map[string]struct {
		failures int
		err      error
		stream   io.Reader
		calls    int
		failed   bool
		waited   time.Duration
	}{
		"at once":      {0, nil, strings.NewReader("abc"), 1, false, 0},
		"third time":   {2, busy, strings.NewReader("abc"), 3, false, 2600 * time.Millisecond},
		"never":        {9, busy, strings.NewReader("abc"), 5, true, 9256 * time.Millisecond},
		"not worth it": {9, errors.New("denied"), strings.NewReader("abc"), 1, true, 0},
		"only once":    {1, busy, io.MultiReader(strings.NewReader("abc")), 1, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			driver := &flaky{failures: test.failures, err: test.err}
			start := time.Unix(0, 0)
			clock := testingclock.NewFakeClock(start)
			done := make(chan error)
			go func() {
				done <- artifact.Retry(driver, artifact.Backoff, clock, nil).SaveStream(context.Background(), &wfv1.Artifact{}, test.stream)
			}()
			for {
				select {
				case err := <-done:
					if (err != nil) != test.failed || driver.calls != test.calls {
						t.Errorf("%v after %d calls", err, driver.calls)
					}
					for _, got := range driver.got {
						if got != "abc" {
							t.Errorf("a try was given %q", got)
						}
					}
					if waited := clock.Since(start).Round(time.Millisecond); waited != test.waited {
						t.Errorf("waited %s, want %s", waited, test.waited)
					}
					return
				default:
					if clock.HasWaiters() {
						clock.Step(time.Millisecond)
					}
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := artifact.Retry(&flaky{failures: 9, err: busy}, wait.Backoff{Duration: time.Hour, Steps: 5}, testingclock.NewFakeClock(time.Now()), nil).SaveStream(ctx, &wfv1.Artifact{}, strings.NewReader("")); err == nil {
		t.Error("a cancelled context is not an error")
	}
}
