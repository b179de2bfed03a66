// Package artifactory keeps artifacts in JFrog Artifactory: single files, read with GET and written with PUT.
package artifactory

import (
	"context"
	"fmt"
	"net/http"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	httpartifact "fairlead.dev/fairlead/pkg/artifact/http"
)

func init() {
	artifact.Register(artifact.KindArtifactory, New)
}

// New makes the driver for a file in Artifactory.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	login, err := httpartifact.BasicAuth(ctx, l.Artifactory.UsernameSecret, l.Artifactory.PasswordSecret, resources)
	if err != nil {
		return nil, fmt.Errorf("artifactory.%w", err)
	}
	return &httpartifact.Driver{
		Unsupported: artifact.Unsupported{Kind: artifact.KindArtifactory},
		Client:      httpartifact.NewClient(httpartifact.Transport(ctx)),
		URL:         func(a *wfv1.Artifact) string { return a.Artifactory.URL },
		Request:     func(_ *wfv1.Artifact, request *http.Request) { login(request) },
	}, nil
}
