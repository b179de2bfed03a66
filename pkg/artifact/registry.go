package artifact

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Factory makes the driver for a location, whose kind is the one that the factory was registered for. It reads the
// location's credentials; it need not talk to the store.
type Factory func(ctx context.Context, l *wfv1.ArtifactLocation, resources Resources) (Driver, error)

var (
	factoriesLock sync.RWMutex
	factories     = map[Kind]Factory{}
)

// Register makes a kind known to New. Packages of drivers call it in their init.
func Register(kind Kind, factory Factory) {
	factoriesLock.Lock()
	defer factoriesLock.Unlock()
	factories[kind] = factory
}

// Kinds returns the kinds that this program has drivers for, sorted.
func Kinds() []Kind {
	factoriesLock.RLock()
	defer factoriesLock.RUnlock()
	kinds := make([]Kind, 0, len(factories))
	for kind := range factories {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// New returns the driver for a location, which has to be whole: endpoint, bucket, credentials. Its errors name what was
// tried and the location. It does not try again by itself: see Retry.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources Resources) (Driver, error) {
	kind := KindOf(l)
	if kind == "" {
		return nil, fmt.Errorf("the artifact has no location: give it one (s3, gcs, http, ...), or configure an artifact repository")
	}
	factoriesLock.RLock()
	factory := factories[kind]
	factoriesLock.RUnlock()
	if factory == nil {
		var known []string
		for _, k := range Kinds() {
			known = append(known, string(k))
		}
		return nil, fmt.Errorf("this program has no driver for %s artifacts (it has: %s)", kind, strings.Join(known, ", "))
	}
	driver, err := factory(ctx, l, resources)
	if err != nil {
		return nil, wrap("connect to", l, err)
	}
	return named{driver}, nil
}

// named adds operation and location to the errors of a driver, so that drivers need not.
type named struct {
	driver Driver
}

var _ Driver = named{}

// Load copies an artifact to a file or directory, with an error that says what and where.
func (n named) Load(ctx context.Context, a *wfv1.Artifact, path string) error {
	return wrap("load", &a.ArtifactLocation, n.driver.Load(ctx, a, path))
}

// Open opens an object, with an error that says what and where.
func (n named) Open(ctx context.Context, a *wfv1.Artifact, r Range) (io.ReadCloser, Attributes, error) {
	stream, attributes, err := n.driver.Open(ctx, a, r)
	return stream, attributes, wrap("open", &a.ArtifactLocation, err)
}

// Save stores a file or directory, with an error that says what and where.
func (n named) Save(ctx context.Context, a *wfv1.Artifact, path string) error {
	return wrap("save", &a.ArtifactLocation, n.driver.Save(ctx, a, path))
}

// SaveStream stores a stream, with an error that says what and where.
func (n named) SaveStream(ctx context.Context, a *wfv1.Artifact, r io.Reader) error {
	return wrap("save", &a.ArtifactLocation, n.driver.SaveStream(ctx, a, honest(r)))
}

// Delete removes objects, with an error that says what and where.
func (n named) Delete(ctx context.Context, a *wfv1.Artifact) error {
	return wrap("delete", &a.ArtifactLocation, n.driver.Delete(ctx, a))
}

// List lists objects, with an error that says what and where.
func (n named) List(ctx context.Context, a *wfv1.Artifact, most int) ([]Object, error) {
	objects, err := n.driver.List(ctx, a, most)
	return objects, wrap("list", &a.ArtifactLocation, err)
}

// IsDirectory looks for objects below the key, with an error that says what and where.
func (n named) IsDirectory(ctx context.Context, a *wfv1.Artifact) (bool, error) {
	is, err := n.driver.IsDirectory(ctx, a)
	return is, wrap("look into", &a.ArtifactLocation, err)
}
