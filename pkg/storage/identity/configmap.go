package identity

import (
	"context"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// DefaultConfigMapName is the name of the marker in the server's namespace.
const DefaultConfigMapName = "fairlead-store-identity"

const (
	dataID       = "id"
	dataRevision = "revision"
)

// ConfigMapClient is the part of a typed ConfigMap client, bound to the server's namespace, that the marker needs.
type ConfigMapClient interface {
	Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.ConfigMap, error)
	Create(ctx context.Context, configMap *corev1.ConfigMap, options metav1.CreateOptions) (*corev1.ConfigMap, error)
	Update(ctx context.Context, configMap *corev1.ConfigMap, options metav1.UpdateOptions) (*corev1.ConfigMap, error)
}

type configMapMarker struct {
	client ConfigMapClient
	name   string
}

var _ Marker = configMapMarker{}

// NewConfigMapMarker returns a marker that is the ConfigMap with this name.
func NewConfigMapMarker(client ConfigMapClient, name string) Marker {
	return configMapMarker{client: client, name: name}
}

// Load implements Marker.
func (m configMapMarker) Load(ctx context.Context) (*Record, error) {
	configMap, err := m.client.Get(ctx, m.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return recordOf(configMap)
}

// Save implements Marker.
func (m configMapMarker) Save(ctx context.Context, record Record) (*Record, error) {
	configMap := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name:            m.name,
			ResourceVersion: record.Version,
			Annotations: map[string]string{
				"fairlead.dev/description": "Which store the Fairlead API server serves. Without it a server with an empty or older store would not be noticed; do not edit.",
			},
		},
		Data: map[string]string{
			dataID:       string(record.ID),
			dataRevision: strconv.FormatInt(record.Revision, 10),
		},
	}
	var err error
	if record.Version == "" {
		configMap, err = m.client.Create(ctx, configMap, metav1.CreateOptions{})
	} else {
		configMap, err = m.client.Update(ctx, configMap, metav1.UpdateOptions{})
	}
	if err != nil {
		return nil, err
	}
	return recordOf(configMap)
}

func recordOf(configMap *corev1.ConfigMap) (*Record, error) {
	revision, err := strconv.ParseInt(configMap.Data[dataRevision], 10, 64)
	if err != nil || configMap.Data[dataID] == "" {
		return nil, fmt.Errorf("ConfigMap %s/%s does not hold an %s and a %s: delete it if nothing is lost by that",
			configMap.Namespace, configMap.Name, dataID, dataRevision)
	}
	return &Record{ID: types.UID(configMap.Data[dataID]), Revision: revision, Version: configMap.ResourceVersion}, nil
}
