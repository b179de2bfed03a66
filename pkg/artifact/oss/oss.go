// Package oss keeps artifacts in Alibaba Cloud OSS.
package oss

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
)

func init() {
	artifact.Register(artifact.KindOSS, New)
}

const (
	// requestRetries is how often one request is sent; artifact.Retry does the rest.
	requestRetries = 4
	// partSize is the part of an upload that is in memory; uploads keep two of them.
	partSize = 8 << 20
	parallel = 2
)

// New makes the driver for the bucket of a location.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	location := &l.OSS.OSSBucket
	if location.Endpoint == "" || location.Bucket == "" {
		return nil, errors.New("the location needs oss.endpoint and oss.bucket")
	}
	login, err := newCredentials(ctx, location, resources)
	if err != nil {
		return nil, err
	}
	config := oss.LoadDefaultConfig().WithEndpoint(location.Endpoint).WithCredentialsProvider(login).WithRetryMaxAttempts(requestRetries).
		WithHttpClient(&http.Client{Transport: artifact.LimitAnswers(artifact.Transport(ctx), isContent)})
	if region := regionOf(location.Endpoint); region != "" {
		config = config.WithRegion(region)
	} else {
		// Requests of the newer signature name the region, which the address does not tell.
		config = config.WithSignatureVersion(oss.SignatureVersionV1)
	}
	b := &bucket{client: oss.NewClient(config), location: location}
	return &objectstore.Store{
		Bucket: b, Key: func(a *wfv1.Artifact) string { return a.OSS.Key }, Prepare: b.prepare,
	}, nil
}

// isContent tells requests for the content of an object from those for lists and facts, which name them in their query.
func isContent(request *http.Request) bool {
	return request.Method == http.MethodGet && request.URL.RawQuery == ""
}

var regionPattern = regexp.MustCompile(`^(?:https?://)?oss-([a-z]+-[a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com`)

// regionOf finds the region in the usual addresses: oss-cn-hangzhou.aliyuncs.com is cn-hangzhou.
func regionOf(endpoint string) string {
	if match := regionPattern.FindStringSubmatch(endpoint); match != nil {
		return match[1]
	}
	return ""
}

// bucket is one bucket.
type bucket struct {
	client   *oss.Client
	location *wfv1.OSSBucket
	prepared once
}

var _ objectstore.Bucket = &bucket{}

func (b *bucket) name() *string { return &b.location.Bucket }

// Get opens an object.
func (b *bucket) Get(ctx context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	if r.Length == 0 {
		head, err := b.client.HeadObject(ctx, &oss.HeadObjectRequest{Bucket: b.name(), Key: &key})
		if err != nil {
			return nil, artifact.Attributes{}, b.explain(err)
		}
		return io.NopCloser(bytes.NewReader(nil)), artifact.Attributes{
			Size: head.ContentLength, ContentType: oss.ToString(head.ContentType), ETag: oss.ToString(head.ETag), Modified: oss.ToTime(head.LastModified),
		}, nil
	}
	request := &oss.GetObjectRequest{Bucket: b.name(), Key: &key}
	switch {
	case r.Length > 0:
		request.Range = oss.Ptr(fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1))
	case r.Offset > 0:
		request.Range = oss.Ptr(fmt.Sprintf("bytes=%d-", r.Offset))
	}
	if request.Range != nil {
		// Without this a range that ends beyond the object is answered with all of it.
		request.RangeBehavior = oss.Ptr("standard")
	}
	answer, err := b.client.GetObject(ctx, request)
	if err != nil {
		return nil, artifact.Attributes{}, b.explain(err)
	}
	a := artifact.Attributes{Size: answer.ContentLength, ContentType: oss.ToString(answer.ContentType), ETag: oss.ToString(answer.ETag), Modified: oss.ToTime(answer.LastModified)}
	if _, total, ok := strings.Cut(oss.ToString(answer.ContentRange), "/"); ok {
		if size, err := strconv.ParseInt(total, 10, 64); err == nil {
			a.Size = size
		}
	}
	return answer.Body, a, nil
}

// Put stores content of known size: the library looks for it itself.
func (b *bucket) Put(ctx context.Context, key string, content objectstore.Content, _ int64) error {
	return b.PutStream(ctx, key, content)
}

// PutStream stores a stream in parts, which become an object when all are there.
func (b *bucket) PutStream(ctx context.Context, key string, r io.Reader) error {
	_, err := b.client.NewUploader().UploadFrom(ctx, &oss.PutObjectRequest{Bucket: b.name(), Key: &key}, r, func(o *oss.UploaderOptions) {
		o.PartSize, o.ParallelNum = partSize, parallel
	})
	return b.explain(err)
}

// Remove deletes objects, several with one request.
func (b *bucket) Remove(ctx context.Context, keys []string) error {
	if len(keys) == 1 {
		_, err := b.client.DeleteObject(ctx, &oss.DeleteObjectRequest{Bucket: b.name(), Key: &keys[0]})
		if err = b.explain(err); errors.Is(err, artifact.ErrNotFound) {
			return nil
		}
		return err
	}
	request := &oss.DeleteMultipleObjectsRequest{Bucket: b.name(), Quiet: true}
	for _, key := range keys {
		request.Objects = append(request.Objects, oss.DeleteObject{Key: oss.Ptr(key)})
	}
	_, err := b.client.DeleteMultipleObjects(ctx, request)
	return b.explain(err)
}

// Walk lists a page at a time.
func (b *bucket) Walk(ctx context.Context, prefix string, visit func(artifact.Object) error) error {
	pages := b.client.NewListObjectsV2Paginator(&oss.ListObjectsV2Request{Bucket: b.name(), Prefix: &prefix, MaxKeys: artifact.ListPage})
	for pages.HasNext() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return b.explain(err)
		}
		for _, o := range page.Contents {
			if err := visit(artifact.Object{Key: oss.ToString(o.Key), Size: o.Size, Modified: oss.ToTime(o.LastModified)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// explain says in words what the service answered, and marks what is not found or passes.
func (b *bucket) explain(err error) error {
	var answer *oss.ServiceError
	if err == nil || !errors.As(err, &answer) {
		return err
	}
	switch answer.Code {
	case "NoSuchKey":
		return artifact.NotFound("no such key")
	case "NoSuchBucket":
		return artifact.MarkLasting(fmt.Errorf("bucket %q does not exist (oss.createBucketIfNotPresent would create it)", b.location.Bucket))
	case "InvalidAccessKeyId":
		return artifact.MarkLasting(errors.New("the service does not know the access key (InvalidAccessKeyId)"))
	case "SignatureDoesNotMatch":
		return artifact.MarkLasting(errors.New("the secret key is not the one of the access key (SignatureDoesNotMatch)"))
	}
	// The library's own text is ten lines long.
	brief := fmt.Errorf("%s (%s, status %d, request %s)", answer.Message, answer.Code, answer.StatusCode, answer.RequestID)
	switch {
	case answer.StatusCode == http.StatusNotFound && answer.Code == "":
		return artifact.NotFound("no such key")
	case artifact.TransientStatus(answer.StatusCode):
		return artifact.MarkTransient(brief)
	}
	return artifact.MarkLasting(brief)
}
