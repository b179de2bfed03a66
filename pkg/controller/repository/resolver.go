// Package repository finds the artifact repository of a workflow (ART-10): the one it refers to, else its namespace's default,
// else the installation's.
package repository

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
)

// ConfigMapName is the ConfigMap that holds the artifact repositories of a namespace.
const ConfigMapName = "artifact-repositories"

// errNoDefault says that a ConfigMap names no default.
var errNoDefault = errors.New("no key given, and no annotation " + wfv1.AnnotationKeyDefaultArtifactRepository + " that names a default")

// Resolver finds artifact repositories.
type Resolver struct {
	// Config is the configuration in force.
	Config func() *config.Config
	// Namespace is the controller's own: what is not in a workflow's namespace is looked for there.
	Namespace string
	// Shared holds the ConfigMaps of the name ConfigMapName, of all namespaces.
	Shared cache.KeyGetter
	// ConfigMaps reads ConfigMaps of other names, which a workflow may refer to.
	ConfigMaps corev1client.ConfigMapsGetter
}

// NewInformer delivers what a Resolver needs to have at hand.
func NewInformer(kube kubernetes.Interface, namespace string) cache.SharedIndexInformer {
	factory := informers.NewSharedInformerFactoryWithOptions(kube, 0, informers.WithNamespace(namespace),
		informers.WithTransform(func(obj any) (any, error) {
			if c, ok := obj.(*corev1.ConfigMap); ok {
				c.ManagedFields = nil
			}
			return obj, nil
		}),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, ConfigMapName).String()
		}))
	return factory.Core().V1().ConfigMaps().Informer()
}

// Resolve finds the repository that a workflow of a namespace uses; ref is what it refers to, or nil. nil: there is none.
func (r *Resolver) Resolve(ctx context.Context, namespace string, ref *wfv1.ArtifactRepositoryRef) (*wfv1.ArtifactRepositoryRefStatus, error) {
	if ref == nil {
		found, err := r.get(ctx, namespace, wfv1.ArtifactRepositoryRef{})
		switch {
		case err == nil:
			return found, nil
		case !apierrors.IsNotFound(err) && !errors.Is(err, errNoDefault):
			return nil, err
		}
		if common := r.Config().ArtifactRepository; common != nil {
			return &wfv1.ArtifactRepositoryRefStatus{Default: true, ArtifactRepository: common}, nil
		}
		return nil, nil
	}
	found, err := r.get(ctx, namespace, *ref)
	if apierrors.IsNotFound(err) && r.Namespace != namespace {
		found, err = r.get(ctx, r.Namespace, *ref)
	}
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("failed to find artifact repository %q, neither in namespace %s nor in %s: %w", describe("", *ref), namespace, r.Namespace, err)
	}
	return found, err
}

// StoresLogs tells whether a repository that workflows of a namespace get by default stores all logs.
func (r *Resolver) StoresLogs(namespace string) bool {
	found, err := r.Resolve(context.Background(), namespace, nil) // served from memory
	return err == nil && found != nil && found.ArtifactRepository.ArchiveLogs != nil && *found.ArtifactRepository.ArchiveLogs
}

// get reads a repository from a ConfigMap.
func (r *Resolver) get(ctx context.Context, namespace string, ref wfv1.ArtifactRepositoryRef) (*wfv1.ArtifactRepositoryRefStatus, error) {
	explicit := ref.ConfigMap != "" || ref.Key != ""
	if ref.ConfigMap == "" {
		ref.ConfigMap = ConfigMapName
	}
	configMap, err := r.configMap(ctx, namespace, ref.ConfigMap, explicit)
	if err != nil {
		return nil, err
	}
	if ref.Key == "" {
		if ref.Key = configMap.Annotations[wfv1.AnnotationKeyDefaultArtifactRepository]; ref.Key == "" {
			return nil, fmt.Errorf("artifact repository %q: %w", describe(namespace, ref), errNoDefault)
		}
	}
	text, ok := configMap.Data[ref.Key]
	if !ok {
		return nil, fmt.Errorf("config map missing key %s for artifact repository ref %q", ref.Key, describe(namespace, ref))
	}
	parsed, err := config.ParseRepository(text)
	if err != nil {
		return nil, fmt.Errorf("failed to unmarshal artifact repository %q: %w", describe(namespace, ref), err)
	}
	return &wfv1.ArtifactRepositoryRefStatus{ArtifactRepositoryRef: ref, Namespace: namespace, ArtifactRepository: parsed}, nil
}

// configMap reads a ConfigMap, from memory when it is one of those that are kept there. One that a workflow names itself, it
// asks for when it is not there: it may have been made a moment before the workflow.
func (r *Resolver) configMap(ctx context.Context, namespace, name string, explicit bool) (*corev1.ConfigMap, error) {
	if name == ConfigMapName {
		obj, ok, err := r.Shared.GetByKey(namespace + "/" + name)
		if err != nil {
			return nil, err
		}
		if found, is := obj.(*corev1.ConfigMap); ok && is {
			return found, nil
		}
		if !explicit {
			return nil, apierrors.NewNotFound(corev1.Resource("configmaps"), name)
		}
	}
	return r.ConfigMaps.ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
}

// describe names a reference as messages do.
func describe(namespace string, ref wfv1.ArtifactRepositoryRef) string {
	name := ref.ConfigMap
	if name == "" {
		name = ConfigMapName
	}
	if namespace != "" {
		name = namespace + "/" + name
	}
	return name + "#" + ref.Key
}
