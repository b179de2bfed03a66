package lifecycle

import (
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// WithGlobals returns the outputs of a workflow with those that changed nodes publish for it by `globalName` (PRM-13). The
// outputs given stay as they are.
func WithGlobals(outputs *v1alpha1.Outputs, nodes []v1alpha1.NodeStatus) *v1alpha1.Outputs {
	copied := false
	for i := range nodes {
		if nodes[i].Outputs == nil {
			continue
		}
		for _, p := range nodes[i].Outputs.Parameters {
			if p.GlobalName == "" || p.Value == nil {
				continue
			}
			if !copied {
				copied = true
				if outputs = outputs.DeepCopy(); outputs == nil {
					outputs = &v1alpha1.Outputs{}
				}
			}
			p.Name, p.GlobalName, p.ValueFrom = p.GlobalName, "", nil
			if known := outputs.GetParameterByName(p.Name); known != nil {
				*known = p
			} else {
				outputs.Parameters = append(outputs.Parameters, p)
			}
		}
	}
	return outputs
}
