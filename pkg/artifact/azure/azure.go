// Package azure keeps artifacts in Azure Blob Storage.
package azure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"golang.org/x/sync/errgroup"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
)

func init() {
	artifact.Register(artifact.KindAzure, New)
}

const (
	// blockSize is the part of an upload that is in memory; uploads keep two of them.
	blockSize = 8 << 20
	buffers   = 2
	// maxBlocks is how many blocks a blob may have.
	maxBlocks = 50000
)

// New makes the driver for the container of a location.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	if l.Azure.Endpoint == "" || l.Azure.ContainerName == "" {
		return nil, errors.New("the location needs azure.endpoint and azure.container")
	}
	client, err := newClient(ctx, &l.Azure.AzureBlobContainer, resources)
	if err != nil {
		return nil, err
	}
	return &objectstore.Store{
		Bucket: &container{client, l.Azure.ContainerName},
		Key:    func(a *wfv1.Artifact) string { return a.Azure.Blob },
	}, nil
}

// newClient logs in with an access key or a shared access signature from a Secret, or with what the environment has.
func newClient(ctx context.Context, location *wfv1.AzureBlobContainer, resources artifact.Resources) (*azblob.Client, error) {
	endpoint, err := url.Parse(location.Endpoint)
	if err != nil || endpoint.Host == "" {
		return nil, fmt.Errorf("azure.endpoint %q must be a URL such as https://account.blob.core.windows.net", artifact.Describe(&wfv1.ArtifactLocation{HTTP: &wfv1.HTTPArtifact{URL: location.Endpoint}}))
	}
	options := &azblob.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{
		MaxRetries: 3, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second,
	}, Transport: &http.Client{Transport: artifact.LimitAnswers(artifact.Transport(ctx), isContent)}}}
	if location.UseSDKCreds {
		login, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, fmt.Errorf("azure.useSDKCreds: %w", err)
		}
		return azblob.NewClient(endpoint.String(), login, options)
	}
	key, err := artifact.SecretValue(ctx, resources, location.AccountKeySecret)
	if err != nil {
		return nil, fmt.Errorf("azure.accountKeySecret: %w", err)
	}
	key = strings.TrimSpace(key)
	if signature := strings.TrimPrefix(key, "?"); strings.Contains(signature, "sig=") {
		endpoint.RawQuery = signature
		key = ""
	}
	if key == "" {
		return azblob.NewClientWithNoCredential(endpoint.String(), options)
	}
	login, err := azblob.NewSharedKeyCredential(accountOf(endpoint), key)
	if err != nil {
		return nil, fmt.Errorf("azure.accountKeySecret holds no access key of a storage account (base64): %w", err)
	}
	return azblob.NewClientWithSharedKeyCredential(endpoint.String(), login, options)
}

// isContent tells requests for the content of a blob from those for lists and facts. A shared access signature stands in the query of all.
func isContent(request *http.Request) bool {
	return request.Method == http.MethodGet && !request.URL.Query().Has("comp")
}

// accountOf is the first part of the host's name; of addresses, as emulators have them, the first part of the path.
func accountOf(endpoint *url.URL) string {
	if host := endpoint.Hostname(); net.ParseIP(host) == nil && strings.Contains(host, ".") {
		account, _, _ := strings.Cut(host, ".")
		return account
	}
	account, _, _ := strings.Cut(strings.TrimPrefix(endpoint.Path, "/"), "/")
	return account
}

// container is one container.
type container struct {
	client *azblob.Client
	name   string
}

var _ objectstore.Bucket = &container{}

// Get opens a blob.
func (c *container) Get(ctx context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	part := azblob.HTTPRange{Offset: r.Offset, Count: r.Length}
	if r.Length < 0 {
		part.Count = 0 // to the end
	}
	if r.Length == 0 {
		properties, err := c.client.ServiceClient().NewContainerClient(c.name).NewBlobClient(key).GetProperties(ctx, nil)
		if err != nil {
			return nil, artifact.Attributes{}, c.explain(err)
		}
		return io.NopCloser(bytes.NewReader(nil)), attributes(properties.ContentLength, nil, properties.ContentType, properties.ETag, properties.LastModified), nil
	}
	answer, err := c.client.DownloadStream(ctx, c.name, key, &azblob.DownloadStreamOptions{Range: part})
	if err != nil {
		return nil, artifact.Attributes{}, c.explain(err)
	}
	return answer.Body, attributes(answer.ContentLength, answer.ContentRange, answer.ContentType, answer.ETag, answer.LastModified), nil
}

func attributes(length *int64, contentRange, contentType *string, etag *azcore.ETag, modified *time.Time) artifact.Attributes {
	a := artifact.Attributes{Size: -1}
	if length != nil {
		a.Size = *length
	}
	if contentRange != nil {
		if _, total, ok := strings.Cut(*contentRange, "/"); ok {
			if size, err := strconv.ParseInt(total, 10, 64); err == nil {
				a.Size = size
			}
		}
	}
	if contentType != nil {
		a.ContentType = *contentType
	}
	if etag != nil {
		a.ETag = string(*etag)
	}
	if modified != nil {
		a.Modified = *modified
	}
	return a
}

// Put stores content of known size, in blocks as large as it takes to have no more of them than allowed.
func (c *container) Put(ctx context.Context, key string, content objectstore.Content, size int64) error {
	return c.upload(ctx, key, content, max(blockSize, (size/maxBlocks/(1<<20)+1)<<20))
}

// PutStream stores a stream in blocks, which become a blob when all are there.
func (c *container) PutStream(ctx context.Context, key string, r io.Reader) error {
	return c.upload(ctx, key, r, blockSize)
}

func (c *container) upload(ctx context.Context, key string, r io.Reader, block int64) error {
	_, err := c.client.UploadStream(ctx, c.name, key, r, &azblob.UploadStreamOptions{BlockSize: block, Concurrency: buffers})
	return c.explain(err)
}

// Remove deletes blobs with their snapshots, several at a time.
func (c *container) Remove(ctx context.Context, keys []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(objectstore.Parallel)
	for _, key := range keys {
		group.Go(func() error {
			_, err := c.client.DeleteBlob(ctx, c.name, key, &azblob.DeleteBlobOptions{DeleteSnapshots: to.Ptr(azblob.DeleteSnapshotsOptionTypeInclude)})
			if err = c.explain(err); errors.Is(err, artifact.ErrNotFound) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

// Walk lists a page at a time. Directories of accounts with a hierarchical namespace are not objects.
func (c *container) Walk(ctx context.Context, prefix string, visit func(artifact.Object) error) error {
	// Half a page: with all that Azure may tell of a blob, an entry has over fifty tags.
	pages := c.client.NewListBlobsFlatPager(c.name, &azblob.ListBlobsFlatOptions{Prefix: &prefix, MaxResults: to.Ptr[int32](artifact.ListPage / 2)})
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return c.explain(err)
		}
		for _, item := range page.Segment.BlobItems {
			properties := item.Properties
			if item.Name == nil || properties == nil || (properties.ResourceType != nil && *properties.ResourceType == "directory") {
				continue
			}
			o := artifact.Object{Key: *item.Name}
			if properties.ContentLength != nil {
				o.Size = *properties.ContentLength
			}
			if properties.LastModified != nil {
				o.Modified = *properties.LastModified
			}
			if err := visit(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// explain says in words what the service answered, and marks what is not found or passes.
func (c *container) explain(err error) error {
	var answer *azcore.ResponseError
	switch {
	case err == nil:
		return nil
	case bloberror.HasCode(err, bloberror.ContainerNotFound):
		return artifact.MarkLasting(fmt.Errorf("container %q does not exist", c.name))
	case bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ResourceNotFound):
		return artifact.NotFound("no such blob")
	case bloberror.HasCode(err, bloberror.AuthenticationFailed, bloberror.InvalidAuthenticationInfo):
		return artifact.MarkLasting(errors.New("the storage account does not accept the credentials"))
	case bloberror.HasCode(err, bloberror.AuthorizationFailure, bloberror.AuthorizationPermissionMismatch, bloberror.InsufficientAccountPermissions):
		return artifact.MarkLasting(errors.New("the credentials do not allow this"))
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return artifact.NotFound("no such blob")
	case errors.As(err, &answer):
		// The library's own text is a page with the whole request.
		brief := fmt.Errorf("the service answers %d %s", answer.StatusCode, answer.ErrorCode)
		if artifact.TransientStatus(answer.StatusCode) {
			return artifact.MarkTransient(brief)
		}
		return artifact.MarkLasting(brief)
	}
	return err
}
