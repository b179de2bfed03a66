package artifacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/location"
)

// ListingHeader is set to "true" on answers that are an ArtifactListing: an artifact may be a JSON file as well.
const ListingHeader = "Fairlead-Artifact-Listing"

// maxListed is how many files a listing has at most.
const maxListed = 10_000

// content answers with the bytes of an artifact, of a file inside it, or with the listing of a directory.
type content struct {
	workflow  *v1alpha1.Workflow
	artifact  *v1alpha1.Artifact
	base      string // NODE-ID/ARTIFACT
	file      string // path inside a directory; empty: the artifact itself
	driver    artifact.Driver
	responder rest.Responder
}

// ServeHTTP implements http.Handler.
func (c *content) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.serve(w, r); err != nil {
		c.responder.Error(asStatus(err, c.workflow.Namespace))
	}
}

func (c *content) serve(w http.ResponseWriter, r *http.Request) error {
	a := c.artifact
	if c.file != "" {
		if !insideOf(c.file) {
			return notFound(fmt.Sprintf("the artifact %q has no file %q", a.Name, c.file))
		}
		if err := location.AppendSubPath(&a.ArtifactLocation, strings.TrimSuffix(c.file, "/")); err != nil {
			return err
		}
	}
	if !strings.HasSuffix(r.URL.Path, "/") {
		stream, attributes, err := c.driver.Open(r.Context(), a, artifact.Whole)
		if err == nil {
			c.send(w, r, stream, attributes)
			return nil
		}
		if !errors.Is(err, artifact.ErrNotFound) {
			return err
		}
	}
	listing, err := c.listing(r.Context(), a)
	if err != nil {
		return err
	}
	w.Header().Set(ListingHeader, "true")
	c.responder.Object(http.StatusOK, listing)
	return nil
}

// insideOf tells whether a path stays inside the directory that it is in.
func insideOf(file string) bool {
	clean := path.Clean("/" + file)
	return strings.TrimSuffix(clean, "/") == "/"+strings.TrimSuffix(file, "/")
}

// listing lists what is below a key that is no object.
func (c *content) listing(ctx context.Context, a *v1alpha1.Artifact) (*v1alpha1.ArtifactListing, error) {
	directory, err := c.driver.IsDirectory(ctx, a)
	if err == nil && !directory {
		err = artifact.NotFound("%s", artifact.Describe(&a.ArtifactLocation))
	}
	if err != nil {
		return nil, err
	}
	objects, err := c.driver.List(ctx, a, maxListed+1)
	if err != nil {
		return nil, err
	}
	root, _ := location.KeyOf(&a.ArtifactLocation)
	root = strings.Trim(root, "/") + "/"
	listing := newListing(c.workflow)
	for _, o := range objects {
		if len(listing.Items) == maxListed {
			listing.Truncated = true
			break
		}
		name := strings.TrimPrefix(strings.TrimPrefix(o.Key, "/"), root)
		if name == "" || strings.HasSuffix(name, "/") { // what stands for the directory itself
			continue
		}
		below := path.Join(c.file, name)
		entry := v1alpha1.ArtifactEntry{Path: c.base + "/" + (&url.URL{Path: below}).EscapedPath(), Name: below, Key: o.Key, Size: &o.Size}
		if !o.Modified.IsZero() {
			modified := metav1.NewTime(o.Modified)
			entry.Modified = &modified
		}
		listing.Items = append(listing.Items, entry)
	}
	return listing, nil
}

// send writes the bytes, or the part of them that was asked for. What the file says it is is not trusted: browsers are told to
// save it.
func (c *content) send(w http.ResponseWriter, r *http.Request, stream io.ReadCloser, attributes artifact.Attributes) {
	body := &seeker{ctx: r.Context(), driver: c.driver, artifact: c.artifact, size: attributes.Size, stream: stream}
	defer func() { _ = body.Close() }()
	name := path.Base(c.artifact.Name)
	if key, _ := location.KeyOf(&c.artifact.ArtifactLocation); key != "" {
		name = path.Base(key)
	}
	kind := attributes.ContentType
	if kind == "" {
		kind = "application/octet-stream"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	if tag := attributes.ETag; tag != "" {
		h.Set("ETag", `"`+strings.Trim(tag, `"`)+`"`)
	}
	if attributes.Size >= 0 {
		http.ServeContent(w, r, "", attributes.Modified, body)
		return
	}
	if r.Method != http.MethodHead {
		if _, err := io.Copy(w, stream); err != nil {
			panic(http.ErrAbortHandler) // what is cut short must not look whole
		}
	}
}

// seeker lets a stream that can be opened anywhere be read like a file.
type seeker struct {
	ctx      context.Context
	driver   artifact.Driver
	artifact *v1alpha1.Artifact
	size     int64
	offset   int64         // of the next byte to read
	stream   io.ReadCloser // nil: to be opened
	at       int64         // where stream is
}

// Seek implements io.Seeker.
func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.offset
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	s.offset = offset
	return offset, nil
}

// Read implements io.Reader.
func (s *seeker) Read(p []byte) (int, error) {
	if s.offset >= s.size {
		return 0, io.EOF
	}
	if s.stream != nil && s.at != s.offset {
		_ = s.stream.Close()
		s.stream = nil
	}
	if s.stream == nil {
		stream, _, err := s.driver.Open(s.ctx, s.artifact, artifact.Range{Offset: s.offset, Length: -1})
		if err != nil {
			return 0, err
		}
		s.stream, s.at = stream, s.offset
	}
	n, err := s.stream.Read(p)
	s.offset += int64(n)
	s.at = s.offset
	return n, err
}

// Close implements io.Closer.
func (s *seeker) Close() error {
	if s.stream == nil {
		return nil
	}
	return s.stream.Close()
}
