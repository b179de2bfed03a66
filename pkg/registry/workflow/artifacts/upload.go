package artifacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// DefaultUploadLimit is how many bytes a file may have that is uploaded.
const DefaultUploadLimit int64 = 1 << 30

const (
	// parallelUploads is how many files are taken in at once. Each takes up to 17 MiB of memory on its way to the store, and one of
	// the places of requests that change something, which the controller's own requests need as well.
	parallelUploads = 16
	// retryUpload is when to come again after that many, in seconds.
	retryUpload = 5
)

// maxFileName is how long the name of a file may be, in bytes: what stores that keep objects as files allow.
const maxFileName = 255

// Uploads say where files go that users give to workflows they are about to submit (ART-17).
type Uploads struct {
	// Repository finds the artifact repository of a namespace, as for a workflow with that reference, which may be nil; nil: there
	// is none.
	Repository func(ctx context.Context, namespace string, ref *v1alpha1.ArtifactRepositoryRef) (*v1alpha1.ArtifactRepositoryRefStatus, error)
	// Limit is how many bytes a file may have.
	Limit int64
	// Common holds the credentials of the installation's own repository, for namespaces that have not got them yet; nil: they
	// have to have them.
	Common artifact.Resources
	// running is how many are under way.
	running atomic.Int32
}

// upload stores the body of a request in an artifact repository.
type upload struct {
	source    *Source
	namespace string
	options   *v1alpha1.ArtifactOptions
	responder rest.Responder
}

// isUpload tells a request that brings a file from those that ask for one.
func isUpload(ctx context.Context) bool {
	info, ok := request.RequestInfoFrom(ctx)
	return ok && info.Verb == "create"
}

// ServeHTTP implements http.Handler.
func (u *upload) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	listing, err := u.store(r)
	if err != nil {
		u.responder.Error(asStatus(err, u.namespace))
		return
	}
	w.Header().Set(ListingHeader, "true")
	u.responder.Object(http.StatusCreated, listing)
}

func (u *upload) store(r *http.Request) (*v1alpha1.ArtifactListing, error) {
	name := strings.TrimPrefix(u.options.Path, "/")
	if err := checkFileName(name); err != nil {
		return nil, err
	}
	if r.URL.Query().Has("dryRun") {
		return nil, apierrors.NewBadRequest("an upload cannot be tried out: dryRun is not supported")
	}
	uploads := u.source.Uploads
	if uploads.Limit <= 0 {
		return nil, refused(http.StatusNotImplemented, "this server takes no uploads (--artifact-upload-limit)")
	}
	if r.ContentLength > uploads.Limit {
		return nil, tooLarge(uploads.Limit)
	}
	defer uploads.running.Add(-1)
	if uploads.running.Add(1) > parallelUploads {
		return nil, apierrors.NewTooManyRequests(fmt.Sprintf("this server takes %d uploads at a time: try again", parallelUploads), retryUpload)
	}
	wf, err := u.repository(r.Context())
	if err != nil {
		return nil, err
	}
	if u.options.Upload != "" || u.options.Offset != nil || u.options.Complete != nil || u.options.Abort {
		return u.inParts(r, wf, name)
	}
	to, err := u.to(r.Context(), wf, string(uuid.NewUUID()), name)
	if err != nil {
		return nil, err
	}
	body := &limited{from: r.Body, left: uploads.Limit, limit: uploads.Limit}
	if err := to.driver.SaveStream(r.Context(), to.artifact, body); err != nil {
		if body.err != nil && !errors.Is(body.err, io.EOF) {
			err = body.err // the cause of whatever the driver says
		}
		return nil, err
	}
	return to.stored("", uploads.Limit-body.left), nil
}

// destination is where a file goes.
type destination struct {
	workflow *v1alpha1.Workflow
	driver   artifact.Driver
	artifact *v1alpha1.Artifact
	key      string
}

// to connects to the store for a file, in a directory of its own.
func (u *upload) to(ctx context.Context, wf *v1alpha1.Workflow, directory, name string) (*destination, error) {
	key := fmt.Sprintf("uploads/%s/%s/%s", u.namespace, directory, name)
	source := u.source
	if common := source.Uploads.Common; wf.Status.ArtifactRepositoryRef.Default && common != nil {
		source = source.withCommon(common)
	}
	// The key in the form in which an artifact without any other location has it.
	driver, a, err := source.Driver(ctx, wf, &v1alpha1.Artifact{
		Name: name, Archive: &v1alpha1.ArchiveStrategy{None: &v1alpha1.NoneStrategy{}},
		ArtifactLocation: v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: key}},
	})
	return &destination{wf, driver, a, key}, err
}

// stored is the answer when so much is stored; of a file that comes in parts, with what the upload is called.
func (d *destination) stored(upload string, size int64) *v1alpha1.ArtifactListing {
	listing := newListing(d.workflow)
	listing.Items = append(listing.Items, v1alpha1.ArtifactEntry{Name: d.artifact.Name, Key: d.key, Size: &size, Upload: upload})
	return listing
}

// repository is a workflow as one that would use the file: with the artifact repository that it would get.
func (u *upload) repository(ctx context.Context) (*v1alpha1.Workflow, error) {
	var ref *v1alpha1.ArtifactRepositoryRef
	if u.options.ConfigMap != "" || u.options.Key != "" {
		ref = &v1alpha1.ArtifactRepositoryRef{ConfigMap: u.options.ConfigMap, Key: u.options.Key}
	}
	found, err := u.source.Uploads.Repository(ctx, u.namespace, ref)
	var status apierrors.APIStatus
	switch {
	case errors.As(err, &status):
		return nil, err
	case err != nil:
		return nil, apierrors.NewBadRequest(err.Error())
	case found == nil:
		return nil, refused(http.StatusConflict, fmt.Sprintf("namespace %s has no artifact repository to store the file in: name one in the ConfigMap artifact-repositories, or in the configuration of the installation (artifactRepository)", u.namespace))
	}
	wf := &v1alpha1.Workflow{}
	wf.Namespace, wf.Status.ArtifactRepositoryRef = u.namespace, found
	return wf, nil
}

// checkFileName admits names that are one part of a key and of a URL.
func checkFileName(name string) error {
	strange := func(c rune) bool { return c == '/' || c == '\\' || !unicode.IsPrint(c) }
	switch {
	case name == "":
		return apierrors.NewBadRequest("which name is the file to have? POST .../artifacts/FILENAME")
	case name == ".", name == "..", len(name) > maxFileName, !utf8.ValidString(name), strings.ContainsFunc(name, strange):
		return apierrors.NewBadRequest(fmt.Sprintf("%q cannot be the name of an uploaded file: it has to be one part of a path, printable, of at most %d bytes", name, maxFileName))
	}
	return nil
}

// limited passes on a body up to a limit.
type limited struct {
	from        io.Reader
	left, limit int64
	err         error
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.from.Read(p)
	if l.left -= int64(n); l.left < 0 {
		n, err = 0, tooLarge(l.limit)
	}
	l.err = err
	return n, err
}

func tooLarge(limit int64) error {
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
		"an uploaded file may have %d bytes (--artifact-upload-limit of the server): put a larger one into the store directly, and give its key", limit))
}

// withCommon reads what a namespace lacks of the credentials elsewhere.
func (s *Source) withCommon(common artifact.Resources) *Source {
	other := *s
	other.Resources = func(namespace string) artifact.Resources { return either{s.Resources(namespace), common} }
	return &other
}

// either reads from the first, and what is not there from the second.
type either struct{ first, second artifact.Resources }

// Secret implements artifact.Resources.
func (e either) Secret(ctx context.Context, name, key string) ([]byte, error) {
	value, err := e.first.Secret(ctx, name, key)
	if apierrors.IsNotFound(err) {
		return e.second.Secret(ctx, name, key)
	}
	return value, err
}

// ConfigMap implements artifact.Resources.
func (e either) ConfigMap(ctx context.Context, name, key string) ([]byte, error) {
	value, err := e.first.ConfigMap(ctx, name, key)
	if apierrors.IsNotFound(err) {
		return e.second.ConfigMap(ctx, name, key)
	}
	return value, err
}
