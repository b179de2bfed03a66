// Package client speaks with the workflow API of a cluster: it finds the API group by discovery, reads workflows without
// their nodes, nodes page by page, and only what has changed of them.
//
// Objects are decoded into the types of this repository wherever their fields are needed; what is printed stays as the server
// sent it. Nothing here depends on the API group that this program was built with.
package client
