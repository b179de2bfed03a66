package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Part is what is left of a file that is being downloaded.
type Part struct {
	io.ReadCloser
	// Offset is where the part begins: where it was asked for, or 0 when the file has changed meanwhile.
	Offset int64
	// Size of the whole file; -1 when it is not known.
	Size int64
	// ETag tells versions of the file apart; empty when the server does not say.
	ETag string
	// Name is what the server would call the file; may be empty.
	Name string
	// ContentType is what is inside.
	ContentType string
	// Listing, unless nil, is what is in the artifact, which is a directory; there are no bytes then.
	Listing *v1alpha1.ArtifactListing
}

// listingHeader tells a listing from an artifact that is a JSON file.
const listingHeader = "Fairlead-Artifact-Listing"

// ErrComplete tells that a file has no more bytes than were asked for.
var ErrComplete = errors.New("nothing is left")

// Download opens an artifact from an offset on. With an ETag, that of an earlier part, the part begins at 0 if the file is
// another one by now. The path names a file inside of an artifact that is a directory; it may be empty.
func (c *Client) Download(ctx context.Context, namespace, workflow, node, artifact, path string, offset int64, etag string) (*Part, error) {
	segments := []string{url.PathEscape(node), url.PathEscape(artifact)}
	for segment := range strings.SplitSeq(path, "/") {
		if segment != "" {
			segments = append(segments, url.PathEscape(segment))
		}
	}
	address := c.scoped(c.rest.Get(), Workflows, namespace).Name(workflow).SubResource("artifacts").URL().JoinPath(segments...)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "*/*")
	request.Header.Set("Accept-Encoding", "identity") // ranges are of the file, not of something compressed on the way
	if offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		if etag != "" {
			request.Header.Set("If-Range", etag)
		}
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	part := &Part{ReadCloser: answer.Body, Size: answer.ContentLength, ETag: answer.Header.Get("ETag"), ContentType: answer.Header.Get("Content-Type")}
	if _, disposition, err := mime.ParseMediaType(answer.Header.Get("Content-Disposition")); err == nil {
		part.Name = disposition["filename"]
	}
	switch answer.StatusCode {
	case http.StatusOK:
		if answer.Header.Get(listingHeader) == "true" {
			return part, part.readListing()
		}
		return part, nil
	case http.StatusPartialContent:
		part.Offset = offset
		part.Size = totalOf(answer.Header.Get("Content-Range"))
		return part, nil
	case http.StatusRequestedRangeNotSatisfiable:
		_ = answer.Body.Close()
		return nil, ErrComplete
	}
	defer func() { _ = answer.Body.Close() }()
	return nil, refusal(answer)
}

// readListing reads the answer as a listing.
func (p *Part) readListing() error {
	defer func() { _ = p.Close() }()
	data, err := io.ReadAll(p)
	if err != nil {
		return err
	}
	p.Listing = &v1alpha1.ArtifactListing{}
	if err := json.Unmarshal(data, p.Listing); err != nil {
		return unreadable(err)
	}
	return nil
}

// totalOf reads the size of the whole file from `bytes 0-9/10`.
func totalOf(contentRange string) int64 {
	_, total, _ := strings.Cut(contentRange, "/")
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		return -1
	}
	return size
}

// refusal makes an error of an answer that is one.
func refusal(answer *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	status := &metav1.Status{}
	if err := utiljson.Unmarshal(body, status); err == nil && status.Kind == "Status" {
		return apierrors.FromObject(status)
	}
	return apierrors.NewGenericServerResponse(answer.StatusCode, "get", schema.GroupResource{Resource: "workflows/artifacts"}, "", strings.TrimSpace(string(body)), 0, true)
}
