package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// comparedLabels are those that the system sets and that do not depend on who runs the example.
var comparedLabels = []string{
	v1alpha1.LabelKeyPhase, v1alpha1.LabelKeyCompleted, v1alpha1.LabelKeyWorkflowTemplate, v1alpha1.LabelKeyClusterWorkflowTemplate,
}

// differences are what two records of the same example do not have in common.
type differences struct {
	// phase is set when the run ended in another phase or with another message; the tree then follows from it.
	phase string
	// tree are the differences of nodes and of the rest of the status, one a line.
	tree []string
}

func (d differences) none() bool { return d.phase == "" && len(d.tree) == 0 }

// compare returns how a run differs from the record. Both are normalised. Order counts neither among nodes nor among children.
func compare(got, want record) differences {
	var d differences
	if got.Phase != want.Phase || got.Message != want.Message {
		d.phase = fmt.Sprintf("%s, want %s", ending(got), ending(want))
	}
	if got.Progress != want.Progress {
		d.say("progress %s, want %s", got.Progress, want.Progress)
	}
	for _, key := range comparedLabels {
		if got.Labels[key] != want.Labels[key] {
			d.say("label %s is %q, want %q", key, got.Labels[key], want.Labels[key])
		}
	}
	if g, w := conditions(got.Conditions), conditions(want.Conditions); g != w {
		d.say("conditions %s, want %s", g, w)
	}
	if g, w := asJSON(got.Outputs), asJSON(want.Outputs); g != w {
		d.say("outputs %s, want %s", g, w)
	}
	d.nodes(got.Nodes, want.Nodes)
	return d
}

func (d *differences) say(format string, args ...any) {
	d.tree = append(d.tree, fmt.Sprintf(format, args...))
}

func (d *differences) nodes(got, want []nodeRecord) {
	wanted := map[string]nodeRecord{}
	for _, n := range want {
		wanted[n.Name] = n
	}
	for _, g := range got {
		w, ok := wanted[g.Name]
		if !ok {
			d.say("%s: not in the record (%s %s %q)", g.Name, g.Type, g.Phase, g.Message)
			continue
		}
		delete(wanted, g.Name)
		d.node(g, w)
	}
	for _, w := range want {
		if _, missing := wanted[w.Name]; missing {
			d.say("%s: missing (%s %s %q)", w.Name, w.Type, w.Phase, w.Message)
		}
	}
}

// node compares field by field, so that the table names the field.
func (d *differences) node(got, want nodeRecord) {
	g, w := fields(got), fields(want)
	keys := make([]string, 0, len(g))
	for key := range g {
		keys = append(keys, key)
	}
	for key := range w {
		if _, ok := g[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if g[key] != w[key] {
			d.say("%s: %s %s, want %s", got.Name, key, orNone(g[key]), orNone(w[key]))
		}
	}
}

// fields returns the fields of a node as JSON. Lists whose order means nothing are sorted first.
func fields(n nodeRecord) map[string]string {
	n.Children = sorted(n.Children)
	n.OutboundNodes = sorted(n.OutboundNodes)
	byName := func(a, b parameter) int { return strings.Compare(a.Name, b.Name) }
	n.Inputs = slices.SortedFunc(slices.Values(n.Inputs), byName)
	n.Outputs = slices.SortedFunc(slices.Values(n.Outputs), byName)
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(asJSON(n)), &raw); err != nil {
		panic(err) // it has just been written
	}
	out := map[string]string{}
	for key, value := range raw {
		out[key] = string(value)
	}
	return out
}

// sorted copies, and makes absent and empty the same.
func sorted(list []string) []string {
	out := append([]string{}, list...)
	slices.Sort(out)
	return out
}

func conditions(list []condition) string {
	var texts []string
	for _, c := range list {
		texts = append(texts, strings.TrimSuffix(c.Type+"="+c.Status+" "+c.Message, " "))
	}
	slices.Sort(texts)
	return "[" + strings.Join(texts, ", ") + "]"
}

func ending(r record) string {
	if r.Message == "" {
		return r.Phase
	}
	return fmt.Sprintf("%s %q", r.Phase, r.Message)
}

func asJSON(v any) string {
	content, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of texts
	}
	return string(content)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
