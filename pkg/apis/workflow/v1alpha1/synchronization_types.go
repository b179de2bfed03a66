package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// Synchronization lists the locks that a workflow or node holds while it runs. It gets all of them at once or waits for
// all of them.
type Synchronization struct {
	// Semaphores: locks that a set number of holders share.
	// +optional
	// +listType=atomic
	Semaphores []*SemaphoreRef `json:"semaphores,omitempty"`
	// Mutexes: locks with one holder.
	// +optional
	// +listType=atomic
	Mutexes []*Mutex `json:"mutexes,omitempty"`
}

// SemaphoreRef names a semaphore by the place where its limit is kept: exactly one of `configMapKeyRef` and `database`.
type SemaphoreRef struct {
	// ConfigMap key whose value is the limit, a positive whole number. Changes count at once.
	// +optional
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef,omitempty"`
	// Namespace of the ConfigMap. Default: the workflow's.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Limit in the database that several controllers share.
	// +optional
	Database *SyncDatabaseRef `json:"database,omitempty"`
}

// SyncDatabaseRef names a semaphore in the database.
type SyncDatabaseRef struct {
	// Name of the semaphore.
	Key string `json:"key"`
}

// Mutex names a lock with one holder.
type Mutex struct {
	// Name of the lock; it needs no object.
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace that the name belongs to. Default: the workflow's.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Keep the lock in the database that several controllers share. Default: false.
	// +optional
	Database bool `json:"database,omitempty"`
}

// SynchronizationStatus lists the locks that a workflow and its nodes hold and wait for.
type SynchronizationStatus struct {
	// Semaphores.
	// +optional
	Semaphore *SemaphoreStatus `json:"semaphore,omitempty"`
	// Mutexes.
	// +optional
	Mutex *MutexStatus `json:"mutex,omitempty"`
}

// SemaphoreStatus lists semaphores.
type SemaphoreStatus struct {
	// Those that are held.
	// +optional
	// +listType=atomic
	Holding []SemaphoreHolding `json:"holding,omitempty"`
	// Those that are waited for.
	// +optional
	// +listType=atomic
	Waiting []SemaphoreHolding `json:"waiting,omitempty"`
}

// SemaphoreHolding tells who of a workflow holds or waits for a semaphore.
type SemaphoreHolding struct {
	// The semaphore, as `<namespace>/ConfigMap/<name>/<key>` or `<namespace>/Database/<key>`.
	// +optional
	Semaphore string `json:"semaphore,omitempty"`
	// Who, as `<namespace>/<workflow>` or `<namespace>/<workflow>/<node ID>`: the holders under `holding`, and under
	// `waiting` those in the way.
	// +optional
	// +listType=atomic
	Holders []string `json:"holders,omitempty"`
}

// MutexStatus lists mutexes.
type MutexStatus struct {
	// Those that are held.
	// +optional
	// +listType=atomic
	Holding []MutexHolding `json:"holding,omitempty"`
	// Those that are waited for.
	// +optional
	// +listType=atomic
	Waiting []MutexHolding `json:"waiting,omitempty"`
}

// MutexHolding tells who of a workflow holds or waits for a mutex.
type MutexHolding struct {
	// The mutex, as `<namespace>/Mutex/<name>`.
	// +optional
	Mutex string `json:"mutex,omitempty"`
	// Who, as `<namespace>/<workflow>` or `<namespace>/<workflow>/<node ID>`: the holder under `holding`, and under
	// `waiting` the one in the way.
	// +optional
	Holder string `json:"holder,omitempty"`
}

// NodeSynchronizationStatus tells what lock a node waits for.
type NodeSynchronizationStatus struct {
	// Name of the lock. Empty: the node waits for none.
	// +optional
	Waiting string `json:"waiting,omitempty"`
}
