package enginetest

import (
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/engine"
)

func TestTrap10_Retries(t *testing.T) {
	fail := Outcome{ExitCode: 1}
	always := map[string]Outcome{"wf(0)": fail, "wf(1)": fail, "wf(2)": fail, "wf(3)": fail}
	retry := func(strategy string) string {
		return "entrypoint: main\ntemplates:\n- name: main\n  retryStrategy: " + strategy + "\n  container: {image: i}"
	}
	for _, tc := range []struct {
		name, spec     string
		outcomes       map[string]Outcome
		workflow, tree string
	}{
		{"RTY-02 limit", retry(`{limit: "1"}`), always, "Failed No more retries left", `
			wf Retry Failed No more retries left
			wf(0) Pod Failed main: Error (exit code 1)
			wf(1) Pod Failed main: Error (exit code 1)`},
		{"RTY-01 success of a later attempt", retry(`{limit: 5}`), map[string]Outcome{"wf(0)": fail}, "Succeeded", `
			wf Retry Succeeded
			wf(0) Pod Failed main: Error (exit code 1)
			wf(1) Pod Succeeded`},
		{"RTY-03 the default policy does not retry errors", retry(`{limit: 5}`), map[string]Outcome{"wf(0)": {Vanishes: true}}, "Error pod deleted", `
			wf Retry Error pod deleted
			wf(0) Pod Error pod deleted`},
		{"RTY-03 with an expression the default is Always", retry(`{limit: 1, expression: "lastRetry.status == 'Error'"}`), map[string]Outcome{"wf(0)": {Vanishes: true}}, "Succeeded", `
			wf Retry Succeeded
			wf(0) Pod Error pod deleted
			wf(1) Pod Succeeded`},
		{"RTY-05 expression", retry(`{limit: 5, expression: "asInt(lastRetry.exitCode) != 1"}`), always, "Failed retryStrategy.expression evaluated to false", `
			wf Retry Failed retryStrategy.expression evaluated to false
			wf(0) Pod Failed main: Error (exit code 1)`},
		{"RTY-04 back-off would pass maxDuration", retry(`{limit: 5, backoff: {duration: 10s, factor: 2, maxDuration: 15s}}`), always, "Failed Backoff would exceed max duration limit", `
			wf Retry Failed Backoff would exceed max duration limit
			wf(0) Pod Failed main: Error (exit code 1)
			wf(1) Pod Failed main: Error (exit code 1)`},
		{"RTY-04 a back-off without a base duration ends the first retry", retry(`{limit: 5, backoff: {factor: 2}}`), always, "Error no base duration specified for retryStrategy: set retryStrategy.backoff.duration", `
			wf Retry Error no base duration specified for retryStrategy: set retryStrategy.backoff.duration
			wf(0) Pod Failed main: Error (exit code 1)`},
		{"RTY-04 and harms nothing that needs no retry", retry(`{limit: 5, backoff: {factor: 2}}`), nil, "Succeeded", `
			wf Retry Succeeded
			wf(0) Pod Succeeded`},
		{"RTY-01 a strategy of the whole workflow wraps composites too", `
entrypoint: main
retryStrategy: {limit: 0}
templates:
- {name: main, steps: [[{name: a, template: leaf}]]}
- {name: leaf, container: {image: i}}`, nil, "Succeeded", `
			wf Retry Succeeded
			wf(0) Steps Succeeded
			wf(0)[0] StepGroup Succeeded
			wf(0)[0].a Retry Succeeded
			wf(0)[0].a(0) Pod Succeeded`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			expect(t, runCase(t, tc.spec, tc.outcomes), tc.workflow, tc.tree)
		})
	}
}

func TestRetryVariables_RTY06(t *testing.T) {
	var args []string
	wf, err := Parse(`
metadata: {name: wf}
spec:
  entrypoint: main
  templates:
  - name: main
    retryStrategy: {limit: 2}
    container: {image: i, args: ["{{retries}} {{lastRetry.exitCode}} {{lastRetry.status}} {{lastRetry.message}}"]}`)
	if err != nil {
		t.Fatal(err)
	}
	d := New(wf, func(request engine.PodRequest) Outcome {
		args = append(args, request.Template.Container.Args[0])
		return Outcome{ExitCode: 3}
	})
	if err := d.Run(); err != nil {
		t.Fatal(err)
	}
	want := []string{"0 0  ", "1 3 Failed main: Error (exit code 3)", "2 3 Failed main: Error (exit code 3)"}
	for i := range want {
		if i >= len(args) || args[i] != want[i] {
			t.Errorf("attempt %d: %q, want %q", i, args, want)
		}
	}
}

func TestBackoffWaits_RTY04(t *testing.T) {
	d := runCase(t, "entrypoint: main\ntemplates:\n- name: main\n  retryStrategy: {limit: 2, backoff: {duration: 1m, factor: 2}}\n  container: {image: i}",
		map[string]Outcome{"wf(0)": {ExitCode: 1}, "wf(1)": {ExitCode: 1}})
	var starts []time.Time
	for _, n := range d.Records() {
		if n.Type == "Pod" {
			starts = append(starts, n.StartedAt.Time)
		}
	}
	if len(starts) != 3 || starts[1].Sub(starts[0]) < time.Minute || starts[2].Sub(starts[1]) < 2*time.Minute {
		t.Errorf("starts %v", starts)
	}
}

func TestDeadlines_TMO(t *testing.T) {
	long := map[string]Outcome{"wf[0].a": {Takes: time.Hour}, "wf[0].b": {Takes: time.Hour}}
	d := runCase(t, templates(`
- name: main
  steps:
  - [{name: a, template: ok}, {name: b, template: ok}]
  - [{name: c, template: ok}]
`)+"onExit: ok\nactiveDeadlineSeconds: 30\n", long)
	expect(t, d, "Failed child 'wf-3986212215' failed", `
		wf Steps Failed child 'wf-3986212215' failed
		wf.onExit Pod Succeeded
		wf[0] StepGroup Failed child 'wf-3986212215' failed
		wf[0].a Pod Failed Step exceeded its deadline
		wf[0].b Pod Failed Step exceeded its deadline`)
}
