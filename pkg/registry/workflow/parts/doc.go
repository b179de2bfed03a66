// Package parts keeps the large parts of workflows that stay the same while a run goes on: templates, arguments, the record
// of who owns which field, and the templates that were read by reference. Each step of a run writes its workflow, and without
// this it would write, decode and copy all of that with it.
//
// A part that is larger than a limit is stored as a record of its own, under the UID of the workflow and the digest of the
// content, before the workflow that refers to it. The workflow as it is stored and as the watch cache holds it has the digest
// instead. Records never change, so that each version of a workflow finds its own, and what a digest stands for is decoded
// once and shared. Nobody above the storage sees any of it: Whole puts the parts back into all that is read.
package parts
