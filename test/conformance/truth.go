package main

import "regexp"

// truth is the record of one example: of one workflow, or of several that were made from its templates.
type truth struct {
	Remarks []string `json:"remarks"`
	record
	Workflows []record `json:"workflows"`
}

// record is what is compared of a workflow, in the form that the records have.
type record struct {
	Phase      string            `json:"phase"`
	Message    string            `json:"message"`
	Progress   string            `json:"progress"`
	Nodes      []nodeRecord      `json:"nodes"`
	Conditions []condition       `json:"conditions"`
	Labels     map[string]string `json:"labels"`
	Outputs    *outputsRecord    `json:"outputs,omitempty"`
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

type outputsRecord struct {
	Parameters []parameter `json:"parameters"`
}

// nodeRecord is a node. Other nodes are named by their display name, as node IDs depend on the name of the workflow.
type nodeRecord struct {
	DisplayName   string        `json:"displayName"`
	Name          string        `json:"name"`
	Type          string        `json:"type"`
	Phase         string        `json:"phase"`
	Message       string        `json:"message"`
	Template      string        `json:"template"`
	TemplateRef   *templateRef  `json:"templateRef,omitempty"`
	Boundary      string        `json:"boundary"`
	Children      []string      `json:"children"`
	OutboundNodes []string      `json:"outboundNodes,omitempty"`
	NodeFlag      *nodeFlag     `json:"nodeFlag,omitempty"`
	Inputs        []parameter   `json:"inputs.parameters,omitempty"`
	Outputs       []parameter   `json:"outputs.parameters,omitempty"`
	ExitCode      *string       `json:"outputs.exitCode,omitempty"`
	Result        *string       `json:"outputs.result,omitempty"`
	Memoization   *memoizeState `json:"memoizationStatus,omitempty"`
}

type templateRef struct {
	Name         string `json:"name"`
	Template     string `json:"template"`
	ClusterScope bool   `json:"clusterScope,omitempty"`
}

type nodeFlag struct {
	Hooked  bool `json:"hooked,omitempty"`
	Retried bool `json:"retried,omitempty"`
}

type parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type memoizeState struct {
	CacheName string `json:"cacheName"`
	Hit       bool   `json:"hit"`
	Key       string `json:"key"`
}

// records returns what the reference has on each workflow that was made of the file.
func (t *truth) records() []record {
	if len(t.Workflows) > 0 {
		return t.Workflows
	}
	return []record{t.record}
}

var ranTemplate = regexp.MustCompile(`^run as workflowTemplateRef of (\S+)$`)

// templatesRun returns the templates that the reference ran because the file has no workflow of its own.
func (t *truth) templatesRun() []string {
	var names []string
	for _, remark := range t.Remarks {
		if m := ranTemplate.FindStringSubmatch(remark); m != nil {
			names = append(names, m[1])
		}
	}
	return names
}

// inProgress tells whether the record shows a workflow that had not ended.
func (t *truth) inProgress() bool {
	for _, r := range t.records() {
		if r.Phase == "Running" || r.Phase == "Pending" || r.Phase == "" {
			return true
		}
	}
	return false
}

// ranAsPod tells whether a template has a pod in the record. Templates that the flow never reached need nothing.
func (t *truth) ranAsPod(template string) bool {
	for _, r := range t.records() {
		for _, n := range r.Nodes {
			if n.Type != "Pod" {
				continue
			}
			if n.Template == template || n.Template == "" || n.TemplateRef != nil && n.TemplateRef.Template == template {
				return true
			}
		}
	}
	return false
}

// outputOf is the value of a node's output in the record; nil when it has none.
func (r record) outputOf(node, name string) *string {
	for _, n := range r.Nodes {
		if n.Name != node {
			continue
		}
		for _, p := range n.Outputs {
			if p.Name == name {
				return &p.Value
			}
		}
	}
	return nil
}
