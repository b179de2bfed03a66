package artifacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/location"
)

// Source opens artifacts of workflows.
type Source struct {
	// Resources reads the Secrets and ConfigMaps of a namespace.
	Resources func(namespace string) artifact.Resources
	// Guard tells to which addresses this server may connect, where a user's location leads; nil: to all.
	Guard artifact.Guard
	// Drivers are the names of the artifact drivers of others that run beside this server.
	Drivers []string
	// NameNodes are the addresses of those of HDFS that are asked. Their clients take as much memory as the other side says that
	// its answer has: it must not be a user who says which ones these are.
	NameNodes []string
	// Uploads say where files go that users bring; nil: nowhere.
	Uploads *Uploads
}

// NewSource reads credentials from the cluster. client must be allowed to get the Secrets that artifacts name.
func NewSource(client corev1client.CoreV1Interface) *Source {
	return &Source{Resources: func(namespace string) artifact.Resources {
		return clusterResources{client: client, namespace: namespace}
	}}
}

// Driver gives the driver for an artifact of a workflow, and the artifact with its whole location. Errors are for the client.
func (s *Source) Driver(ctx context.Context, wf *v1alpha1.Workflow, declared *v1alpha1.Artifact) (artifact.Driver, *v1alpha1.Artifact, error) {
	a := declared.DeepCopy()
	var repository *v1alpha1.ArtifactRepository
	if ref := wf.Status.ArtifactRepositoryRef; ref != nil {
		repository = ref.ArtifactRepository
	}
	if err := location.Relocate(a, repository, ""); err != nil {
		return nil, nil, notFound(fmt.Sprintf("the artifact %q of workflow %s cannot be found: %v", a.Name, wf.Name, err))
	}
	l := &a.ArtifactLocation
	switch kind := artifact.KindOf(l); {
	case kind == artifact.KindHTTP, kind == artifact.KindArtifactory, kind == artifact.KindGit:
		return nil, nil, refused(http.StatusNotImplemented, fmt.Sprintf("the artifact %q is at %s: get it there, this server only reads artifact stores", a.Name, artifact.Describe(l)))
	case kind == artifact.KindAzure && l.Azure.AccountKeySecret == nil && !l.Azure.UseSDKCreds:
		// Without a login this would be a way to have the server fetch from wherever a user likes.
		return nil, nil, refused(http.StatusNotImplemented, fmt.Sprintf("the artifact %q is at %s, open to everybody: get it there", a.Name, artifact.Describe(l)))
	case kind == artifact.KindPlugin && !slices.Contains(s.Drivers, string(l.Plugin.Name)):
		return nil, nil, refused(http.StatusNotImplemented, fmt.Sprintf("the artifact %q is kept by the artifact driver %s, which does not run beside this server: its administrator can add it as a sidecar and name it with --artifact-drivers", a.Name, l.Plugin.Name))
	case kind == artifact.KindHDFS && !s.asksAll(l.HDFS.Addresses):
		return nil, nil, refused(http.StatusNotImplemented, fmt.Sprintf("the artifact %q is at %s, whose name nodes this server is not to ask: its administrator can name them with --artifact-hdfs-name-nodes", a.Name, artifact.Describe(l)))
	case artifact.Ambient(l):
		return nil, nil, refused(http.StatusNotImplemented, fmt.Sprintf("the artifact %q (%s) is read with the credentials of the workflow's pods, which this server does not have: give its location Secrets with credentials", a.Name, artifact.Describe(l)))
	}
	if s.Guard != nil {
		ctx = artifact.WithGuard(ctx, s.Guard)
	}
	driver, err := artifact.New(ctx, l, s.Resources(wf.Namespace))
	if err != nil {
		return nil, nil, asStatus(err, wf.Namespace)
	}
	return driver, a, nil
}

// asksAll tells whether all addresses are of name nodes that this server asks.
func (s *Source) asksAll(addresses []string) bool {
	return !slices.ContainsFunc(addresses, func(address string) bool { return !slices.Contains(s.NameNodes, address) })
}

// OpenLog opens a log that was saved as an artifact.
func (s *Source) OpenLog(ctx context.Context, wf *v1alpha1.Workflow, log *v1alpha1.Artifact) (io.ReadCloser, error) {
	driver, a, err := s.Driver(ctx, wf, log)
	if err != nil {
		return nil, err
	}
	stream, _, err := driver.Open(ctx, a, artifact.Whole)
	if err != nil {
		return nil, asStatus(err, wf.Namespace)
	}
	return stream, nil
}

// asStatus makes an error of a driver an answer.
func asStatus(err error, namespace string) error {
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, artifact.ErrNotFound):
		return notFound(err.Error())
	case apierrors.IsForbidden(err):
		return refused(http.StatusForbidden, fmt.Sprintf("this server may not read the credentials of the artifact: %v. Let its service account get these Secrets of namespace %s (manifests/components/artifact-access grants it for all namespaces)", err, namespace))
	case errors.As(err, &status):
		return err
	case errors.Is(err, artifact.ErrForbiddenAddress):
		return refused(http.StatusForbidden, err.Error()+" (--artifact-store-denied-networks of this server)")
	case errors.Is(err, artifact.ErrIncomplete):
		return refused(http.StatusConflict, err.Error())
	case errors.Is(err, artifact.ErrNotSupported):
		return refused(http.StatusNotImplemented, err.Error())
	}
	return apierrors.NewServiceUnavailable(err.Error())
}

func notFound(message string) error { return refused(http.StatusNotFound, message) }

// refused is an error with this HTTP status.
func refused(code int32, message string) error {
	reason := map[int32]metav1.StatusReason{
		http.StatusNotFound: metav1.StatusReasonNotFound, http.StatusForbidden: metav1.StatusReasonForbidden, http.StatusGone: metav1.StatusReasonGone,
	}[code]
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}}
}

// clusterResources reads from the API, at each request: credentials may have been rotated.
type clusterResources struct {
	client    corev1client.CoreV1Interface
	namespace string
}

// WorkflowNamespace is what artifact drivers of others are told.
func (r clusterResources) WorkflowNamespace() string { return r.namespace }

// Secret implements artifact.Resources.
func (r clusterResources) Secret(ctx context.Context, name, key string) ([]byte, error) {
	secret, err := r.client.Secrets(r.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	value, ok := secret.Data[key]
	if !ok {
		return nil, refused(http.StatusNotFound, fmt.Sprintf("Secret %s/%s, which the artifact's location names, has no key %q", r.namespace, name, key))
	}
	return value, nil
}

// ConfigMap implements artifact.Resources.
func (r clusterResources) ConfigMap(ctx context.Context, name, key string) ([]byte, error) {
	configMap, err := r.client.ConfigMaps(r.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	value, ok := configMap.Data[key]
	if !ok {
		return nil, refused(http.StatusNotFound, fmt.Sprintf("ConfigMap %s/%s, which the artifact's location names, has no key %q", r.namespace, name, key))
	}
	return []byte(value), nil
}
