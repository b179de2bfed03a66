package main

import (
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// recordOf writes down a workflow as the reference's workflows are, nodes in order of creation.
func recordOf(wf *v1alpha1.Workflow) record {
	r := record{
		Phase:    string(wf.Status.Phase),
		Message:  wf.Status.Message,
		Progress: string(wf.Status.Progress),
		Labels:   wf.Labels,
	}
	for _, c := range wf.Status.Conditions {
		r.Conditions = append(r.Conditions, condition{Type: string(c.Type), Status: string(c.Status), Message: c.Message})
	}
	if o := wf.Status.Outputs; o != nil {
		r.Outputs = &outputsRecord{Parameters: parametersOf(o.Parameters)}
	}
	nodes := wf.Status.Nodes
	for _, n := range node.FromWire(nodes) {
		r.Nodes = append(r.Nodes, nodeRecordOf(nodes, nodes[n.ID]))
	}
	return newNormaliser(wf.Namespace, wf.Name).record(r)
}

func nodeRecordOf(nodes v1alpha1.Nodes, n v1alpha1.NodeStatus) nodeRecord {
	r := nodeRecord{
		DisplayName:   n.DisplayName,
		Name:          n.Name,
		Type:          string(n.Type),
		Phase:         string(n.Phase),
		Message:       n.Message,
		Template:      n.TemplateName,
		Boundary:      displayName(nodes, n.BoundaryID),
		Children:      displays(nodes, n.Children),
		OutboundNodes: displays(nodes, n.OutboundNodes),
	}
	if t := n.TemplateRef; t != nil {
		r.TemplateRef = &templateRef{Name: t.Name, Template: t.Template, ClusterScope: t.ClusterScope}
	}
	if f := n.NodeFlag; f != nil {
		r.NodeFlag = &nodeFlag{Hooked: f.Hooked, Retried: f.Retried}
	}
	if n.Inputs != nil {
		r.Inputs = parametersOf(n.Inputs.Parameters)
	}
	if o := n.Outputs; o != nil {
		r.Outputs, r.ExitCode, r.Result = parametersOf(o.Parameters), o.ExitCode, o.Result
	}
	if m := n.MemoizationStatus; m != nil {
		r.Memoization = &memoizeState{CacheName: m.CacheName, Hit: m.Hit, Key: m.Key}
	}
	return r
}

func displays(nodes v1alpha1.Nodes, ids []string) []string {
	var names []string
	for _, id := range ids {
		names = append(names, displayName(nodes, id))
	}
	return names
}

// displayName is the display name of a node; of a node that is not there, its ID, to be seen in the table.
func displayName(nodes v1alpha1.Nodes, id string) string {
	n, ok := nodes[id]
	switch {
	case id == "":
		return ""
	case !ok:
		return "missing node " + id
	case n.DisplayName != "":
		return n.DisplayName
	}
	return n.Name
}

func parametersOf(list []v1alpha1.Parameter) []parameter {
	var out []parameter
	for _, p := range list {
		if p.Value != nil {
			out = append(out, parameter{Name: p.Name, Value: string(*p.Value)})
		}
	}
	return out
}
