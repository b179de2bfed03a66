// Package gcs keeps artifacts in Google Cloud Storage.
package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
	"golang.org/x/sync/errgroup"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
)

func init() {
	artifact.Register(artifact.KindGCS, New)
}

const (
	// requestRetries is how often one request is sent; artifact.Retry does the rest.
	requestRetries = 4
	// chunkSize is the part of an upload that is in memory and sent at a time.
	chunkSize = 8 << 20
)

// New makes the driver for the bucket of a location. Without a key it uses what the environment has: workload identity, or
// GOOGLE_APPLICATION_CREDENTIALS.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	return newStore(ctx, l, resources)
}

func newStore(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources, options ...option.ClientOption) (artifact.Driver, error) {
	if l.GCS.Bucket == "" {
		return nil, errors.New("the location needs gcs.bucket")
	}
	key, err := artifact.SecretValue(ctx, resources, l.GCS.ServiceAccountKeySecret)
	if err != nil {
		return nil, fmt.Errorf("gcs.serviceAccountKeySecret: %w", err)
	}
	switch {
	case key != "":
		if err := checkKey(ctx, key); err != nil {
			return nil, fmt.Errorf("gcs.serviceAccountKeySecret: %w", err)
		}
		options = append(options, option.WithAuthCredentialsJSON(option.ServiceAccount, []byte(key)))
	case l.GCS.ServiceAccountKeySecret != nil && l.GCS.ServiceAccountKeySecret.Name != "":
		return nil, errors.New("gcs.serviceAccountKeySecret is empty")
	case os.Getenv("STORAGE_EMULATOR_HOST") != "":
		options = append(options, option.WithoutAuthentication())
	}
	// The library keeps the context to renew tokens with: it must outlive this call.
	client, err := storage.NewClient(context.WithoutCancel(ctx), options...)
	if err != nil {
		return nil, err
	}
	client.SetRetry(
		// Storing the same content twice is storing it once.
		storage.WithPolicy(storage.RetryAlways), storage.WithMaxAttempts(requestRetries),
		storage.WithBackoff(gax.Backoff{Initial: 200 * time.Millisecond, Max: time.Second, Multiplier: 2}),
	)
	return &objectstore.Store{
		Bucket: &bucket{client.Bucket(l.GCS.Bucket), l.GCS.Bucket},
		Key:    func(a *wfv1.Artifact) string { return a.GCS.Key },
	}, nil
}

// checkKey accepts keys of service accounts only: other files of credentials name programs to run and addresses to ask. Under
// a guard it accepts only those that are exchanged for tokens at Google.
func checkKey(ctx context.Context, key string) error {
	var content struct {
		Type     string
		TokenURI string `json:"token_uri"`
	}
	if err := json.Unmarshal([]byte(key), &content); err != nil {
		return errors.New("this is not the JSON key of a Google service account")
	}
	if content.Type != "service_account" {
		return fmt.Errorf("credentials of type %q are not supported, only the key of a service account", content.Type)
	}
	if _, guarded := artifact.GuardOf(ctx); guarded && !strings.HasPrefix(content.TokenURI, "https://oauth2.googleapis.com/") && content.TokenURI != "" {
		return fmt.Errorf("its token_uri %w from here: it is not Google's", artifact.ErrForbiddenAddress)
	}
	return nil
}

// bucket is one bucket.
type bucket struct {
	*storage.BucketHandle
	name string
}

var _ objectstore.Bucket = &bucket{}

// Get opens an object, as it is stored: the service would unpack gzipped ones on the way.
func (b *bucket) Get(ctx context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	object := b.Object(key).ReadCompressed(true)
	if r.Length == 0 {
		attrs, err := object.Attrs(ctx)
		if err != nil {
			return nil, artifact.Attributes{}, b.explain(err)
		}
		return io.NopCloser(bytes.NewReader(nil)), artifact.Attributes{
			Size: attrs.Size, ContentType: attrs.ContentType, ETag: strconv.FormatInt(attrs.Generation, 10), Modified: attrs.Updated,
		}, nil
	}
	reader, err := object.NewRangeReader(ctx, r.Offset, r.Length)
	if err != nil {
		return nil, artifact.Attributes{}, b.explain(err)
	}
	return reader, artifact.Attributes{
		Size: reader.Attrs.Size, ContentType: reader.Attrs.ContentType, ETag: strconv.FormatInt(reader.Attrs.Generation, 10), Modified: reader.Attrs.LastModified,
	}, nil
}

// Put stores content of known size, which makes no difference here.
func (b *bucket) Put(ctx context.Context, key string, content objectstore.Content, _ int64) error {
	return b.PutStream(ctx, key, content)
}

// PutStream stores a stream in chunks. An upload that is given up leaves no object.
func (b *bucket) PutStream(ctx context.Context, key string, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	writer := b.Object(key).NewWriter(ctx)
	writer.ChunkSize = chunkSize
	if _, err := io.Copy(writer, r); err != nil {
		// Closing without this would finish the upload with what was sent so far.
		cancel()
		_ = writer.Close()
		return b.explain(err)
	}
	return b.explain(writer.Close())
}

// Remove deletes objects one by one, several at a time.
func (b *bucket) Remove(ctx context.Context, keys []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(objectstore.Parallel)
	for _, key := range keys {
		group.Go(func() error {
			err := b.explain(b.Object(key).Delete(ctx))
			if errors.Is(err, artifact.ErrNotFound) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

// Walk lists a page at a time.
func (b *bucket) Walk(ctx context.Context, prefix string, visit func(artifact.Object) error) error {
	query := &storage.Query{Prefix: prefix}
	if err := query.SetAttrSelection([]string{"Name", "Size", "Updated"}); err != nil {
		return err
	}
	objects := b.Objects(ctx, query)
	for {
		o, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			return nil
		}
		if err != nil {
			return b.explain(err)
		}
		if err := visit(artifact.Object{Key: o.Name, Size: o.Size, Modified: o.Updated}); err != nil {
			return err
		}
	}
}

// explain says in words what the service answered, and marks what is not found or passes.
func (b *bucket) explain(err error) error {
	var answer *googleapi.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrObjectNotExist):
		return artifact.NotFound("no such object")
	case errors.Is(err, storage.ErrBucketNotExist):
		return artifact.MarkLasting(fmt.Errorf("bucket %q does not exist", b.name))
	case errors.As(err, &answer) && artifact.TransientStatus(answer.Code):
		return artifact.MarkTransient(said(answer))
	case errors.As(err, &answer):
		return artifact.MarkLasting(said(answer))
	case storage.ShouldRetry(err):
		return artifact.MarkTransient(err)
	}
	return err
}

// said is an answer of the service in one line.
func said(answer *googleapi.Error) error {
	const longest = 300
	text := answer.Message
	if text == "" {
		text = answer.Body
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return fmt.Errorf("the service answers %d %s: %s", answer.Code, http.StatusText(answer.Code), text)
}
