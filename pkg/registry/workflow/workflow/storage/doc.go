// Package storage serves Workflows: as ordinary objects while their nodes fit in, and beyond that as a header with pages
// of nodes that looks like an ordinary object to whoever reads or writes it whole.
package storage
