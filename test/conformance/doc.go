// Command conformance runs the public example manifests on a cluster and compares what becomes of them with what the
// reference made of them: end phase, message and the whole node tree. It runs what the examples' own catalogue calls
// local, several at a time, each in a namespace of its own. It prints a table and writes a junit file.
//
// An example is skipped, with the reason, when the reference has no record of it or when it asks for something that this
// version does not have; the latter is read from the manifest. Differences that are meant, or cannot be helped, stand in
// known.tsv with their reason. Any other difference makes the exit code 1.
package main
