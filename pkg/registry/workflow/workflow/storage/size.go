package storage

import (
	"encoding/json"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Upper bounds for the JSON of parts that hold nothing but a few short fields.
const (
	nodeBytes      = 640
	parameterBytes = 96
	// slack is for characters that JSON escapes.
	slack = 2
)

// fitsInline tells whether the JSON of the nodes has at most so many bytes. Encoding is the most expensive part of a
// write, so it is only done to decide close cases: tables that an estimate on the high side lets pass are small.
func fitsInline(nodes v1alpha1.Nodes, limit int64) bool {
	estimate := int64(0)
	for id := range nodes {
		n := nodes[id]
		estimate += nodeEstimate(&n)
	}
	return estimate <= limit || encodedSize(nodes) <= limit
}

func nodeEstimate(n *v1alpha1.NodeStatus) int64 {
	size := nodeBytes + 2*len(n.ID) + slack*(len(n.Name)+len(n.DisplayName)+len(n.Message)) + len(n.TemplateName) +
		len(n.TemplateScope) + len(n.BoundaryID) + len(n.HostNodeName)
	for _, ids := range [][]string{n.Children, n.OutboundNodes} {
		for _, id := range ids {
			size += len(id) + 3
		}
	}
	estimate := int64(size)
	if n.Inputs != nil {
		estimate += parametersEstimate(n.Inputs.Parameters) + artifactsSize(n.Inputs.Artifacts)
	}
	if n.Outputs != nil {
		estimate += parametersEstimate(n.Outputs.Parameters) + artifactsSize(n.Outputs.Artifacts)
		if n.Outputs.Result != nil {
			estimate += int64(slack * len(*n.Outputs.Result))
		}
	}
	if n.TemplateRef != nil || n.MemoizationStatus != nil || n.SynchronizationStatus != nil {
		estimate += nodeBytes
	}
	return estimate
}

func parametersEstimate(parameters []v1alpha1.Parameter) int64 {
	size := 0
	for i := range parameters {
		p := &parameters[i]
		size += parameterBytes + len(p.Name) + len(p.GlobalName)
		for _, text := range []*v1alpha1.AnyString{p.Value, p.Default, p.Description} {
			if text != nil {
				size += slack * len(*text)
			}
		}
		for _, text := range p.Enum {
			size += slack*len(text) + 3
		}
		if p.ValueFrom != nil {
			size += nodeBytes
		}
	}
	return int64(size)
}

// artifactsSize encodes: where an artifact is has too many forms to estimate.
func artifactsSize(artifacts v1alpha1.Artifacts) int64 {
	if len(artifacts) == 0 {
		return 0
	}
	return encodedSize(artifacts)
}

func encodedSize(value any) int64 {
	data, err := json.Marshal(value)
	if err != nil {
		return 0 // storing it fails with the same error, and says more
	}
	return int64(len(data))
}
