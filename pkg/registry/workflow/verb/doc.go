// Package verb serves the subresources that act: suspend, resume, stop, terminate, retry, resubmit and set of workflows,
// submit of templates and cron workflows, suspend, resume and backfill of cron workflows. Each is a POST with typed options
// and a right of its own.
package verb
