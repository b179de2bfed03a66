package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Repository says which artifact repository a file goes to; the zero value is the default one of the namespace.
type Repository struct {
	// ConfigMap and Key, as in artifactRepositoryRef of a workflow.
	ConfigMap, Key string
}

// Upload stores a file of so many bytes for workflows that are yet to be, and returns the key that it has in the repository. The
// purpose is the name of what the file is for, such as a template: rights may be given for it.
func (c *Client) Upload(ctx context.Context, namespace, purpose, name string, body io.Reader, size int64, to Repository) (string, error) {
	address := c.scoped(c.rest.Post(), Workflows, namespace).Name(purpose).SubResource("artifacts").URL().JoinPath(url.PathEscape(name))
	query := address.Query()
	if to.ConfigMap != "" {
		query.Set("configMap", to.ConfigMap)
	}
	if to.Key != "" {
		query.Set("key", to.Key)
	}
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), io.NopCloser(body))
	if err != nil {
		return "", err
	}
	request.ContentLength = size
	if size == 0 {
		request.Body = http.NoBody
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	request.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= http.StatusMultipleChoices {
		return "", refusal(answer)
	}
	listing := &v1alpha1.ArtifactListing{}
	if err := json.NewDecoder(answer.Body).Decode(listing); err != nil {
		return "", unreadable(err)
	}
	if len(listing.Items) != 1 || listing.Items[0].Key == "" {
		return "", unreadable(errors.New("it has no key of the file"))
	}
	return listing.Items[0].Key, nil
}
