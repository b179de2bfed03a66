package storage

import (
	"encoding/json"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// nodeBytes is more than a node's JSON takes without inputs, outputs and the strings that are counted.
const nodeBytes = 640

// fitsInline tells whether the JSON of the nodes has at most so many bytes. Encoding is the most expensive part of a
// write, so small tables are judged by an estimate that is never too low in practice.
func fitsInline(nodes v1alpha1.Nodes, limit int64) bool {
	estimate := int64(0)
	for id := range nodes {
		n := nodes[id]
		if n.Inputs != nil || n.Outputs != nil || n.TemplateRef != nil || n.MemoizationStatus != nil || n.SynchronizationStatus != nil {
			return encodedSize(nodes) <= limit
		}
		estimate += int64(nodeBytes + 2*len(n.ID) + len(n.Name) + len(n.DisplayName) + len(n.TemplateName) + len(n.TemplateScope) +
			len(n.BoundaryID) + 2*len(n.Message) + len(n.HostNodeName))
		for _, child := range n.Children {
			estimate += int64(len(child) + 3)
		}
		for _, outbound := range n.OutboundNodes {
			estimate += int64(len(outbound) + 3)
		}
	}
	return estimate <= limit || encodedSize(nodes) <= limit
}

func encodedSize(nodes v1alpha1.Nodes) int64 {
	data, err := json.Marshal(nodes)
	if err != nil {
		return 0 // storing it fails with the same error, and says more
	}
	return int64(len(data))
}
