// Package tree draws a workflow for people: who contains whom, in what order, how far it is. It is pure: nodes and a time in,
// lines out.
package tree
