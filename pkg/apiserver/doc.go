// Package apiserver is the aggregated API server: a generic Kubernetes API server with our kinds in it.
package apiserver
