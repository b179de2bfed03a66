package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// MultipartBucket is a Bucket that takes objects in parts, which come in requests of their own.
type MultipartBucket interface {
	Bucket
	// Begin returns the store's name for an object that is to come.
	Begin(ctx context.Context, key string) (id string, err error)
	// PutPart stores a part.
	PutPart(ctx context.Context, key, id string, number int, content io.ReadSeeker, size int64) error
	// ListParts returns all parts in the order of their numbers. If the store knows no such id, the error is ErrNotFound.
	ListParts(ctx context.Context, key, id string) ([]Part, error)
	// Complete makes an object of the parts.
	Complete(ctx context.Context, key, id string, parts []Part) error
	// Abort removes all parts.
	Abort(ctx context.Context, key, id string) error
}

// Part is one that a store has.
type Part struct {
	// Number of the part; the first is 1.
	Number int
	// Size in bytes.
	Size int64
	// Tag is what the store knows it by.
	Tag string
}

var _ artifact.Parts = &Store{}

var errNoParts = fmt.Errorf("saving in parts is %w by this store", artifact.ErrNotSupported)

// BeginParts begins an object that comes in parts.
func (s *Store) BeginParts(ctx context.Context, a *wfv1.Artifact) (string, error) {
	b, ok := s.Bucket.(MultipartBucket)
	if !ok {
		return "", errNoParts
	}
	if err := s.prepare(ctx); err != nil {
		return "", err
	}
	return b.Begin(ctx, s.Key(a))
}

// PutPart stores a part.
func (s *Store) PutPart(ctx context.Context, a *wfv1.Artifact, id string, number int, content io.ReadSeeker, size int64) error {
	b, ok := s.Bucket.(MultipartBucket)
	if !ok {
		return errNoParts
	}
	return b.PutPart(ctx, s.Key(a), id, number, content, size)
}

// CompleteParts makes an object of the parts, once they are what they have to be. Whoever did not hear that it went well asks
// again, when there are no parts any more but the object.
func (s *Store) CompleteParts(ctx context.Context, a *wfv1.Artifact, id string, size int64) error {
	b, ok := s.Bucket.(MultipartBucket)
	if !ok {
		return errNoParts
	}
	key := s.Key(a)
	parts, err := b.ListParts(ctx, key, id)
	if errors.Is(err, artifact.ErrNotFound) {
		return s.completed(ctx, key, size, err)
	}
	if err != nil {
		return err
	}
	var stored int64
	for i, p := range parts {
		if p.Number != i+1 {
			return artifact.MarkLasting(fmt.Errorf("%w: part %d has not been stored", artifact.ErrIncomplete, i+1))
		}
		stored += p.Size
	}
	if stored != size {
		return artifact.MarkLasting(fmt.Errorf("%w: the parts that were stored have %d bytes, not %d", artifact.ErrIncomplete, stored, size))
	}
	return b.Complete(ctx, key, id, parts)
}

// completed is nil if there is an object of that size; else the cause.
func (s *Store) completed(ctx context.Context, key string, size int64, cause error) error {
	stream, attributes, err := s.Bucket.Get(ctx, key, artifact.Range{})
	if err != nil {
		if errors.Is(err, artifact.ErrNotFound) {
			return cause
		}
		return err
	}
	stream.Close()
	if attributes.Size != size {
		return cause
	}
	return nil
}

// AbortParts removes the parts.
func (s *Store) AbortParts(ctx context.Context, a *wfv1.Artifact, id string) error {
	b, ok := s.Bucket.(MultipartBucket)
	if !ok {
		return errNoParts
	}
	if err := b.Abort(ctx, s.Key(a), id); !errors.Is(err, artifact.ErrNotFound) {
		return err
	}
	return nil
}
