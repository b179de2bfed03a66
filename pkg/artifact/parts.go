package artifact

import (
	"context"
	"errors"
	"io"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// PartSize is how many bytes each part of an object has but the last: the least that S3 takes, so that it gets through slow lines.
const PartSize = 5 << 20

// Parts is what drivers can do besides whose stores take an object in parts that are sent by and by. There is no object until
// they are put together. Drivers that New made all have these methods; where the store cannot, errors are ErrNotSupported.
type Parts interface {
	// BeginParts returns the store's name for what is to become the artifact's object.
	BeginParts(ctx context.Context, a *wfv1.Artifact) (id string, err error)
	// PutPart stores a part of size bytes, in the place of an earlier one of that number. The first is 1.
	PutPart(ctx context.Context, a *wfv1.Artifact, id string, number int, content io.ReadSeeker, size int64) error
	// CompleteParts makes an object of all parts, which have to be size bytes without a gap; otherwise the error is
	// ErrIncomplete, and they stay as they are. That an object of that size is there already is no error.
	CompleteParts(ctx context.Context, a *wfv1.Artifact, id string, size int64) error
	// AbortParts removes all parts. That there are none is no error.
	AbortParts(ctx context.Context, a *wfv1.Artifact, id string) error
}

// ErrIncomplete is in the chain of errors that mean: there are not all parts of an object.
var ErrIncomplete = errors.New("the parts are not the whole")

var _ Parts = named{}

// inParts calls the driver, if it can.
func (n named) inParts(operation string, a *wfv1.Artifact, call func(Parts) error) error {
	parts, ok := n.driver.(Parts)
	if !ok {
		return wrap(operation, &a.ArtifactLocation, NotSupported("saving in parts is", KindOf(&a.ArtifactLocation)))
	}
	return wrap(operation, &a.ArtifactLocation, call(parts))
}

// BeginParts begins an object, with an error that says what and where.
func (n named) BeginParts(ctx context.Context, a *wfv1.Artifact) (id string, err error) {
	err = n.inParts("save", a, func(p Parts) error {
		id, err = p.BeginParts(ctx, a)
		return err
	})
	return id, err
}

// PutPart stores a part, with an error that says what and where.
func (n named) PutPart(ctx context.Context, a *wfv1.Artifact, id string, number int, content io.ReadSeeker, size int64) error {
	return n.inParts("save a part of", a, func(p Parts) error { return p.PutPart(ctx, a, id, number, content, size) })
}

// CompleteParts puts the parts together, with an error that says what and where.
func (n named) CompleteParts(ctx context.Context, a *wfv1.Artifact, id string, size int64) error {
	return n.inParts("put together", a, func(p Parts) error { return p.CompleteParts(ctx, a, id, size) })
}

// AbortParts removes the parts, with an error that says what and where.
func (n named) AbortParts(ctx context.Context, a *wfv1.Artifact, id string) error {
	return n.inParts("give up saving", a, func(p Parts) error { return p.AbortParts(ctx, a, id) })
}
