package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	"fairlead.dev/fairlead/test/s3server"
)

// BenchmarkTransfer moves 200 MB to and from a real S3 server, by the driver and by the library alone with its defaults.
func BenchmarkTransfer(b *testing.B) {
	const size = 200 << 20
	content := make([]byte, size)
	_, _ = rand.Read(content)
	path := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	for name, start := range map[string]func(testing.TB) *s3server.Server{"minio": s3server.MinIO, "store": s3server.Store} {
		server := start(b)
		a := &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: "driver", S3Bucket: wfv1.S3Bucket{
			Endpoint: server.Endpoint, Bucket: "artifacts", Insecure: ptr.To(true), CreateBucketIfNotPresent: &wfv1.CreateS3BucketOptions{},
			AccessKeySecret: artifacttest.Select("s3", "access"), SecretKeySecret: artifacttest.Select("s3", "secret"),
		}}}}
		driver, err := artifact.New(ctx, &a.ArtifactLocation, artifacttest.Resources{"s3/access": server.AccessKey, "s3/secret": server.SecretKey})
		if err != nil {
			b.Fatal(err)
		}
		if err := driver.SaveStream(ctx, a, bytes.NewReader(nil)); err != nil {
			b.Fatal(err)
		}
		raw, err := minio.New(server.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(server.AccessKey, server.SecretKey, "")})
		if err != nil {
			b.Fatal(err)
		}
		out := filepath.Join(b.TempDir(), "out")
		for _, operation := range []struct {
			name string
			run  func() error
		}{
			{"put-file/driver", func() error { return driver.Save(ctx, a, path) }},
			{"put-file/minio-go", func() error {
				_, err := raw.FPutObject(ctx, "artifacts", "raw", path, minio.PutObjectOptions{})
				return err
			}},
			{"put-stream/driver", func() error { return driver.SaveStream(ctx, a, io.MultiReader(bytes.NewReader(content))) }},
			{"put-stream/minio-go", func() error {
				// Without a part size the library takes 537 MB of memory for a stream.
				_, err := raw.PutObject(ctx, "artifacts", "raw", io.MultiReader(bytes.NewReader(content)), -1, minio.PutObjectOptions{PartSize: 16 << 20})
				return err
			}},
			{"get/driver", func() error { return driver.Load(ctx, a, out) }},
			{"get/minio-go", func() error { return raw.FGetObject(ctx, "artifacts", "raw", out, minio.GetObjectOptions{}) }},
		} {
			b.Run(name+"/"+operation.name, func(b *testing.B) {
				b.SetBytes(size)
				for b.Loop() {
					_ = os.Remove(out)
					if err := operation.run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		server.Kill()
	}
}
