package enginetest

import (
	"testing"

	"fairlead.dev/fairlead/pkg/engine"
)

// LOOP-08: a hook of a step in a loop knows the value that its step ran with, as the rest of the step does.
func TestHooksKnowTheItem_LOOP08_HOOK02(t *testing.T) {
	d := runCase(t, templates(`
- name: main
  steps:
  - - name: a
      template: ok
      withItems: [x, z]
      hooks:
        exit: {template: echo, arguments: {parameters: [{name: p, value: "{{item}} {{steps.a.status}}"}]}}
        done: {expression: 'steps.a.status == "Succeeded" && "{{item}}" == "x"', template: "{{=item == 'x' ? 'echo' : 'ok'}}", arguments: {parameters: [{name: p, value: "{{=item + '!'}}"}]}}
`), nil)
	for node, want := range map[string]string{
		"wf[0].a(0:x).onExit": "p=x Succeeded", "wf[0].a(1:z).onExit": "p=z Succeeded", "wf[0].a(0:x).hooks.done": "p=x!",
	} {
		if got := input(d, node); got != want {
			t.Errorf("%s: %q, want %q", node, got, want)
		}
	}
}

// VAR-14, VAR-15, PRM-18: what stands for a declared path is the path as it is used, whatever tags it was declared with. A path
// that refers to itself stays as it is.
func TestDeclaredPathsWithTags_VAR14_VAR15(t *testing.T) {
	wf, err := Parse(`
metadata: {name: wf, namespace: ns}
spec:
  entrypoint: main
  arguments: {parameters: [{name: f, value: file}]}
  templates:
  - name: main
    inputs: {parameters: [{name: f}], artifacts: [{name: i, path: "/in/{{workflow.name}}", raw: {data: d}}]}
    container: {image: i, args: ["{{inputs.artifacts.i.path}} {{outputs.parameters.o.path}} {{outputs.artifacts.a.path}} {{outputs.parameters.self.path}}"]}
    outputs:
      parameters: [{name: o, valueFrom: {path: "/o/{{inputs.parameters.f}}"}}, {name: self, valueFrom: {path: "{{outputs.parameters.self.path}}"}}]
      artifacts: [{name: a, path: "/a/{{workflow.name}}-{{inputs.parameters.f}}"}]
`)
	if err != nil {
		t.Fatal(err)
	}
	var args string
	d := New(wf, func(request engine.PodRequest) Outcome {
		args = request.Template.Container.Args[0]
		return Outcome{}
	})
	withRepository("")(d)
	if err := d.Run(); err != nil {
		t.Fatal(err)
	}
	if want := "/in/wf /o/file /a/wf-file {{outputs.parameters.self.path}}"; args != want {
		t.Errorf("args %q, want %q", args, want)
	}
}
