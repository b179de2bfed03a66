package artifact

import (
	"context"

	corev1 "k8s.io/api/core/v1"
)

// SecretValue reads what a selector of a location names; empty without a selector.
func SecretValue(ctx context.Context, resources Resources, selector *corev1.SecretKeySelector) (string, error) {
	if selector == nil || selector.Name == "" {
		return "", nil
	}
	value, err := resources.Secret(ctx, selector.Name, selector.Key)
	return string(value), err
}

// ConfigMapValue reads what a selector of a location names; empty without a selector.
func ConfigMapValue(ctx context.Context, resources Resources, selector *corev1.ConfigMapKeySelector) (string, error) {
	if selector == nil || selector.Name == "" {
		return "", nil
	}
	value, err := resources.ConfigMap(ctx, selector.Name, selector.Key)
	return string(value), err
}
