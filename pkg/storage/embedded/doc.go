// Package embedded runs etcd inside the API server's process: the default storage of an installation with one replica.
// Clients reach it through a unix socket only, so there is no port to open and no certificate to make.
package embedded
