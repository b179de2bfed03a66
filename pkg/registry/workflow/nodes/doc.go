// Package nodes keeps the node tables of workflows that have outgrown their object: pages of 64 nodes, each a value of
// its own in a storage that is never served by itself.
//
// Pages are written before the header (the Workflow object) and the header is the commit, so no operation ever needs
// more than a compare-and-swap of one key. A header remembers the highest revision among the pages of its commit; reading
// the pages at exactly that revision gives what was committed, whatever is being written meanwhile.
package nodes
