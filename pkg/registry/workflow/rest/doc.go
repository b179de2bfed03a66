// Package rest puts the storage of all kinds and subresources of the API group together.
package rest
