package enginetest

import (
	"strings"
	"testing"
)

// EXP-07 RTY-05 VAR-26: tags in bare expressions are replaced before the expression is read, and those inside other tags first
// (VAR-28), wherever an artifact is named.
func TestTagsInExpressions_EXP07_VAR28(t *testing.T) {
	d := runCase(t, `
entrypoint: main
arguments: {parameters: [{name: which, value: a}, {name: wanted, value: Succeeded}]}
templates:
- name: main
  inputs: {parameters: [{name: which}]}
  steps:
  - - name: a
      template: gen
      hooks:
        "on": {template: gen, expression: "steps.a.status == '{{workflow.parameters.wanted}}'"}
        "off": {template: gen, expression: "'{{steps.a.status}}' == 'Failed'"}
        never: {template: gen, expression: "'{{steps.a.outputs.parameters.nothing}}' == ''"}
  - - {name: b, template: use, arguments: {artifacts: [{name: in, from: "{{steps.{{inputs.parameters.which}}.outputs.artifacts.out}}"}]}}
  outputs:
    parameters:
    - {name: p, valueFrom: {expression: "'{{inputs.parameters.which}}' + steps.{{inputs.parameters.which}}.status"}}
    artifacts:
    - {name: r, from: "{{steps.{{inputs.parameters.which}}.outputs.artifacts.out}}"}
    - {name: s, fromExpression: "'{{inputs.parameters.which}}' == 'a' ? steps.a.outputs.artifacts.out : steps.b.outputs.artifacts.none"}
`+strings.TrimPrefix(artifactLeaves, "\n"), nil, withRepository(""))
	if d.Workflow.Status.Phase != "Succeeded" {
		t.Fatalf("%s %s\n%s", d.Workflow.Status.Phase, d.Workflow.Status.Message, Tree(d.Records()))
	}
	var hooks []string
	for _, n := range d.Records() {
		if strings.Contains(n.Name, ".hooks.") {
			hooks = append(hooks, n.Name)
		}
	}
	if got := strings.Join(hooks, " "); got != "wf[0].a.hooks.on" {
		t.Errorf("hooks that ran: %s", got)
	}
	out := d.Nodes["wf"].Outputs
	if out == nil || len(out.Parameters) != 1 || string(*out.Parameters[0].Value) != "aSucceeded" || len(out.Artifacts) != 2 {
		t.Errorf("outputs %+v", out)
	}
}
