package enginetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/engine"
)

const measured = `
entrypoint: main
arguments: {parameters: [{name: team, value: blue}]}
metrics:
  prometheus:
  - {name: run_seconds, help: h, labels: [{key: team, value: "{{workflow.parameters.team}}"}, {key: status, value: "{{status}}"}], gauge: {value: "{{workflow.duration}}"}}
  - {name: run_live, help: h, gauge: {realtime: true, value: "{{ workflow.duration }}"}}
templates:
- name: main
  steps:
  - - {name: a, template: flaky, withItems: [1, 2], arguments: {parameters: [{name: num, value: "{{item}}"}]}}
  - - {name: skipped, template: flaky, when: "1 == 2", arguments: {parameters: [{name: num, value: x}]}}
- name: flaky
  inputs: {parameters: [{name: num}]}
  retryStrategy: {limit: 1}
  container: {image: i, args: ["{{inputs.parameters.num}}"]}
  metrics:
    prometheus:
    - {name: live, help: h, gauge: {realtime: true, value: "{{duration}}"}}
    - {name: failures, help: h, when: "{{status}} != Succeeded", labels: [{key: "n", value: "{{inputs.parameters.num}}"}], counter: {value: "1"}}
    - {name: words, help: h, histogram: {buckets: [10, "2.5"], value: "{{outputs.result}}"}}
    - {name: exit_code, help: h, gauge: {operation: Add, value: "{{=asInt(exitCode) * 2}}"}}
    - {name: bad-name, help: h, gauge: {value: "1"}}
    - {name: no_number, help: h, gauge: {value: "{{status}}"}}
    - {name: no_label, help: h, labels: [null], counter: {value: "1"}}
    - null
`

func TestMetrics_VAR23_MET03(t *testing.T) {
	wf, err := Parse("metadata: {name: wf, namespace: ns}\nspec:\n" + indent(measured))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	take := func(d *Driver) {
		d.Check = func(_ *Driver, decision engine.Decision) {
			for _, m := range decision.Metrics {
				line := fmt.Sprintf("%s %s %s%g %v", m.Kind, m.Series(), m.Operation, m.Value, m.Buckets)
				if !m.Since.IsZero() {
					line = "since " + m.Series()
				}
				got = append(got, line)
			}
		}
	}
	seven := "7"
	d := New(wf, func(request engine.PodRequest) Outcome {
		if !request.IncludeResult {
			t.Errorf("%s: a metric reads the result, and it is not collected", request.NodeName)
		}
		outcome := Outcome{Result: &seven, Takes: 3 * time.Second}
		if strings.HasPrefix(request.NodeName, "wf[0].a(1:2)") {
			outcome.ExitCode = 4
		}
		return outcome
	})
	take(d)
	if err := d.Run(); err != nil || !d.Done {
		t.Fatal(err)
	}
	slices.Sort(got)
	want := []string{
		"counter failures|n=\"2\" 1 []",
		"gauge exit_code Add0 []", "gauge exit_code Add8 []",
		"gauge live 3 []", "gauge live 9 []",
		"gauge run_live 9 []",
		"gauge run_seconds|status=\"Failed\"|team=\"blue\" 9 []",
		"histogram words 7 [2.5 10]", "histogram words 7 [2.5 10]",
		"since live", "since live", "since run_live",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	condition := ""
	for _, c := range d.Workflow.Status.Conditions {
		if c.Type == "MetricsError" {
			condition = c.Message
		}
	}
	if !strings.Contains(condition, "metric bad-name: a name has letters") || !strings.Contains(condition, `metric no_number: value: "Succeeded" is not a number`) ||
		strings.Count(condition, "bad-name") != 1 {
		t.Errorf("condition %q", condition)
	}

	// What has its values is not measured again by who takes the run up.
	got = nil
	again := New(wf, func(engine.PodRequest) Outcome { return Outcome{Result: &seven} })
	take(again)
	again.Crash = func(engine.Decision) Crash {
		if again.Decisions%3 == 0 {
			again.Restart()
		}
		return Survive
	}
	if err := again.Run(); err != nil || !again.Done {
		t.Fatal(err)
	}
	ends := slices.DeleteFunc(got, func(line string) bool { return strings.HasPrefix(line, "since") })
	if len(ends) != 2*3+2 {
		t.Errorf("%d values with restarts:\n%s", len(ends), strings.Join(ends, "\n"))
	}
}

// TestMetricsOfLoops checks that the group of a task's loop, which runs nothing itself, has no values (MET-03).
func TestMetricsOfLoops_MET03(t *testing.T) {
	values := 0
	d := runCase(t, `
entrypoint: main
templates:
- name: main
  dag: {tasks: [{name: a, template: one, withItems: [x, z], arguments: {parameters: [{name: p, value: "{{item}}"}]}}]}
- name: one
  inputs: {parameters: [{name: p}]}
  container: {image: i}
  metrics: {prometheus: [{name: done, help: h, labels: [{key: p, value: "{{inputs.parameters.p}}"}], counter: {value: "1"}}]}
`, nil, func(d *Driver) {
		d.Check = func(_ *Driver, decision engine.Decision) { values += len(decision.Metrics) }
	})
	if values != 2 || strings.Contains(fmt.Sprint(d.Workflow.Status.Conditions), "MetricsError") {
		t.Errorf("%d values, conditions %v", values, d.Workflow.Status.Conditions)
	}
}
