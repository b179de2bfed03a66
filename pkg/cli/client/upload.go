package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// partSize is how many bytes each request of an upload in parts has, but the last; the server wants just that.
const partSize = 5 << 20

// farewell is how long to try to remove the parts of an upload that failed.
const farewell = 10 * time.Second

// Repository says which artifact repository a file goes to; the zero value is the default one of the namespace.
type Repository struct {
	// ConfigMap and Key, as in artifactRepositoryRef of a workflow.
	ConfigMap, Key string
}

// File is what is uploaded.
type File struct {
	// Purpose is the name of what the file is for, such as a template: rights may be given for it.
	Purpose string
	// Name of the file.
	Name string
	// Content of so many bytes.
	Content io.ReaderAt
	Size    int64
	// Sent is told how many bytes have arrived, or are on their way.
	Sent func(bytes int64)
}

// Upload stores a file for workflows that are yet to be, and returns the key that it has in the repository. What is larger than
// a part is sent in parts, each of which is tried again when a connection breaks; unless the store takes none.
func (c *Client) Upload(ctx context.Context, namespace string, file File, to Repository) (string, error) {
	u := &upload{client: c, namespace: namespace, file: file, to: to}
	if file.Size <= partSize {
		return u.whole(ctx)
	}
	begun, err := u.post(ctx, url.Values{"upload": {"new"}}, nil, 0)
	switch {
	case status(err) == http.StatusNotImplemented:
		key, err := u.whole(ctx)
		if err != nil && Passing(err) && !apierrors.IsTooManyRequests(err) {
			err = fmt.Errorf("%w. This store takes a file with one request only, which may last a minute (--request-timeout of kube-apiserver): "+
				"put a file that takes longer into the store directly, and give its key with --artifact-key", err)
		}
		return key, err
	case err != nil:
		return "", err
	case begun.Upload == "":
		return "", unreadable(errors.New("it has no name of the upload"))
	}
	key, err := u.parts(ctx, begun.Upload)
	if err != nil {
		// What has arrived is of no use to anybody.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		_, _ = u.post(ctx, url.Values{"upload": {begun.Upload}, "abort": {"true"}}, nil, 0)
	}
	return key, err
}

// upload is one file on its way.
type upload struct {
	client    *Client
	namespace string
	file      File
	to        Repository
}

// whole sends the file with one request.
func (u *upload) whole(ctx context.Context) (string, error) {
	stored, err := u.post(ctx, url.Values{}, &sent{u.file, 0}, u.file.Size)
	if err != nil {
		return "", err
	}
	return stored.Key, nil
}

// parts sends the file part by part.
func (u *upload) parts(ctx context.Context, name string) (string, error) {
	for offset := int64(0); offset < u.file.Size; offset += partSize {
		size := min(partSize, u.file.Size-offset)
		query := url.Values{"upload": {name}, "offset": {strconv.FormatInt(offset, 10)}}
		if _, err := u.patiently(ctx, query, func() io.Reader { return io.LimitReader(&sent{u.file, offset}, size) }, size); err != nil {
			return "", fmt.Errorf("at byte %d of %d: %w", offset, u.file.Size, err)
		}
	}
	stored, err := u.patiently(ctx, url.Values{"upload": {name}, "complete": {strconv.FormatInt(u.file.Size, 10)}}, func() io.Reader { return nil }, 0)
	if err != nil {
		return "", err
	}
	return stored.Key, nil
}

// patiently sends a request that may be sent twice again and again while its failures are of those that pass.
func (u *upload) patiently(ctx context.Context, query url.Values, body func() io.Reader, size int64) (*v1alpha1.ArtifactEntry, error) {
	for tries := 1; ; tries++ {
		stored, err := u.post(ctx, query, body(), size)
		if err == nil || !Passing(err) || tries == lastTry || ctx.Err() != nil {
			return stored, err
		}
		if err := u.client.pause(ctx, tries); err != nil {
			return nil, err
		}
	}
}

// post sends one request and returns what is stored then.
func (u *upload) post(ctx context.Context, query url.Values, body io.Reader, size int64) (*v1alpha1.ArtifactEntry, error) {
	c := u.client
	address := c.scoped(c.rest.Post(), Workflows, u.namespace).Name(u.file.Purpose).SubResource("artifacts").URL().JoinPath(url.PathEscape(u.file.Name))
	if u.to.ConfigMap != "" {
		query.Set("configMap", u.to.ConfigMap)
	}
	if u.to.Key != "" {
		query.Set("key", u.to.Key)
	}
	address.RawQuery = query.Encode()
	if size == 0 {
		body = http.NoBody
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), body)
	if err != nil {
		return nil, err
	}
	request.ContentLength = size
	request.Header.Set("Content-Type", "application/octet-stream")
	request.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= http.StatusMultipleChoices {
		return nil, refusal(answer)
	}
	listing := &v1alpha1.ArtifactListing{}
	if err := json.NewDecoder(answer.Body).Decode(listing); err != nil {
		return nil, unreadable(err)
	}
	if len(listing.Items) != 1 || listing.Items[0].Key == "" {
		return nil, unreadable(errors.New("it has no key of the file"))
	}
	return &listing.Items[0], nil
}

// sent reads a file from an offset on, and tells how far it is.
type sent struct {
	File
	offset int64
}

// Read implements io.Reader.
func (s *sent) Read(p []byte) (int, error) {
	if left := s.Size - s.offset; left < int64(len(p)) {
		p = p[:left]
	}
	if len(p) == 0 {
		return 0, io.EOF
	}
	n, err := s.Content.ReadAt(p, s.offset)
	s.offset += int64(n)
	if s.Sent != nil {
		s.Sent(s.offset)
	}
	return n, err
}
