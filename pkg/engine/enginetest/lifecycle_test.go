package enginetest

import (
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

func TestTrap13_ExitHandlers_HOOK01(t *testing.T) {
	spec := templates(`
- name: main
  steps: [[{name: a, template: ok}]]
- name: bye
  steps: [[{name: say, template: echo, arguments: {parameters: [{name: p, value: "{{workflow.status}}"}]}}]]
`) + "onExit: bye\n"
	d := runCase(t, spec, map[string]Outcome{"wf[0].a": {ExitCode: 1}})
	expect(t, d, "Failed child 'wf-3986212215' failed", `
		wf Steps Failed child 'wf-3986212215' failed
		wf.onExit Steps Succeeded
		wf.onExit[0] StepGroup Succeeded
		wf.onExit[0].say Pod Succeeded
		wf[0] StepGroup Failed child 'wf-3986212215' failed
		wf[0].a Pod Failed main: Error (exit code 1)`)
	if got := input(d, "wf.onExit[0].say"); got != "p=Failed" {
		t.Errorf("workflow.status in the exit handler: %s", got)
	}
	d = runCase(t, spec, map[string]Outcome{"wf.onExit[0].say": {ExitCode: 1}})
	if st := d.Workflow.Status; st.Phase != "Failed" || !strings.HasPrefix(st.Message, "child '") {
		t.Errorf("a failing exit handler fails a workflow that has succeeded: %s %s", st.Phase, st.Message)
	}
}

// VAR-09: everywhere the workflow's status is the phase that it has then; only in its own arguments it is not known yet.
func TestStatusWhileRunning_VAR09(t *testing.T) {
	d := runCase(t, templates(`
- name: main
  steps:
  - - {name: say, template: echo, when: "{{workflow.status}} == Running", arguments: {parameters: [{name: p, value: "{{workflow.status}} {{workflow.parameters.given}} {{=workflow.status}}"}]}}
`)+"arguments: {parameters: [{name: given, value: '{{workflow.status}}'}]}\n", nil)
	if got := input(d, "wf[0].say"); got != "p=Running {{workflow.status}} Running" {
		t.Errorf("a step was told %s", got)
	}
}

func TestShutdown_OPS10_OPS11(t *testing.T) {
	spec := templates(`
- name: main
  steps:
  - [{name: a, template: ok}, {name: w, template: wait}]
  - [{name: b, template: ok}]
- {name: wait, suspend: {}}
`) + "onExit: ok\n"
	for strategy, exit := range map[v1alpha1.ShutdownStrategy]string{"Stop": "wf.onExit Pod Succeeded\n", "Terminate": ""} {
		for name, shutDown := range map[string]func(*Driver){
			"told": func(d *Driver) { d.Change(func(wf *v1alpha1.Workflow) { wf.Spec.Shutdown = strategy }) },
			"found when the run is taken up again": func(d *Driver) {
				d.Workflow.Spec.Shutdown = strategy
				d.Restart()
			},
		} {
			t.Run(string(strategy)+" "+name, func(t *testing.T) {
				stopped := false
				d := runCase(t, spec, map[string]Outcome{"wf[0].a": {Takes: time.Hour}}, func(d *Driver) {
					d.Check = func(d *Driver, _ engine.Decision) {
						if n, ok := d.Nodes["wf-3986212215"]; ok && n.Phase == v1alpha1.NodeRunning && !stopped {
							stopped = true
							shutDown(d)
						}
					}
				})
				expect(t, d, "Failed Stopped with strategy '"+string(strategy)+"'", `
wf Steps Failed child 'wf-3986212215' failed
`+exit+`wf[0] StepGroup Failed child 'wf-3986212215' failed
wf[0].a Pod Failed workflow shutdown with strategy:  `+string(strategy)+`
wf[0].w Suspend Failed Stopped with strategy '`+string(strategy)+`'`)
			})
		}
	}
}

func TestShutdownOfDAGAndRetry_DAG11_RTY08(t *testing.T) {
	stopped := false
	d := runCase(t, `
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {name: A, template: again}
    - {name: B, template: again, depends: A}
- {name: again, retryStrategy: {limit: 5}, container: {image: i}}`, nil, func(d *Driver) {
		d.Check = func(d *Driver, decision engine.Decision) {
			if len(decision.Create) > 0 && !stopped {
				stopped = true
				d.Change(func(wf *v1alpha1.Workflow) { wf.Spec.Shutdown = "Stop" })
			}
		}
	})
	expect(t, d, "Failed Stopped with strategy 'Stop'", `
		wf DAG Failed
		wf.A Retry Failed Stopped with strategy 'Stop'
		wf.A(0) Pod Failed workflow shutdown with strategy:  Stop`)
}

func TestSuspend_SUS(t *testing.T) {
	spec := templates(`
- name: main
  steps:
  - [{name: w, template: wait}]
  - [{name: b, template: echo, arguments: {parameters: [{name: p, value: "{{steps.w.outputs.parameters.m}}"}]}}]
- name: wait
  suspend: {duration: "20"}
  outputs: {parameters: [{name: m, valueFrom: {supplied: {}, default: dd}}]}
`)
	d := runCase(t, spec, nil)
	if got := input(d, "wf[1].b"); got != "p=dd" || d.Workflow.Status.Phase != "Succeeded" {
		t.Errorf("input %s, phase %s", got, d.Workflow.Status.Phase)
	}
	d = runCase(t, strings.Replace(spec, ", default: dd", "", 1), nil)
	if st := d.Workflow.Status; st.Message != "child 'wf-1137110886' failed" && !strings.Contains(Tree(d.Records()), "raw output parameter 'm' has not been set and does not have a default value") {
		t.Errorf("%s %s\n%s", st.Phase, st.Message, Tree(d.Records()))
	}
}

func TestWorkflowSuspend_SUS04(t *testing.T) {
	yes := true
	d := runCase(t, templates("- name: main\n  steps: [[{name: a, template: ok}]]\n")+"suspend: true\n", nil)
	if d.Done || len(d.Nodes) != 0 || d.Workflow.Status.Phase != v1alpha1.WorkflowRunning {
		t.Fatalf("a suspended workflow is Running and starts nothing: %s, %d nodes", d.Workflow.Status.Phase, len(d.Nodes))
	}
	d.Change(func(wf *v1alpha1.Workflow) { yes = false; wf.Spec.Suspend = &yes })
	if err := d.Run(); err != nil || !d.Done || d.Workflow.Status.Phase != v1alpha1.WorkflowSucceeded {
		t.Errorf("%v %v %s", err, d.Done, d.Workflow.Status.Phase)
	}
}

func TestTrap14_Hooks_HOOK03(t *testing.T) {
	d := runCase(t, templates(`
- name: main
  steps:
  - - name: a
      template: ok
      hooks:
        running: {template: ok, expression: "steps['a'].status == 'Running'"}
        failed: {template: ok, expression: "steps['a'].status == 'Failed'"}
`)+`
hooks:
  started: {template: ok, expression: "workflow.status == 'Running'"}
  exit: {template: ok}
`, map[string]Outcome{"wf[0].a.hooks.running": {ExitCode: 1}})
	expect(t, d, "Succeeded", `
		wf Steps Succeeded
		wf.hooks.started Pod Succeeded
		wf.onExit Pod Succeeded
		wf[0] StepGroup Succeeded
		wf[0].a Pod Succeeded
		wf[0].a.hooks.running Pod Failed main: Error (exit code 1)`)
}

func TestHeader_CTL10(t *testing.T) {
	d := runCase(t, templates("- name: main\n  steps: [[{name: a, template: ok}]]\n"), nil)
	wf := d.Workflow
	if wf.Labels["workflows.argoproj.io/phase"] != "Succeeded" || wf.Labels["workflows.argoproj.io/completed"] != "true" ||
		wf.Annotations["workflows.argoproj.io/pod-name-format"] != "v2" {
		t.Errorf("labels %v, annotations %v", wf.Labels, wf.Annotations)
	}
	if len(d.Events) != 2 || d.Events[0].Reason != "WorkflowRunning" || d.Events[1].Reason != "WorkflowSucceeded" || d.Events[1].Message != "Workflow completed" {
		t.Errorf("events %+v", d.Events)
	}
	st := wf.Status
	if st.StartedAt.IsZero() || st.FinishedAt.IsZero() || st.Progress != "1/1" || len(st.Conditions) != 2 {
		t.Errorf("status %+v", st)
	}
}

func TestGlobalOutputs_PRM13(t *testing.T) {
	d := runCase(t, `
entrypoint: main
onExit: bye
templates:
- name: main
  steps:
  - [{name: a, template: gen}]
  - [{name: b, template: use}]
- name: gen
  script: {image: i, source: s}
  outputs: {parameters: [{name: o, globalName: g, valueFrom: {path: /o}}]}
- {name: use, container: {image: i, args: ["{{workflow.outputs.parameters.g}}"]}}
- {name: bye, inputs: {parameters: [{name: p, value: "{{workflow.outputs.parameters.g}}"}]}, container: {image: i}}`,
		map[string]Outcome{"wf[0].a": {Parameters: map[string]string{"o": "world"}}})
	if d.Workflow.Status.Phase != "Succeeded" || input(d, "wf.onExit") != "p=world" || d.Workflow.Status.Outputs.Parameters[0].Name != "g" {
		t.Errorf("%s %s %+v", d.Workflow.Status.Message, input(d, "wf.onExit"), d.Workflow.Status.Outputs)
	}
}
