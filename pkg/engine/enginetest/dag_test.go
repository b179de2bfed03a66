package enginetest

import (
	"testing"
)

func TestDAG(t *testing.T) {
	fail := Outcome{ExitCode: 1}
	for _, tc := range []struct {
		name, spec     string
		outcomes       map[string]Outcome
		workflow, tree string
	}{
		{"DAG-07 a handled failure succeeds (TRAP 07)", templates(`
- name: main
  dag:
    tasks:
    - {name: A, template: ok}
    - {name: B, template: ok, depends: A.Failed}
`), map[string]Outcome{"wf.A": fail}, "Succeeded", `
			wf DAG Succeeded
			wf.A Pod Failed main: Error (exit code 1)
			wf.B Pod Succeeded`},
		{"DAG-07 an omitted target inherits the failure of its branch", templates(`
- name: main
  dag:
    tasks:
    - {name: A, template: ok}
    - {name: B, template: ok, depends: A}
    - {name: C, template: ok, depends: B}
`), map[string]Outcome{"wf.A": {Vanishes: true}}, "Error", `
			wf DAG Error
			wf.A Pod Error pod deleted
			wf.B Skipped Omitted omitted: depends condition not met
			wf.C Skipped Omitted omitted: depends condition not met`},
		{"DAG-01 only targets and what they need; DAG-15 when", templates(`
- name: main
  dag:
    target: "C B"
    tasks:
    - {name: A, template: ok}
    - {name: B, template: ok, depends: A, when: "1 == 2"}
    - {name: C, template: ok, depends: B}
    - {name: D, template: ok}
`), nil, "Succeeded", `
			wf DAG Succeeded
			wf.A Pod Succeeded
			wf.B Skipped Skipped when '1 == 2' evaluated false
			wf.C Pod Succeeded`},
		{"DAG-02 dependencies with continueOn; a target's continueOn", templates(`
- name: main
  dag:
    tasks:
    - {name: A, template: ok, continueOn: {failed: true}}
    - {name: B, template: ok, dependencies: [A], continueOn: {failed: true}}
`), map[string]Outcome{"wf.A": fail, "wf.B": fail}, "Succeeded", `
			wf DAG Succeeded
			wf.A Pod Failed main: Error (exit code 1)
			wf.B Pod Failed main: Error (exit code 1)`},
		{"DAG-05 AllFailed does not count errors (TRAP 08)", templates(`
- name: main
  dag:
    tasks:
    - {name: A, template: ok, withItems: [1, 2]}
    - {name: B, template: ok, depends: A.AllFailed}
    - {name: C, template: ok, depends: A.AnySucceeded}
    - {name: D, template: ok, depends: A.Failed || A.Errored}
`), map[string]Outcome{"wf.A(0:1)": fail, "wf.A(1:2)": {Vanishes: true}}, "Error", `
			wf DAG Error
			wf.A TaskGroup Error
			wf.A(0:1) Pod Failed main: Error (exit code 1)
			wf.A(1:2) Pod Error pod deleted
			wf.B Skipped Omitted omitted: depends condition not met
			wf.C Skipped Omitted omitted: depends condition not met
			wf.D Pod Succeeded`},
		{"DAG-10 an empty loop; bare dependants go on", templates(`
- name: main
  dag:
    tasks:
    - {name: A, template: ok, withParam: "[]"}
    - {name: B, template: ok, depends: A}
`), nil, "Succeeded", `
			wf DAG Succeeded
			wf.A Skipped Skipped Skipped, empty params
			wf.B Pod Succeeded`},
		{"a task that cannot run", templates(`
- name: main
  dag:
    failFast: false
    tasks:
    - {name: A, template: echo}
    - {name: B, template: ok}
`), nil, "Error", `
			wf DAG Error
			wf.A Skipped Error task 'wf.A' errored: inputs.parameters.p was not supplied
			wf.B Pod Succeeded`},
		{"HOOK-02 the exit hook of a task is waited for and does not change the phase (TRAP 13)", templates(`
- name: main
  dag:
    tasks:
    - {name: A, template: ok, hooks: {exit: {template: echo, arguments: {parameters: [{name: p, value: "{{tasks.A.status}}"}]}}}}
    - {name: B, template: ok, depends: A.Failed}
    - {name: C, template: ok, when: "1 == 2", hooks: {exit: {template: ok}}}
`), map[string]Outcome{"wf.A": fail, "wf.A.onExit": fail}, "Succeeded", `
			wf DAG Succeeded
			wf.A Pod Failed main: Error (exit code 1)
			wf.A.onExit Pod Failed main: Error (exit code 1)
			wf.B Pod Succeeded
			wf.C Skipped Skipped when '1 == 2' evaluated false`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			expect(t, runCase(t, tc.spec, tc.outcomes), tc.workflow, tc.tree)
		})
	}
}

func TestDAGFailFast_DAG06(t *testing.T) {
	// B fails while A runs: what A makes ready starts all the same, so that the order of ends changes nothing; what a limit
	// keeps waiting when all else has ended does not.
	spec := func(failFast string) string {
		return templates(`
- name: main
  dag:
    failFast: ` + failFast + `
    tasks:
    - {name: B, template: ok}
    - {name: A, template: ok}
    - {name: C, template: ok, depends: A}
`)
	}
	outcomes := map[string]Outcome{"wf.B": {ExitCode: 1}}
	expect(t, runCase(t, spec("true"), outcomes), "Failed", `
		wf DAG Failed
		wf.A Pod Succeeded
		wf.B Pod Failed main: Error (exit code 1)
		wf.C Pod Succeeded`)
	expect(t, runCase(t, spec("false"), outcomes), "Failed", `
		wf DAG Failed
		wf.A Pod Succeeded
		wf.B Pod Failed main: Error (exit code 1)
		wf.C Pod Succeeded`)
}

func TestDAGTargetOfInputs_DAG01(t *testing.T) {
	d := runCase(t, templates(`
- name: main
  steps:
  - - {name: one, template: graph, arguments: {parameters: [{name: which, value: A}]}}
    - {name: both, template: graph, arguments: {parameters: [{name: which, value: "A B"}]}}
    - {name: none, template: graph, arguments: {parameters: [{name: which, value: Z}]}}
- name: graph
  inputs: {parameters: [{name: which}]}
  dag:
    target: "{{inputs.parameters.which}}"
    tasks:
    - {name: A, template: ok}
    - {name: B, template: ok}
`), nil)
	expect(t, d, "Failed child 'wf-2254756942' failed", `
		wf Steps Failed child 'wf-2254756942' failed
		wf[0] StepGroup Failed child 'wf-2254756942' failed
		wf[0].both DAG Succeeded
		wf[0].both.A Pod Succeeded
		wf[0].both.B Pod Succeeded
		wf[0].none DAG Error target "Z" is not a task of this dag
		wf[0].one DAG Succeeded
		wf[0].one.A Pod Succeeded`)
}

func TestDaemons_DMN(t *testing.T) {
	spec := `
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {name: S, template: serve}
    - {name: A, template: echo, depends: S.Daemoned, arguments: {parameters: [{name: p, value: "{{tasks.S.ip}}"}]}}
- {name: serve, daemon: true, container: {image: i}}
` + leaves
	d := runCase(t, spec, map[string]Outcome{"wf.S": {Serves: true}})
	expect(t, d, "Succeeded", `
		wf DAG Succeeded
		wf.A Pod Succeeded
		wf.S Pod Succeeded`)
	if got := input(d, "wf.A"); got != "p=10.0.0.1" {
		t.Errorf("ip: %s", got)
	}
	// A daemon that ends by itself has failed, even with exit code 0; what has started goes on (DMN-03, TRAP 21).
	expect(t, runCase(t, spec, nil), "Succeeded", `
		wf DAG Succeeded
		wf.A Pod Succeeded
		wf.S Pod Failed`)
}
