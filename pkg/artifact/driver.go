// Package artifact moves artifacts between files and the stores that keep them. What a store can do is told by Driver; each
// kind of store has a package of its own below this one, which registers itself. Programs import pkg/artifact/basic or
// pkg/artifact/all to have drivers.
package artifact

import (
	"context"
	"io"
	"time"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Resources reads what a location refers to: Secrets and ConfigMaps of the workflow's namespace. In a pod they are files
// (see Files), in a server they come from the API.
type Resources interface {
	// Secret returns the value of one key of a Secret. An error names both.
	Secret(ctx context.Context, name, key string) ([]byte, error)
	// ConfigMap returns the value of one key of a ConfigMap. An error names both.
	ConfigMap(ctx context.Context, name, key string) ([]byte, error)
}

// Driver moves artifacts in and out of one kind of store. New makes one for a location, with that location's endpoint and
// credentials; the artifacts given to its methods have their whole location and lie in the same store.
//
// Errors name the location and never a secret. Those for which errors.Is(err, ErrNotFound) holds mean that there is no such
// artifact; ErrNotSupported, that this kind of store cannot do it; Transient(err), that it is worth trying again.
type Driver interface {
	// Load copies an artifact to a file, or to a directory, at path. Nothing is unpacked. The directory above path exists.
	Load(ctx context.Context, a *wfv1.Artifact, path string) error
	// Open returns one object, or a part of it, as a stream, which the caller closes.
	Open(ctx context.Context, a *wfv1.Artifact, r Range) (io.ReadCloser, Attributes, error)
	// Save stores the file at path under the artifact's key, or every file of the directory at path below the key. Nothing
	// is packed.
	Save(ctx context.Context, a *wfv1.Artifact, path string) error
	// SaveStream stores all that r gives, in memory that does not grow with its size.
	SaveStream(ctx context.Context, a *wfv1.Artifact, r io.Reader) error
	// Delete removes an object, or everything below a key that ends in a slash. What is not there is no error.
	Delete(ctx context.Context, a *wfv1.Artifact) error
	// List returns the objects below the artifact's key, or the one that has this key; in order of their keys. It ends when it
	// has found as many as most says; 0: it returns all.
	List(ctx context.Context, a *wfv1.Artifact, most int) ([]Object, error)
	// IsDirectory tells whether objects lie below the artifact's key, which is no object itself.
	IsDirectory(ctx context.Context, a *wfv1.Artifact) (bool, error)
}

// Range is a part of an object in bytes.
type Range struct {
	// Offset of the first byte.
	Offset int64
	// Length of the part; negative: up to the end.
	Length int64
}

// Whole is the range that is all of an object.
var Whole = Range{Length: -1}

// Attributes of an object that is read.
type Attributes struct {
	// Size of the whole object in bytes, also when a part is read; -1 when the store does not say.
	Size int64
	// ContentType as the store has it; may be empty.
	ContentType string
	// ETag changes when the content does; may be empty.
	ETag string
	// Modified is when the object was stored; may be zero.
	Modified time.Time
}

// Object is one entry of a listing.
type Object struct {
	// Key from the root of the bucket, container or file system.
	Key string
	// Size in bytes.
	Size int64
	// Modified is when the object was stored.
	Modified time.Time
}
