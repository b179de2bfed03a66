// Package objectstore makes artifact drivers of stores that keep objects under keys: what is a directory, how files become
// keys and keys become files is decided here, once for all of them.
//
// A directory is stored as one object a file. An empty directory is an empty object whose key ends in a slash, as the
// consoles of such stores make them; others are not stored, they follow from the keys.
package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// Bucket is what a store can do with single objects. Its errors are marked as artifact.ErrNotFound and as transient where
// they are; they need not name the bucket or the key.
type Bucket interface {
	// Get opens an object or a part of it. A part that begins beyond the end is an error or an empty stream.
	Get(ctx context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error)
	// Put stores content of known size. A failed Put leaves no object that was not there before.
	Put(ctx context.Context, key string, content Content, size int64) error
	// PutStream stores all that r gives.
	PutStream(ctx context.Context, key string, r io.Reader) error
	// Remove deletes objects; those that are not there are no error.
	Remove(ctx context.Context, keys []string) error
	// Walk calls visit for every object whose key begins with prefix, in order of their keys. An error of visit ends the
	// walk and is returned.
	Walk(ctx context.Context, prefix string, visit func(artifact.Object) error) error
}

// Content is a file, or something that can be read like one.
type Content interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

// Parallel is how many objects of a directory are moved at the same time.
const Parallel = 4

// Store is the driver for a bucket.
type Store struct {
	// Bucket that the artifacts lie in.
	Bucket Bucket
	// Key returns the key of an artifact.
	Key func(*wfv1.Artifact) string
	// Prepare is called before something is stored; to create a bucket on demand. May be nil.
	Prepare func(ctx context.Context) error
}

var _ artifact.Driver = &Store{}

// Open opens one object.
func (s *Store) Open(ctx context.Context, a *wfv1.Artifact, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	return s.Bucket.Get(ctx, s.Key(a), r)
}

// Save stores a file or directory.
func (s *Store) Save(ctx context.Context, a *wfv1.Artifact, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if info.IsDir() {
		return s.saveDirectory(ctx, s.Key(a), path)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return s.saveFile(ctx, s.Key(a), file)
}

// SaveStream stores a stream. A regular file is stored like one, which needs no memory and has no limit of its own.
func (s *Store) SaveStream(ctx context.Context, a *wfv1.Artifact, r io.Reader) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if file, ok := r.(*os.File); ok {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if offset, err := file.Seek(0, io.SeekCurrent); err == nil && info.Mode().IsRegular() {
			size := max(info.Size()-offset, 0)
			return s.Bucket.Put(ctx, s.Key(a), io.NewSectionReader(file, offset, size), size)
		}
	}
	return s.Bucket.PutStream(ctx, s.Key(a), r)
}

func (s *Store) prepare(ctx context.Context) error {
	if s.Prepare == nil {
		return nil
	}
	return s.Prepare(ctx)
}

// Delete removes an object, or all below a key that ends in a slash.
func (s *Store) Delete(ctx context.Context, a *wfv1.Artifact) error {
	key := s.Key(a)
	if key == "" {
		return errors.New("refusing to delete a whole bucket: the artifact has no key")
	}
	if !strings.HasSuffix(key, "/") {
		return s.Bucket.Remove(ctx, []string{key})
	}
	// One batch is collected while walking; removing what was walked over does not disturb the walk, which goes on by key.
	const batch = 1000
	var keys []string
	flush := func() error {
		if len(keys) == 0 {
			return nil
		}
		// Contents before the directory that holds them: some stores are file systems.
		slices.Reverse(keys)
		err := s.Bucket.Remove(ctx, keys)
		keys = keys[:0]
		return err
	}
	err := s.Bucket.Walk(ctx, key, func(o artifact.Object) error {
		if keys = append(keys, o.Key); len(keys) == batch {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// errFound ends a walk that has seen enough.
var errFound = errors.New("found")

// List returns the objects below the key, or the object itself. Objects that stand for empty directories are left out.
func (s *Store) List(ctx context.Context, a *wfv1.Artifact, most int) ([]artifact.Object, error) {
	key := s.Key(a)
	var objects []artifact.Object
	err := s.Bucket.Walk(ctx, directoryPrefix(key), func(o artifact.Object) error {
		if !strings.HasSuffix(o.Key, "/") {
			objects = append(objects, o)
		}
		if len(objects) == most && most > 0 {
			return errFound
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return objects, nil
	}
	if err != nil || len(objects) > 0 || key == "" || strings.HasSuffix(key, "/") {
		return objects, err
	}
	stream, attributes, err := s.Bucket.Get(ctx, key, artifact.Whole)
	if errors.Is(err, artifact.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	stream.Close()
	return []artifact.Object{{Key: key, Size: attributes.Size, Modified: attributes.Modified}}, nil
}

// IsDirectory tells whether there is no object with the key but some below it.
func (s *Store) IsDirectory(ctx context.Context, a *wfv1.Artifact) (bool, error) {
	key := s.Key(a)
	err := s.Bucket.Walk(ctx, directoryPrefix(key), func(artifact.Object) error { return errFound })
	if !errors.Is(err, errFound) {
		return false, err
	}
	if key == "" || strings.HasSuffix(key, "/") {
		return true, nil
	}
	stream, _, err := s.Bucket.Get(ctx, key, artifact.Whole)
	if errors.Is(err, artifact.ErrNotFound) {
		return true, nil
	}
	if err == nil {
		stream.Close()
	}
	return false, err
}

// directoryPrefix is what the keys of all objects in a directory begin with.
func directoryPrefix(key string) string {
	if key == "" || strings.HasSuffix(key, "/") {
		return key
	}
	return key + "/"
}

// inObject adds the key of one object among many to an error.
func inObject(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", key, err)
}
