package enginetest

import (
	"hash/fnv"
	"strconv"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/engine"
)

func TestTrap04_NamesAndIDs_NOD10_NOD11_NOD13(t *testing.T) {
	d := runCase(t, templates(`
- name: main
  steps:
  - - {name: s, template: echo, withParam: '["a", {"k": "v (w)", "b": 1}, [1, "x"]]', arguments: {parameters: [{name: p, value: "{{item}}"}]}}
  - - name: again
      template: again
      hooks: {exit: {template: ok}, seen: {template: ok, expression: "steps['again'].status == 'Failed'"}}
      continueOn: {failed: true}
- name: again
  retryStrategy: {limit: 1}
  container: {image: i}
`)+"onExit: ok\n", map[string]Outcome{"wf[1].again(0)": {ExitCode: 1}, "wf[1].again(1)": {ExitCode: 1}})
	expect(t, d, "Succeeded", `
		wf Steps Succeeded
		wf.onExit Pod Succeeded
		wf[0] StepGroup Succeeded
		wf[0].s(0:a) Pod Succeeded
		wf[0].s(1:b:1,k:v w) Pod Succeeded
		wf[0].s(2:[1,"x"]) Pod Succeeded
		wf[1] StepGroup Succeeded
		wf[1].again Retry Failed No more retries left
		wf[1].again(0) Pod Failed main: Error (exit code 1)
		wf[1].again(1) Pod Failed main: Error (exit code 1)
		wf[1].again.hooks.seen Pod Succeeded
		wf[1].again.onExit Pod Succeeded`)
	for id, n := range d.Nodes {
		h := fnv.New32a()
		_, _ = h.Write([]byte(n.Name))
		hash := strconv.FormatUint(uint64(h.Sum32()), 10)
		if want := "wf-" + hash; n.Name == "wf" && id != "wf" || n.Name != "wf" && id != want {
			t.Errorf("node %s has ID %s", n.Name, id)
		}
		if n.Type == "Pod" && d.Created["wf-"+n.TemplateName+"-"+hash] != 1 {
			t.Errorf("node %s: no pod wf-%s-%s among %v", n.Name, n.TemplateName, hash, d.Created)
		}
	}
}

func TestTrap07_PhaseOfDAG_DAG07(t *testing.T) {
	dag := func(tasks string) string {
		return templates("- name: main\n  dag:\n    failFast: false\n    tasks:\n" + tasks)
	}
	failA := map[string]Outcome{"wf.A": {ExitCode: 1}}
	for _, tc := range []struct {
		name, tasks string
		outcomes    map[string]Outcome
		phase       string
	}{
		{"a failure that a target handles is none", "    - {name: A, template: ok}\n    - {name: B, template: ok, depends: A.Failed}", failA, "Succeeded"},
		{"an omitted target has the phase of its branch", "    - {name: A, template: ok}\n    - {name: B, template: ok, depends: A.Succeeded}", failA, "Failed"},
		{"so has one that is omitted behind it", "    - {name: A, template: ok}\n    - {name: B, template: ok, depends: A}\n    - {name: C, template: ok, depends: B.Succeeded}", failA, "Failed"},
		{"an error stays one", "    - {name: A, template: ok}\n    - {name: B, template: ok, depends: A}", map[string]Outcome{"wf.A": {Vanishes: true}}, "Error"},
		{"a branch omitted for a success is none", "    - {name: A, template: ok}\n    - {name: B, template: ok, depends: A.Failed}", nil, "Succeeded"},
		{"what is not a target does not count", "    - {name: A, template: ok}\n    - {name: B, template: ok, depends: A || A.Failed}", failA, "Succeeded"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if st := runCase(t, dag(tc.tasks), tc.outcomes).Workflow.Status; string(st.Phase) != tc.phase || st.Message != "" {
				t.Errorf("%s %q, want %s without a message (DAG-08)", st.Phase, st.Message, tc.phase)
			}
		})
	}
}

func TestTrap08_DependsWaitsForAll_DAG04_DAG05(t *testing.T) {
	spec := templates(`
- name: main
  dag:
    failFast: false
    tasks:
    - {name: fast, template: ok}
    - {name: slow, template: ok, hooks: {exit: {template: ok}}}
    - {name: either, template: ok, depends: fast || slow}
`)
	outcomes := map[string]Outcome{"wf.slow": {Takes: 60e9}, "wf.slow.onExit": {Takes: 60e9}}
	var early []string
	runCase(t, spec, outcomes, func(d *Driver) {
		d.Check = func(d *Driver, decision engine.Decision) {
			for _, request := range decision.Create {
				if request.NodeName != "wf.either" {
					continue
				}
				for _, n := range d.Nodes {
					if n.Name != "wf" && n.Name != "wf.either" && !n.Fulfilled() {
						early = append(early, n.Name)
					}
				}
				if len(d.Nodes) != 5 {
					early = append(early, "the exit handler of slow was not there")
				}
			}
		}
	})
	if len(early) > 0 {
		t.Errorf("either started before %s", strings.Join(early, ", "))
	}

	// AllFailed counts the phase Failed only, and only of members of a loop.
	loop := func(depends string) string {
		return templates(`
- name: main
  dag:
    failFast: false
    tasks:
    - {name: A, template: ok, withItems: [1, 2]}
    - {name: one, template: ok}
    - {name: B, template: ok, depends: ` + depends + `}
`)
	}
	ran := func(depends string, outcomes map[string]Outcome) bool {
		d := runCase(t, loop(depends), outcomes)
		return strings.Contains(Tree(d.Records()), "wf.B Pod Succeeded")
	}
	failed, vanished := Outcome{ExitCode: 1}, Outcome{Vanishes: true}
	if !ran("A.AllFailed", map[string]Outcome{"wf.A(0:1)": failed, "wf.A(1:2)": failed}) {
		t.Error("AllFailed is false although all members failed")
	}
	if ran("A.AllFailed", map[string]Outcome{"wf.A(0:1)": failed, "wf.A(1:2)": vanished}) {
		t.Error("AllFailed is true although one member ended in Error")
	}
	if !ran("A.AnySucceeded", map[string]Outcome{"wf.A(0:1)": failed}) || ran("one.AllFailed", map[string]Outcome{"wf.one": failed}) || ran("one.AnySucceeded", nil) {
		t.Error("AnySucceeded and AllFailed are about members of loops")
	}
}

func TestTrap09_ThreeStopRules_FLOW02_FLOW09_DAG06(t *testing.T) {
	outcomes := map[string]Outcome{"wf[0].a": {ExitCode: 1}, "wf[0].b": {Takes: 60e9}, "wf.A": {ExitCode: 1}, "wf.B": {Takes: 60e9}}
	t.Run("a steps group waits for its siblings", func(t *testing.T) {
		d := runCase(t, templates(`
- name: main
  steps:
  - - {name: a, template: ok}
    - {name: b, template: ok}
  - - {name: c, template: ok}
`), outcomes)
		if tree := Tree(d.Records()); !strings.Contains(tree, "wf[0].b Pod Succeeded") || strings.Contains(tree, "wf[1]") {
			t.Errorf("%s", tree)
		}
	})
	dag := `
- name: main
  %dag:
    %tasks:
    - {name: A, template: ok}
    - {name: B, template: ok}
    - {name: C, template: ok, depends: B}
    - {name: D, template: ok, depends: C}
`
	with := func(template, inDAG string) string {
		return templates(strings.NewReplacer("  %dag", template+"  dag", "    %tasks", inDAG+"    tasks").Replace(dag))
	}
	for _, tc := range []struct {
		name, template, inDAG string
		phase                 string
		started               int
	}{
		{"failFast false runs every branch to its end", "", "    failFast: false\n", "Failed", 5},
		{"failFast of the template starts nothing more", "  failFast: true\n", "    failFast: false\n", "Failed", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := runCase(t, with(tc.template, tc.inDAG), outcomes)
			if st := d.Workflow.Status; string(st.Phase) != tc.phase || len(d.Nodes) != tc.started {
				t.Errorf("%s %s with\n%s", st.Phase, st.Message, Tree(d.Records()))
			}
		})
	}
	t.Run("failFast of the DAG, the default, declares no failure while a started task runs", func(t *testing.T) {
		d := runCase(t, with("", ""), outcomes)
		if st := d.Workflow.Status; st.Phase != "Failed" || st.Message != "" || !strings.Contains(Tree(d.Records()), "wf.B Pod Succeeded") {
			t.Errorf("%s %s with\n%s", st.Phase, st.Message, Tree(d.Records()))
		}
	})
}
