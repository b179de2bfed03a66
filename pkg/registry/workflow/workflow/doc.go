// Package workflow decides what of a Workflow a client may write: what is prepared and checked when one is created,
// updated, or has its status written.
package workflow
