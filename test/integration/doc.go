// Package integration tests the API server as a client sees it: one process with its embedded etcd, without a cluster.
package integration
