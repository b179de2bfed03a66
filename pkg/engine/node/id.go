// Package node knows what a node of a workflow is called, which ID and pod name follow from that, and how the edges
// between nodes are stored and shown.
package node

import (
	"hash/fnv"
	"strconv"
)

// ID gives the ID of the node with this name (NOD-11): the workflow's name for the root, else the workflow's name and the
// decimal FNV-1a hash of the node's name.
func ID(workflowName, nodeName string) string {
	if nodeName == workflowName {
		return workflowName
	}
	return workflowName + "-" + Hash(nodeName)
}

// Hash is the 32-bit FNV-1a hash of a node's name in decimal, as node IDs and pod names carry it.
func Hash(nodeName string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(nodeName)) // never fails
	return strconv.FormatUint(uint64(h.Sum32()), 10)
}
