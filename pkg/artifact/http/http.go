// Package http keeps artifacts on HTTP servers: GET for inputs, PUT for outputs.
package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strconv"
	"strings"
	"time"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

func init() {
	artifact.Register(artifact.KindHTTP, New)
}

// New makes the driver for a location on an HTTP server.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	client, decorate, err := authenticated(ctx, l.HTTP.Auth, resources)
	if err != nil {
		return nil, err
	}
	return &Driver{
		Unsupported: artifact.Unsupported{Kind: artifact.KindHTTP},
		Client:      client,
		Request: func(a *wfv1.Artifact, request *http.Request) {
			for _, header := range a.HTTP.Headers {
				if strings.EqualFold(header.Name, "Host") {
					request.Host = header.Value
					continue
				}
				request.Header.Add(header.Name, header.Value)
			}
			decorate(request)
		},
		URL:     func(a *wfv1.Artifact) string { return a.HTTP.URL },
		ViaFile: func(a *wfv1.Artifact) bool { return a.HTTP.SaveStreamViaFile },
	}, nil
}

// Driver reads with GET and writes with PUT.
type Driver struct {
	artifact.Unsupported
	// Client sends the requests.
	Client *http.Client
	// URL of an artifact.
	URL func(*wfv1.Artifact) string
	// Request puts headers on a request.
	Request func(*wfv1.Artifact, *http.Request)
	// ViaFile tells whether streams are written to a file first, so that their length is known. May be nil.
	ViaFile func(*wfv1.Artifact) bool
}

// Transport is that of other drivers, with a pause before bodies, so that a server can send the request elsewhere before it is
// burdened with gigabytes.
func Transport(ctx context.Context) *http.Transport {
	transport := artifact.Transport(ctx)
	transport.ExpectContinueTimeout = time.Second
	return transport
}

// NewClient follows redirects and keeps cookies, as some servers want them on the way through a login. Credentials are sent to
// the server that they are for, not on to others.
func NewClient(transport http.RoundTripper) *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Transport: transport, Jar: jar, CheckRedirect: redirected}
}

// Load gets a file.
func (d *Driver) Load(ctx context.Context, a *wfv1.Artifact, path string) error {
	stream, _, err := d.Open(ctx, a, artifact.Whole)
	if err != nil {
		return err
	}
	defer stream.Close()
	return artifact.WriteFile(path, stream)
}

// Open gets a file or a part of it; of servers without ranges, the whole is read up to the end of the part.
func (d *Driver) Open(ctx context.Context, a *wfv1.Artifact, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL(a), nil)
	if err != nil {
		return nil, artifact.Attributes{}, err
	}
	d.Request(a, request)
	switch {
	case r.Length > 0:
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1))
	case r.Length < 0 && r.Offset > 0:
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", r.Offset))
	}
	response, err := d.Client.Do(request)
	if err != nil {
		return nil, artifact.Attributes{}, err
	}
	if err := failure(response); err != nil {
		return nil, artifact.Attributes{}, err
	}
	attributes := artifact.Attributes{Size: response.ContentLength, ContentType: response.Header.Get("Content-Type"), ETag: response.Header.Get("ETag")}
	attributes.Modified, _ = http.ParseTime(response.Header.Get("Last-Modified"))
	if response.StatusCode != http.StatusPartialContent {
		stream, err := artifact.Part(response.Body, r)
		return stream, attributes, err
	}
	attributes.Size = -1
	if _, total, ok := strings.Cut(response.Header.Get("Content-Range"), "/"); ok {
		if size, err := strconv.ParseInt(total, 10, 64); err == nil {
			attributes.Size = size
		}
	}
	return response.Body, attributes, nil
}

// Save puts a file.
func (d *Driver) Save(ctx context.Context, a *wfv1.Artifact, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return artifact.MarkLasting(fmt.Errorf("%s is a directory, and %s artifacts are single files: store it as an archive", path, d.Kind))
	}
	return d.put(ctx, a, info.Size(), func() (io.ReadCloser, error) { return os.Open(path) })
}

// SaveStream puts a stream; its body is chunked, or goes through a temporary file where the location asks for that.
func (d *Driver) SaveStream(ctx context.Context, a *wfv1.Artifact, r io.Reader) error {
	if d.ViaFile != nil && d.ViaFile(a) {
		file, err := os.CreateTemp("", "artifact-")
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(file.Name()) }()
		defer file.Close()
		if _, err := io.Copy(file, r); err != nil {
			return err
		}
		return d.Save(ctx, a, file.Name())
	}
	once := &stream{Reader: r}
	return d.put(ctx, a, -1, once.again)
}

// stream is a body that can be sent again only while nothing of it was read.
type stream struct {
	io.Reader
	read bool
}

// Read notes that the body can no longer be sent from its beginning.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.read = s.read || n > 0
	return n, err
}

// Close does nothing: whoever gave the stream closes it.
func (s *stream) Close() error { return nil }

func (s *stream) again() (io.ReadCloser, error) {
	if s.read {
		return nil, errors.New("the server redirects after it has taken a part of the stream: set saveStreamViaFile")
	}
	return s, nil
}

// put sends a body. A server may redirect it (307, 308), as WebHDFS does: then it is sent again from the beginning.
func (d *Driver) put(ctx context.Context, a *wfv1.Artifact, size int64, open func() (io.ReadCloser, error)) error {
	body, err := open()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, d.URL(a), body)
	if err != nil {
		body.Close()
		return err
	}
	request.GetBody, request.ContentLength = open, size
	if size == 0 {
		body.Close()
		request.Body, request.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
	} else {
		request.Header.Set("Expect", "100-continue")
	}
	d.Request(a, request)
	response, err := d.Client.Do(request)
	if err != nil {
		return err
	}
	if err := failure(response); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	return response.Body.Close()
}

// failure returns the error that an answer is, with the beginning of what the server says, and closes it then.
func failure(response *http.Response) error {
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return nil
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 512))
	message := strings.TrimSpace(response.Status + " " + strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "?")), " "))
	switch {
	case response.StatusCode == http.StatusNotFound:
		return artifact.NotFound("the server answers %s", message)
	case artifact.TransientStatus(response.StatusCode):
		return artifact.MarkTransient(fmt.Errorf("the server answers %s", message))
	}
	return artifact.MarkLasting(fmt.Errorf("the server answers %s", message))
}
