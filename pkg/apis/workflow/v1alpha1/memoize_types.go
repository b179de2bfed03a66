package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// Memoize lets a template reuse the outputs of an earlier run with the same key instead of running again.
type Memoize struct {
	// Key of the outputs; variables are replaced. Letters, digits and dashes, beginning with a letter or digit.
	Key string `json:"key"`
	// Where outputs are kept.
	Cache *Cache `json:"cache"`
	// How old outputs may be to be reused, as a duration such as `30m` or `72h`. Empty: any age.
	// +optional
	MaxAge string `json:"maxAge"`
}

// Cache tells where outputs of memoized templates are kept.
type Cache struct {
	// Name of a ConfigMap in the workflow's namespace. It is made when needed and carries the label
	// `workflows.argoproj.io/configmap-type: Cache`; one without that label is not touched.
	ConfigMap *corev1.LocalObjectReference `json:"configMap"`
}

// MemoizationStatus tells what the cache had for a node.
type MemoizationStatus struct {
	// The outputs were taken from the cache, and nothing ran.
	Hit bool `json:"hit"`
	// The key that was looked up.
	Key string `json:"key"`
	// Name of the ConfigMap.
	CacheName string `json:"cacheName"`
}
