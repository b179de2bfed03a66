package enginetest

import (
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/engine"
)

// runCase runs the spec of a workflow called wf; outcomes are by node name, every other pod succeeds.
func runCase(t *testing.T, spec string, outcomes map[string]Outcome, change ...func(*Driver)) *Driver {
	t.Helper()
	wf, err := Parse("metadata: {name: wf, namespace: ns}\nspec:\n" + indent(spec))
	if err != nil {
		t.Fatal(err)
	}
	d := New(wf, func(request engine.PodRequest) Outcome { return outcomes[request.NodeName] })
	for _, f := range change {
		f(d)
	}
	if err := d.Run(); err != nil {
		t.Fatal(err)
	}
	return d
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.Trim(text, "\n"), "\n", "\n  ")
}

// expect compares the whole tree, and `phase message` of the workflow.
func expect(t *testing.T, d *Driver, workflow, tree string) {
	t.Helper()
	st := d.Workflow.Status
	if got := strings.TrimSpace(string(st.Phase) + " " + st.Message); got != workflow {
		t.Errorf("workflow: %q, want %q", got, workflow)
	}
	want := strings.ReplaceAll(strings.TrimSpace(tree), "\t", "")
	if got := Tree(d.Records()); got != want {
		t.Errorf("nodes:\n%s\nwant:\n%s", got, want)
	}
}

const leaves = `
- name: ok
  container: {image: i}
- name: echo
  inputs: {parameters: [{name: p}]}
  container: {image: i, args: ["{{inputs.parameters.p}}"]}
- name: echod
  inputs: {parameters: [{name: p, default: dflt}]}
  container: {image: i, args: ["{{inputs.parameters.p}}"]}
- name: out
  script: {image: i, source: s}
  outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}
- name: outd
  script: {image: i, source: s}
  outputs: {parameters: [{name: o, valueFrom: {path: /o, default: od}}]}
`

func templates(main string) string {
	return "entrypoint: main\ntemplates:\n" + strings.TrimSpace(main) + leaves
}

func input(d *Driver, node string) string {
	for _, n := range d.Nodes {
		if n.Name == node {
			return inputs(n.Inputs)
		}
	}
	return "no node"
}
