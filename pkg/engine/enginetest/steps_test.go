package enginetest

import (
	"testing"
)

func TestSteps(t *testing.T) {
	fail := Outcome{ExitCode: 1}
	for _, tc := range []struct {
		name, spec     string
		outcomes       map[string]Outcome
		workflow, tree string
	}{
		{"FLOW-02 a group waits for its siblings, then fails (TRAP 09)", templates(`
- name: main
  steps:
  - [{name: a, template: ok}, {name: b, template: ok}]
  - [{name: c, template: ok}]
`), map[string]Outcome{"wf[0].a": fail}, "Failed child 'wf-3986212215' failed", `
			wf Steps Failed child 'wf-3986212215' failed
			wf[0] StepGroup Failed child 'wf-3986212215' failed
			wf[0].a Pod Failed main: Error (exit code 1)
			wf[0].b Pod Succeeded`},
		{"FLOW-03 continueOn covers failed, not error", templates(`
- name: main
  steps:
  - [{name: a, template: ok, continueOn: {failed: true}}]
  - [{name: b, template: ok, continueOn: {failed: true}}]
  - [{name: c, template: ok}]
`), map[string]Outcome{"wf[0].a": fail, "wf[1].b": {Vanishes: true}}, "Failed child 'wf-2760215211' failed", `
			wf Steps Failed child 'wf-2760215211' failed
			wf[0] StepGroup Succeeded
			wf[0].a Pod Failed main: Error (exit code 1)
			wf[1] StepGroup Failed child 'wf-2760215211' failed
			wf[1].b Pod Error pod deleted`},
		{"FLOW-04 when: false skips, a bad one errs, and it hides what else is wrong", templates(`
- name: main
  steps:
  - [{name: a, template: ok, when: "x == y"}]
  - [{name: b, template: echo, when: "1 > 2", arguments: {parameters: [{name: p, value: "{{steps.nowhere.outputs.result}}"}]}}]
  - [{name: c, template: ok, when: "a =="}]
`), nil, "Error step group deemed errored due to child wf[2].c error: invalid 'when' expression 'a ==': Unexpected end of expression", `
			wf Steps Error step group deemed errored due to child wf[2].c error: invalid 'when' expression 'a ==': Unexpected end of expression
			wf[0] StepGroup Succeeded
			wf[0].a Skipped Skipped when 'x == y' evaluated false
			wf[1] StepGroup Succeeded
			wf[1].b Skipped Skipped when '1 > 2' evaluated false
			wf[2] StepGroup Error step group deemed errored due to child wf[2].c error: invalid 'when' expression 'a ==': Unexpected end of expression
			wf[2].c Skipped Error invalid 'when' expression 'a ==': Unexpected end of expression`},
		{"V-267 a step with a bad condition is in error alone, and continueOn covers it", templates(`
- name: main
  steps:
  - [{name: a, template: ok}, {name: b, template: ok, when: "a ==", continueOn: {error: true}}, {name: c, template: ok, when: "1 +", withItems: [1, 2], continueOn: {error: true}}]
  - [{name: d, template: ok}]
`), nil, "Succeeded", `
			wf Steps Succeeded
			wf[0] StepGroup Succeeded
			wf[0].a Pod Succeeded
			wf[0].b Skipped Error invalid 'when' expression 'a ==': Unexpected end of expression
			wf[0].c Skipped Error invalid 'when' expression '1 +': Unexpected end of expression
			wf[1] StepGroup Succeeded
			wf[1].d Pod Succeeded`},
		{"LOOP-03 an empty sequence, LOOP-02 a list that is none", templates(`
- name: main
  steps:
  - [{name: a, template: ok, withSequence: {count: "0"}}]
  - [{name: b, template: ok, withParam: "nonsense"}]
`), nil, "Error withParam value could not be parsed as a JSON list: nonsense", `
			wf Steps Error withParam value could not be parsed as a JSON list: nonsense
			wf[0] StepGroup Succeeded
			wf[0].a Skipped Skipped Skipped, empty params
			wf[1] StepGroup Error withParam value could not be parsed as a JSON list: nonsense`},
		{"LOOP-02 when hides a list that is none; LOOP-04 names", templates(`
- name: main
  steps:
  - [{name: b, template: ok, withParam: "nonsense", when: "1 == 2"}]
  - - {name: c, template: echo, when: "{{item}} != b", withItems: [a, b], arguments: {parameters: [{name: p, value: "{{item}}"}]}}
`), nil, "Succeeded", `
			wf Steps Succeeded
			wf[0] StepGroup Succeeded
			wf[0].b Skipped Skipped when '1 == 2' evaluated false
			wf[1] StepGroup Succeeded
			wf[1].c(0:a) Pod Succeeded
			wf[1].c(1:b) Skipped Skipped when 'b != b' evaluated false`},
		{"PRM-02 an input that nobody supplies", templates(`
- name: main
  steps: [[{name: a, template: echo}]]
`), nil, "Error step group deemed errored due to child wf[0].a error: inputs.parameters.p was not supplied", `
			wf Steps Error step group deemed errored due to child wf[0].a error: inputs.parameters.p was not supplied
			wf[0] StepGroup Error step group deemed errored due to child wf[0].a error: inputs.parameters.p was not supplied
			wf[0].a Skipped Error inputs.parameters.p was not supplied`},
		{"REF-01 a template that does not exist", templates(`
- name: main
  steps: [[{name: a, template: nope}]]
`), nil, "Error step group deemed errored due to child wf[0].a error: template name 'nope' undefined", `
			wf Steps Error step group deemed errored due to child wf[0].a error: template name 'nope' undefined
			wf[0] StepGroup Error step group deemed errored due to child wf[0].a error: template name 'nope' undefined
			wf[0].a Skipped Error template name 'nope' undefined`},
		{"POD-17 a pod that the API refuses", templates(`
- name: main
  steps: [[{name: a, template: ok}]]
`), map[string]Outcome{"wf[0].a": {Refused: "pods is forbidden"}}, "Error step group deemed errored due to child wf[0].a error: pods is forbidden", `
			wf Steps Error step group deemed errored due to child wf[0].a error: pods is forbidden
			wf[0] StepGroup Error step group deemed errored due to child wf[0].a error: pods is forbidden
			wf[0].a Pod Error pods is forbidden`},
		{"FLOW-13 the entry template itself cannot run", `
entrypoint: main
templates:
- {name: main, inputs: {parameters: [{name: p}]}, container: {image: i}}
`, nil, "Error error in entry template execution: inputs.parameters.p was not supplied", `
			wf Skipped Error inputs.parameters.p was not supplied`},
		{"FLOW-09 template failFast starts nothing more (TRAP 09)", templates(`
- name: main
  failFast: true
  parallelism: 1
  steps:
  - [{name: a, template: ok}, {name: b, template: ok}]
`), map[string]Outcome{"wf[0].a": fail}, "Failed template has failed or errored children and failFast enabled", `
			wf Steps Failed template has failed or errored children and failFast enabled
			wf[0] StepGroup Failed template has failed or errored children and failFast enabled
			wf[0].a Pod Failed main: Error (exit code 1)`},
		{"RTY-12 and others: memoize and locks are refused, not ignored", `
entrypoint: main
templates:
- {name: main, memoize: {key: k}, container: {image: i}}
`, nil, "Error error in entry template execution: template main: memoize is not supported by this version", `
			wf Skipped Error template main: memoize is not supported by this version`},
		{"V-270 locks of the workflow are refused, not ignored", `
entrypoint: main
synchronization: {mutexes: [{name: m, database: true}]}
templates:
- {name: main, container: {image: i}}
`, nil, "Failed invalid spec: spec.synchronization is not supported by this version", ""},
		{"V-270 locks of a template are refused, not ignored", `
entrypoint: main
templates:
- {name: main, synchronization: {mutexes: [{name: m, database: true}]}, container: {image: i}}
`, nil, "Error error in entry template execution: template main: synchronization is not supported by this version", `
			wf Skipped Error template main: synchronization is not supported by this version`},
		{"no entrypoint", "entrypoint: nope\ntemplates: [{name: main, container: {image: i}}]", nil,
			"Failed invalid spec: spec.entrypoint: template name 'nope' undefined", ""},
		{"PRM-01 a workflow parameter without a value", "entrypoint: main\narguments: {parameters: [{name: p}]}\ntemplates: [{name: main, container: {image: i}}]", nil,
			"Failed failed to set global parameters: either value or valueFrom must be specified in order to set global parameter p", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			expect(t, runCase(t, tc.spec, tc.outcomes), tc.workflow, tc.tree)
		})
	}
}

func TestTrap03_AbsentOutputs_PRM20(t *testing.T) {
	d := runCase(t, templates(`
- name: main
  steps:
  - [{name: a, template: out, when: "false"}, {name: ad, template: outd, when: "false"}]
  - - {name: b, template: echod, arguments: {parameters: [{name: p, value: "{{steps.a.outputs.parameters.o}}"}]}}
    - {name: c, template: echo, arguments: {parameters: [{name: p, value: "{{steps.ad.outputs.parameters.o}}"}]}}
    - {name: d, template: echo, arguments: {parameters: [{name: p, value: "{{=steps.a.outputs.parameters.o ?? 'nil'}}"}]}}
    - {name: e, template: echo, when: "1 == 2", arguments: {parameters: [{name: p, value: "x {{steps.a.outputs.parameters.o}}"}]}}
  - [{name: f, template: echo, arguments: {parameters: [{name: p, value: "x {{steps.a.outputs.parameters.o}}"}]}}]
`), nil)
	for node, want := range map[string]string{"wf[1].b": "p=dflt", "wf[1].c": "p=od", "wf[1].d": "p=nil"} {
		if got := input(d, node); got != want {
			t.Errorf("%s: %s, want %s", node, got, want)
		}
	}
	if st := d.Workflow.Status; st.Phase != "Error" {
		t.Errorf("mixed text with an absent value has to be an error, got %s %s", st.Phase, st.Message)
	}
}

func TestTrap17_LoopAggregation_LOOP06(t *testing.T) {
	result := func(s string) *string { return &s }
	d := runCase(t, templates(`
- name: main
  steps:
  - [{name: a, template: out, withItems: [x, w, z], continueOn: {failed: true}}]
  - - {name: b, template: echo, arguments: {parameters: [{name: p, value: "{{steps.a.outputs.result}}"}]}}
    - {name: c, template: echo, arguments: {parameters: [{name: p, value: "{{steps.a.outputs.parameters.o}}"}]}}
    - {name: d, template: echo, arguments: {parameters: [{name: p, value: "{{steps.a.outputs.parameters}}"}]}}
    - {name: e, template: echo, withParam: "{{steps.a.outputs.result}}", arguments: {parameters: [{name: p, value: "{{item}}"}]}}
`), map[string]Outcome{
		"wf[0].a(0:x)": {Result: result("1"), Parameters: map[string]string{"o": `{"k":1}`}},
		"wf[0].a(1:w)": {Result: result("7"), Parameters: map[string]string{"o": `[2]`}, ExitCode: 1},
		"wf[0].a(2:z)": {Result: result("two"), Parameters: map[string]string{"o": `[3]`}},
	})
	for node, want := range map[string]string{
		"wf[1].b": `p=[1,"two"]`, "wf[1].c": `p=[{"k":1},[3]]`, "wf[1].d": `p=[{"o":"{\"k\":1}"},{"o":"[3]"}]`, "wf[1].e(1:two)": "p=two",
	} {
		if got := input(d, node); got != want {
			t.Errorf("%s: %s, want %s", node, got, want)
		}
	}
}
