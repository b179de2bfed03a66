package main

import (
	"regexp"
	"strings"
)

// namespaceOfRecords is the namespace that the records were made in.
const namespaceOfRecords = "argo"

var (
	uid       = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	timestamp = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d)?( UTC)?`)
	address   = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	hash      = regexp.MustCompile(`\bWF-\d{5,10}\b`)
	// generated is the end of a name that the API server made up.
	generated = regexp.MustCompile(`\b([a-z0-9]+)-[bcdfghjklmnpqrstvwxz2456789]{5}\b`)
	version   = regexp.MustCompile(`"resourceVersion":"\d+"`)
)

// normaliser replaces what differs from run to run by fixed words, in texts of the run and of the record alike.
type normaliser struct{ names *strings.Replacer }

// newNormaliser is for one workflow. An empty name leaves names as they are: in a record they are replaced already.
func newNormaliser(namespace, name string) normaliser {
	var pairs []string
	if name != "" {
		pairs = append(pairs, name, "WF")
	}
	if namespace != "" {
		pairs = append(pairs, namespace, namespaceOfRecords)
	}
	return normaliser{strings.NewReplacer(pairs...)}
}

func (n normaliser) text(s string) string {
	s = n.names.Replace(s)
	s = uid.ReplaceAllString(s, "UID")
	s = timestamp.ReplaceAllString(s, "TS")
	s = address.ReplaceAllString(s, "IP")
	s = hash.ReplaceAllString(s, "WF-HASH")
	s = generated.ReplaceAllString(s, "$1-RANDOM")
	return version.ReplaceAllString(s, `"resourceVersion":"RV"`)
}

func (n normaliser) optional(s *string) *string {
	if s == nil {
		return nil
	}
	t := n.text(*s)
	return &t
}

func (n normaliser) parameters(list []parameter) []parameter {
	var out []parameter
	for _, p := range list {
		out = append(out, parameter{Name: p.Name, Value: n.text(p.Value)})
	}
	return out
}

// record normalises the texts of a record; names of nodes are texts too.
func (n normaliser) record(r record) record {
	r.Message = n.text(r.Message)
	nodes := make([]nodeRecord, len(r.Nodes))
	for i, x := range r.Nodes {
		x.DisplayName, x.Name, x.Message, x.Boundary = n.text(x.DisplayName), n.text(x.Name), n.text(x.Message), n.text(x.Boundary)
		x.Children, x.OutboundNodes = n.texts(x.Children), n.texts(x.OutboundNodes)
		x.Inputs, x.Outputs = n.parameters(x.Inputs), n.parameters(x.Outputs)
		x.ExitCode, x.Result = n.optional(x.ExitCode), n.optional(x.Result)
		nodes[i] = x
	}
	r.Nodes = nodes
	if r.Outputs != nil {
		r.Outputs = &outputsRecord{Parameters: n.parameters(r.Outputs.Parameters)}
	}
	return r
}

func (n normaliser) texts(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, n.text(s))
	}
	return out
}
