// Package artifacttest helps to test artifact drivers.
package artifacttest

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/artifact"
)

// Resources holds Secrets and ConfigMaps in memory: values by "name/key".
type Resources map[string]string

var _ artifact.Resources = Resources{}

// Secret returns the value under name/key.
func (r Resources) Secret(_ context.Context, name, key string) ([]byte, error) {
	value, ok := r[name+"/"+key]
	if !ok {
		return nil, fmt.Errorf("no key %q of Secret %q", key, name)
	}
	return []byte(value), nil
}

// ConfigMap returns the value under name/key.
func (r Resources) ConfigMap(ctx context.Context, name, key string) ([]byte, error) {
	return r.Secret(ctx, name, key)
}

// Select is a selector for a key of a Secret.
func Select(name, key string) *corev1.SecretKeySelector {
	return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}
}

// SelectConfigMap is a selector for a key of a ConfigMap.
func SelectConfigMap(name, key string) *corev1.ConfigMapKeySelector {
	return &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}
}
