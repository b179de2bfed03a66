package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"

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
	var unread []string
	if r.options.Credentials != nil {
		var keys keyring
		if keys, unread, err = r.options.Credentials.keys(ctx, q.namespace, q.account, names); err != nil {
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
	if refused(problem) && len(unread) > 0 {
		problem = fmt.Errorf("%w; the controller may not read the pull secrets %s (components/pull-secrets lets it)", problem, strings.Join(unread, ", "))
	}
	return pod.ImageCommand{}, problem
}

func (r *Resolver) commandOf(ctx context.Context, reference name.Reference, key authn.Authenticator) (pod.ImageCommand, error) {
	found, err := remote.Get(reference, remote.WithContext(ctx), remote.WithAuth(key), remote.WithTransport(r.options.Transport),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return pod.ImageCommand{}, err
	}
	image, err := imageOf(found)
	if err != nil {
		return pod.ImageCommand{}, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return pod.ImageCommand{}, fmt.Errorf("read the image's configuration: %w", err)
	}
	return pod.ImageCommand{Entrypoint: config.Config.Entrypoint, Cmd: config.Config.Cmd}, nil
}

// imageOf picks the image of this program's own platform or, when a name stands for images of others only, the first of these: the
// nodes that it is for are then not like the one that this program runs on.
func imageOf(found *remote.Descriptor) (v1.Image, error) {
	image, err := found.Image()
	if err == nil || !found.MediaType.IsIndex() {
		return image, err
	}
	index, inside := found.ImageIndex()
	if inside != nil {
		return nil, err
	}
	list, inside := index.IndexManifest()
	if inside != nil {
		return nil, err
	}
	for _, m := range list.Manifests { // attestations are of platform unknown
		if m.MediaType.IsImage() && m.Platform != nil && m.Platform.OS == "linux" {
			return index.Image(m.Digest)
		}
	}
	return nil, err
}

// refused tells whether a registry wants other credentials.
func refused(err error) bool {
	answer := (*transport.Error)(nil)
	return errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden)
}
