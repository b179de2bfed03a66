// Package identity protects against serving a store that lost data. Pods are owned by Workflows; if the API server came
// back with an empty or older store, it would answer that running Workflows do not exist, and Kubernetes' garbage
// collector would delete their pods.
//
// Two things are compared before anything is served: an identity that is written once into the store, and a marker
// outside of it (a ConfigMap) that holds the same identity and the highest revision seen so far.
package identity
