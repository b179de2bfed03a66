// Package artifacts serves `workflows/{name}/artifacts`: what the steps of a workflow left in an artifact store, as bytes. Who
// may get that subresource reads them without any right on the store: the server reads with the credentials that the
// workflow's own pods were given.
package artifacts
