package enginetest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// planLines shows a plan a line a node.
func planLines(p *v1alpha1.WorkflowPlan) string {
	lines := []string{fmt.Sprintf("%d pods, exact %t", p.Pods, p.Exact)}
	if p.Error != "" {
		lines[0] += ": " + p.Error
	}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		line := fmt.Sprintf("%s %s %s %s %d", n.Name, n.Type, n.TemplateName, n.Outcome, n.Pods)
		if n.Items != nil {
			line += fmt.Sprintf(" x%d", *n.Items)
		}
		for _, more := range []string{n.Reason, n.Depends, n.Retries, string(n.Phase)} {
			if more != "" {
				line += " | " + more
			}
		}
		if len(n.After) > 0 {
			line += " after " + strings.Join(n.After, ",")
		}
		if n.Recursive {
			line += " again"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func forecast(t *testing.T, spec string, lookup engine.Lookup, nodes ...v1alpha1.NodeStatus) *v1alpha1.WorkflowPlan {
	t.Helper()
	wf, err := Parse("metadata: {name: wf, namespace: ns}\nspec:\n" + indent(spec))
	if err != nil {
		t.Fatal(err)
	}
	before := wf.DeepCopy()
	plan, err := engine.Forecast(wf, nodes, lookup, engine.Options{}, time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	if !equality.Semantic.DeepEqual(before, wf) {
		t.Error("the workflow was changed")
	}
	return plan
}

func TestForecast(t *testing.T) {
	none := func(request engine.TemplateRequest) engine.TemplateResolved {
		return engine.TemplateResolved{Request: request, Message: request.Name + " not found", NotFound: true}
	}
	for _, tc := range []struct{ name, spec, want string }{
		{"steps with a loop, conditions, a retry and hooks", templates(`
- name: main
  steps:
  - - {name: gen, template: out}
    - {name: slow, template: ok, when: "{{workflow.parameters.mode}} == slow"}
  - - {name: each, template: pair, withItems: [a, b, c], arguments: {parameters: [{name: p, value: "{{item}}"}]}}
    - {name: many, template: echo, withParam: "{{steps.gen.outputs.parameters.o}}", arguments: {parameters: [{name: p, value: "{{item}}"}]}}
    - {name: nothing, template: ok, withParam: "[]"}
  - - {name: maybe, template: ok, when: "{{steps.gen.outputs.parameters.o}} == yes", hooks: {exit: {template: ok}, watch: {template: ok, expression: "steps['maybe'].status == 'Failed'"}}}
- name: pair
  inputs: {parameters: [{name: p}]}
  retryStrategy: {limit: "2"}
  steps: [[{name: x, template: echo, arguments: {parameters: [{name: p, value: "{{inputs.parameters.p}}"}]}}, {name: z, template: ok, when: "{{inputs.parameters.p}} != a"}]]
`) + "arguments: {parameters: [{name: mode, value: fast}]}\nonExit: ok\n", `
			9 pods, exact false
			wf Steps main Runs 8
			wf[0].gen Pod out Runs 1
			wf[0].slow  ok Skipped 0 | when 'fast == slow' evaluated false
			wf[1].each Steps pair Runs 3 x3 | 2 after wf[0].gen,wf[0].slow
			wf[1].each[0].x Pod echo Runs 1
			wf[1].each[0].z  ok Skipped 0 | when 'a != a' evaluated false
			wf[1].many Pod echo Undecided 1 | loop over {{steps.gen.outputs.parameters.o}} after wf[0].gen,wf[0].slow
			wf[1].nothing  ok Skipped 0 x0 | Skipped, empty params after wf[0].gen,wf[0].slow
			wf[2].maybe Pod ok Undecided 1 | when {{steps.gen.outputs.parameters.o}} == yes after wf[1].each,wf[1].many,wf[1].nothing
			wf[2].maybe.hooks.watch Pod ok Undecided 1 | hook when steps['maybe'].status == 'Failed'
			wf[2].maybe.onExit Pod ok Runs 1 after wf[2].maybe
			wf.onExit Pod ok Runs 1 after wf`},
		{"a dag runs what its targets need", templates(`
- name: main
  dag:
    target: C
    tasks:
    - {name: C, template: wait, depends: "A && (B.Failed || B)"}
    - {name: A, template: ok}
    - {name: B, template: again}
    - {name: unneeded, template: ok}
- name: wait
  suspend: {}
- name: again
  steps: [[{name: self, template: again, when: "{{= 1 == 2 ? 'a' : 'b' }} == b"}]]
`), `
			1 pods, exact false
			wf DAG main Runs 1
			wf.A Pod ok Runs 1
			wf.B Steps again Runs 0
			wf.B[0].self Steps again Runs 0 again
			wf.C Suspend wait Runs 0 | A && (B.Failed || B) after wf.A,wf.B`},
		{"what cannot run says why", templates(`
- name: main
  steps: [[{name: lost, templateRef: {name: lib, template: t}}, {name: bare, template: echo}]]
`), `
			0 pods, exact true
			wf Steps main Runs 0
			wf[0].lost  t Fails 0 | lib not found
			wf[0].bare Pod echo Fails 0 | inputs.parameters.p was not supplied`},
		{"a workflow that cannot start", "entrypoint: nowhere\ntemplates: [{name: main, container: {image: i}}]", `
			0 pods, exact true: invalid spec: spec.entrypoint: template name 'nowhere' undefined`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := strings.ReplaceAll(strings.TrimSpace(tc.want), "\t", "")
			if got := planLines(forecast(t, tc.spec, none)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestForecastLooksUpAndKnowsPhases(t *testing.T) {
	library, err := Parse("spec: {entrypoint: main, templates: [{name: main, steps: [[{name: s, template: t}]]}, {name: t, container: {image: from-lib}}]}")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	lookup := func(request engine.TemplateRequest) engine.TemplateResolved {
		asked++
		return engine.TemplateResolved{Request: request, Spec: &library.Spec}
	}
	plan := forecast(t, "workflowTemplateRef: {name: lib}", lookup, v1alpha1.NodeStatus{Name: "wf[0].s", Phase: v1alpha1.NodeRunning})
	want := "1 pods, exact true\nwf Steps main Runs 1\nwf[0].s Pod t Runs 1 | Running"
	if got := planLines(plan); got != want || asked != 1 || plan.Nodes[1].Image != "from-lib" || plan.Nodes[1].Parent != "wf" {
		t.Errorf("asked %d\n%s", asked, got)
	}
	big := templates("- name: main\n  steps: [[{name: s, template: ok}" + strings.Repeat(", {name: s, template: ok}", 6000) + "]]\n")
	if plan := forecast(t, big, lookup); !plan.Truncated || plan.Exact || len(plan.Nodes) != 5000 || plan.Pods != 6001 {
		t.Errorf("%d nodes, truncated %t, exact %t, %d pods", len(plan.Nodes), plan.Truncated, plan.Exact, plan.Pods)
	}
	// Twenty levels of two calls each are more than a million pods, which nobody walks through one by one; the exit handler that
	// has no place any more counts too. Loops in loops come to more than there are numbers.
	deep, loops := "", "- name: main\n  steps: [[{name: s, template: l0}]]\n"
	for level := range 20 {
		deep += fmt.Sprintf("- name: d%d\n  steps: [[{name: a, template: d%d}, {name: b, template: d%d}]]\n", level, level+1, level+1)
		loops += fmt.Sprintf("- name: l%d\n  steps: [[{name: a, template: l%d, withSequence: {count: 1000}}]]\n", level, level+1)
	}
	plan = forecast(t, strings.Replace(templates(deep+"- {name: d20, container: {image: i}}\n"), "entrypoint: main", "entrypoint: d0", 1)+"onExit: d20\n", lookup)
	if plan.Pods != 1<<20+1 || !plan.Truncated || plan.Exact || len(plan.Nodes) != 5000 {
		t.Errorf("deep: %d pods, %d nodes, %s", plan.Pods, len(plan.Nodes), plan.Error)
	}
	if plan = forecast(t, templates(loops+"- {name: l20, container: {image: i}}\n")+"onExit: l0\n", lookup); plan.Pods != math.MaxInt64 || plan.Truncated {
		t.Errorf("loops: %d pods, %d nodes, %s", plan.Pods, len(plan.Nodes), plan.Error)
	}
}

// TestForecastOfRandomRuns compares plans with runs in which everything succeeds: what the plan calls exact has to be.
func TestForecastOfRandomRuns(t *testing.T) {
	exact := 0
	for seed := range int64(500) {
		wf := (&Generator{Dice: newDice(seed)}).Workflow()
		plan, err := engine.Forecast(wf, nil, nil, engine.Options{}, time.Unix(1_800_000_000, 0))
		if err != nil || plan.Error != "" {
			t.Fatalf("seed %d: %v %s", seed, err, plan.Error)
		}
		d := New(wf, Succeed)
		if err := d.Run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !plan.Exact {
			continue
		}
		exact++
		omitted := strings.Contains(Tree(d.Records()), "Omitted")
		if int64(len(d.Created)) != plan.Pods && !omitted {
			t.Errorf("seed %d: %d pods were made, the plan says\n%s", seed, len(d.Created), planLines(plan))
		}
	}
	if exact < 50 {
		t.Errorf("only %d plans were exact", exact)
	}
}
