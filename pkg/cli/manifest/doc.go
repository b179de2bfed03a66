// Package manifest reads manifests from files, directories, addresses and standard input, and changes workflows in them as the
// flags of a submission say.
package manifest
