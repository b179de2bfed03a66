package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// fetch asks the registry of an image, with each credential that fits until one is accepted, and without any last.
func (r *Resolver) fetch(ctx context.Context, q question, names []string) (pod.ImageCommand, error) {
	reference, err := name.ParseReference(q.image, name.WeakValidation)
	if err != nil {
		return pod.ImageCommand{}, err
	}
	var tried []authn.Authenticator
	if r.options.Credentials != nil {
		keys, err := r.options.Credentials.keys(ctx, q.namespace, q.account, names)
		if err != nil {
			return pod.ImageCommand{}, err
		}
		tried = keys.matching(reference.Context())
	}
	var problem error
	for _, key := range append(tried, authn.Anonymous) {
		var found pod.ImageCommand
		if found, err = r.commandOf(ctx, reference, key); err == nil {
			return found, nil
		}
		if problem == nil {
			problem = err
		}
		if !refused(err) {
			break
		}
	}
	return pod.ImageCommand{}, problem
}

func (r *Resolver) commandOf(ctx context.Context, reference name.Reference, key authn.Authenticator) (pod.ImageCommand, error) {
	image, err := remote.Image(reference, remote.WithContext(ctx), remote.WithAuth(key), remote.WithTransport(r.options.Transport),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return pod.ImageCommand{}, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return pod.ImageCommand{}, fmt.Errorf("read the image's configuration: %w", err)
	}
	return pod.ImageCommand{Entrypoint: config.Config.Entrypoint, Cmd: config.Config.Cmd}, nil
}

// refused tells whether a registry wants other credentials.
func refused(err error) bool {
	answer := (*transport.Error)(nil)
	return errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden)
}
