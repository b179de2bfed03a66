// Package cli is kubectl-workflow, the kubectl plugin: `kubectl workflow submit`, `get`, `logs`, `retry` and the like. One file
// is a command; what commands share about the cluster, manifests, trees, logs and the terminal is in the packages below.
package cli
