// Package raw reads artifacts whose content stands in the manifest.
package raw

import (
	"context"
	"io"
	"strings"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

func init() {
	artifact.Register(artifact.KindRaw, New)
}

// New makes the driver for content in the manifest.
func New(context.Context, *wfv1.ArtifactLocation, artifact.Resources) (artifact.Driver, error) {
	return driver{artifact.Unsupported{Kind: artifact.KindRaw}}, nil
}

type driver struct{ artifact.Unsupported }

// Load writes the content to a file.
func (driver) Load(_ context.Context, a *wfv1.Artifact, path string) error {
	return artifact.WriteFile(path, strings.NewReader(a.Raw.Data))
}

// Open reads the content.
func (driver) Open(_ context.Context, a *wfv1.Artifact, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	stream, err := artifact.Part(io.NopCloser(strings.NewReader(a.Raw.Data)), r)
	return stream, artifact.Attributes{Size: int64(len(a.Raw.Data))}, err
}
