package enginetest

import (
	"fmt"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

func TestTrap15_Parallelism_FLOW10_FLOW11(t *testing.T) {
	loop := func(extra, template string) string {
		return "entrypoint: main\n" + extra + `
templates:
- name: main
  ` + template + `
  steps:
  - - {name: a, template: inner, withSequence: {count: "6"}}
- name: inner
  steps: [[{name: x, template: ok}, {name: z, template: ok}]]
` + strings.TrimPrefix(leaves, "\n")
	}
	if d := runCase(t, loop("parallelism: 3", ""), nil); d.MostPods != 3 {
		t.Errorf("workflow limit 3: %d pods at once", d.MostPods)
	}
	if d := runCase(t, loop("", "parallelism: 2"), nil); d.MostPods != 4 {
		t.Errorf("2 members at a time of 2 pods each: %d pods at once (a nested composite counts as one)", d.MostPods)
	}
	if d := runCase(t, loop("parallelism: 1", "parallelism: 2"), nil); d.MostPods != 1 || len(d.Created) != 12 {
		t.Errorf("%d pods at once, %d in all", d.MostPods, len(d.Created))
	}
}

func TestTrap16_ResultOnlyIfRead_PRM14(t *testing.T) {
	wanted := map[string]bool{}
	wf, err := Parse(`
metadata: {name: wf}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: gen}
      - {name: b-1, template: gen}
      - {name: c, template: gen}
      - {name: d, template: use, depends: a && b-1 && c, arguments: {parameters: [{name: p, value: "{{tasks.a.outputs.result}} {{=tasks['b-1'].outputs.result}}"}]}}
  - {name: gen, script: {image: i, source: s}}
  - {name: use, inputs: {parameters: [{name: p}]}, container: {image: i}}`)
	if err != nil {
		t.Fatal(err)
	}
	d := New(wf, func(request engine.PodRequest) Outcome {
		wanted[request.NodeName] = request.IncludeResult
		text := "r"
		return Outcome{Result: &text}
	})
	if err := d.Run(); err != nil || !d.Done {
		t.Fatal(err)
	}
	if fmt.Sprint(wanted) != "map[wf.a:true wf.b-1:true wf.c:false wf.d:false]" || input(d, "wf.d") != "p=r r" {
		t.Errorf("%v %s", wanted, input(d, "wf.d"))
	}
}

func TestTrap20_FrozenTemplates_NOD15_REF03(t *testing.T) {
	library, err := Parse(`
spec:
  entrypoint: main
  arguments: {parameters: [{name: a, value: from-template}, {name: b, value: from-template}]}
  templates:
  - name: main
    inputs: {parameters: [{name: p, value: "{{workflow.parameters.a}} {{workflow.parameters.b}}"}]}
    container: {image: i}`)
	if err != nil {
		t.Fatal(err)
	}
	add := func(d *Driver) { d.AddTemplate("lib", false, &library.Spec) }
	d := runCase(t, `
workflowTemplateRef: {name: lib}
arguments: {parameters: [{name: a, value: mine}]}`, nil, add)
	if input(d, "wf") != "p=mine from-template" || d.Workflow.Status.StoredWorkflowSpec == nil || d.Workflow.Labels[v1alpha1.LabelKeyWorkflowTemplate] != "lib" {
		t.Errorf("workflow beats template: %s %v", input(d, "wf"), d.Workflow.Status)
	}
	// templateRef: the library's own arguments do not count, and what was used is kept in status.
	d = runCase(t, `
entrypoint: main
arguments: {parameters: [{name: a, value: mine}, {name: b, value: mine}]}
templates:
- name: main
  steps: [[{name: s, templateRef: {name: lib, template: main}}]]`, nil, add)
	stored := d.Workflow.Status.StoredTemplates
	if _, ok := stored["namespaced/lib/main"]; !ok || input(d, "wf[0].s") != "p=mine mine" {
		t.Errorf("%s %v", input(d, "wf[0].s"), stored)
	}
	d.Restart()
	d.Templates = nil // nothing is looked up again
	if _, err := d.Step(); err != nil || !d.Done {
		t.Errorf("%v", err)
	}
	d = runCase(t, "entrypoint: main\ntemplates: [{name: main, steps: [[{name: s, templateRef: {name: gone, template: t}}]]}]", nil)
	if st := d.Workflow.Status; st.Phase != "Error" || !strings.Contains(st.Message, "WorkflowTemplate gone not found") {
		t.Errorf("%s %s", st.Phase, st.Message)
	}
}

func TestRecursionLimit_REF05(t *testing.T) { // V-266
	spec := "entrypoint: main\ntemplates: [{name: main, steps: [[{name: s, template: main}]]}]"
	d := runCase(t, spec, nil)
	if st := d.Workflow.Status; st.Phase != "Failed" || len(d.Nodes) != 2*101+1 || !strings.Contains(Tree(d.Records()), "Skipped Error Maximum recursion depth exceeded. See ") {
		t.Errorf("%s %s, %d nodes", st.Phase, st.Message, len(d.Nodes))
	}
}

func TestTemplateDefaults_TPL18(t *testing.T) {
	var seen []engine.PodRequest
	wf, err := Parse(`
metadata: {name: wf}
spec:
  entrypoint: main
  podSpecPatch: "x: {{workflow.parameters.v}}"
  arguments: {parameters: [{name: v, value: "5"}]}
  templateDefaults:
    timeout: 20s
    container: {image: default, command: [c]}
    metadata: {labels: {a: d, b: d}}
  templates:
  - name: main
    metadata: {labels: {b: own}}
    script: {image: i, source: "{{workflow.parameters.v}}"}`)
	if err != nil {
		t.Fatal(err)
	}
	d := New(wf, func(request engine.PodRequest) Outcome {
		seen = append(seen, request)
		return Outcome{}
	})
	if err := d.Run(); err != nil || len(seen) != 1 {
		t.Fatal(err)
	}
	tmpl := seen[0].Template
	if tmpl.Timeout != "20s" || tmpl.Container != nil || tmpl.Metadata.Labels["a"] != "d" || tmpl.Metadata.Labels["b"] != "own" || tmpl.Script.Source != "5" {
		t.Errorf("%+v", tmpl)
	}
	if seen[0].Spec.PodSpecPatch != "x: 5" || seen[0].Spec.Templates != nil {
		t.Errorf("VAR-26: %+v", seen[0].Spec)
	}
}

func TestExpressions_EXP(t *testing.T) {
	d := runCase(t, templates(`
- name: main
  inputs: {parameters: [{name: num, value: "4"}]}
  steps:
  - - {name: a, template: echo, when: "{{=asInt(inputs.parameters.num) > 3}}", arguments: {parameters: [{name: p, value: "{{=toJson({'n': asInt(inputs.parameters.num) + 1})}}"}]}}
    - {name: b, template: echo, arguments: {parameters: [{name: p, value: "{{=sprig.repeat(asInt(inputs.parameters.num), 'x')}}"}]}}
    - {name: c, template: echo, withItems: [1, 2], arguments: {parameters: [{name: p, value: "{{=asInt(item) * 10}} {{workflow.name}} {{inputs.parameters.num}}"}]}}
`), nil)
	for node, want := range map[string]string{"wf[0].a": `p={"n":5}`, "wf[0].b": "p=xxxx", "wf[0].c(1:2)": "p=20 wf 4"} {
		if got := input(d, node); got != want {
			t.Errorf("%s: %s, want %s\n%s", node, got, want, Tree(d.Records()))
		}
	}
}

func TestOutputsOfComposites_PRM06_PRM07(t *testing.T) {
	d := runCase(t, templates(`
- name: main
  steps:
  - [{name: i, template: inner}]
  - [{name: b, template: echo, arguments: {parameters: [{name: p, value: "{{steps.i.outputs.parameters.x}} {{steps.i.outputs.parameters.q}} {{steps.i.outputs.parameters.z}}"}]}}]
- name: inner
  dag:
    tasks: [{name: a, template: out}, {name: s, template: out, when: "false"}]
  outputs:
    parameters:
    - {name: x, valueFrom: {parameter: "{{tasks.a.outputs.parameters.o}}"}}
    - {name: q, valueFrom: {expression: "tasks.a.status == 'Succeeded' ? 'yes' : 'no'"}}
    - {name: z, valueFrom: {parameter: "{{tasks.s.outputs.parameters.o}}", default: none}}
`), nil)
	if got := input(d, "wf[1].b"); got != "p=out yes none" {
		t.Errorf("%s\n%s", got, Tree(d.Records()))
	}
}

func TestDisplayName_NOD12(t *testing.T) {
	spec := func(name string) string {
		return "entrypoint: main\ntemplates: [{name: main, annotations: {workflows.argoproj.io/display-name: '" + name + "'}, container: {image: i}}]"
	}
	if d := runCase(t, spec("run-{{workflow.name}}"), nil); d.Nodes["wf"].DisplayName != "run-wf" {
		t.Errorf("%q", d.Nodes["wf"].DisplayName)
	}
	if d := runCase(t, spec("not good"), nil); d.Workflow.Status.Phase != "Error" {
		t.Errorf("V-265: %s", d.Workflow.Status.Phase)
	}
}
