package artifact

import (
	"context"
	"io"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Unsupported answers every operation with ErrNotSupported. Drivers of stores that can do little embed it and have methods of
// their own for the rest.
type Unsupported struct {
	// Kind for the message.
	Kind Kind
}

var _ Driver = Unsupported{}

// Load is not supported.
func (u Unsupported) Load(context.Context, *wfv1.Artifact, string) error {
	return NotSupported("loading is", u.Kind)
}

// Open is not supported.
func (u Unsupported) Open(context.Context, *wfv1.Artifact, Range) (io.ReadCloser, Attributes, error) {
	return nil, Attributes{}, NotSupported("reading as a stream is", u.Kind)
}

// Save is not supported.
func (u Unsupported) Save(context.Context, *wfv1.Artifact, string) error {
	return NotSupported("saving is", u.Kind)
}

// SaveStream is not supported.
func (u Unsupported) SaveStream(context.Context, *wfv1.Artifact, io.Reader) error {
	return NotSupported("saving is", u.Kind)
}

// Delete is not supported.
func (u Unsupported) Delete(context.Context, *wfv1.Artifact) error {
	return NotSupported("delete", u.Kind)
}

// List is not supported.
func (u Unsupported) List(context.Context, *wfv1.Artifact, int) ([]Object, error) {
	return nil, NotSupported("listing is", u.Kind)
}

// IsDirectory is not supported.
func (u Unsupported) IsDirectory(context.Context, *wfv1.Artifact) (bool, error) {
	return false, NotSupported("looking into directories is", u.Kind)
}
