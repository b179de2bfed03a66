package app

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
	"fairlead.dev/fairlead/pkg/controller/repository"
	"fairlead.dev/fairlead/pkg/registry/workflow/artifacts"
)

// uploads finds the artifact repository of an upload as the controller finds that of a workflow. Uploads are rare: it keeps
// nothing in memory, and asks for each.
type uploads struct {
	client corev1client.CoreV1Interface
	// namespace of the installation, and the name of the ConfigMap in it that holds the controller's configuration.
	namespace, configMap string
}

// Repository finds the repository of a namespace.
func (u uploads) Repository(ctx context.Context, namespace string, ref *v1alpha1.ArtifactRepositoryRef) (*v1alpha1.ArtifactRepositoryRefStatus, error) {
	current := &config.Config{}
	found, err := u.client.ConfigMaps(u.namespace).Get(ctx, u.configMap, metav1.GetOptions{})
	if err == nil {
		if current, err = config.Parse(found.Data); err != nil {
			return nil, fmt.Errorf("the configuration of the installation cannot be used (ConfigMap %s/%s): %w", u.namespace, u.configMap, err)
		}
	} else if !apierrors.IsNotFound(err) {
		return nil, err
	}
	resolver := &repository.Resolver{
		Config: func() *config.Config { return current }, Namespace: u.namespace, Shared: live{ctx, u.client}, ConfigMaps: u.client,
	}
	return resolver.Resolve(ctx, namespace, ref)
}

// live reads ConfigMaps of the cluster by their keys.
type live struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one request
	client corev1client.ConfigMapsGetter
}

// GetByKey implements cache.KeyGetter.
func (l live) GetByKey(key string) (any, bool, error) {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil, false, err
	}
	found, err := l.client.ConfigMaps(namespace).Get(l.ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	return found, err == nil, err
}

// uploads are where files go that users bring.
func (o *ArtifactOptions) uploads(client corev1client.CoreV1Interface, namespace string) *artifacts.Uploads {
	to := &artifacts.Uploads{Limit: o.UploadLimit, Repository: uploads{client, namespace, o.ConfigMap}.Repository}
	if o.ShareSecret {
		to.Common = artifacts.NewSource(client).Resources(namespace)
	}
	return to
}
