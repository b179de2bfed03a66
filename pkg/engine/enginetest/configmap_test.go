package enginetest

import (
	"testing"

	"fairlead.dev/fairlead/pkg/engine"
)

// TestConfigMapsAreReadOnce_PRM04 has the ConfigMap change between the start of a run and its taking up.
func TestConfigMapsAreReadOnce_PRM04(t *testing.T) {
	wf, err := Parse(`
metadata: {name: wf, namespace: ns}
spec:
  entrypoint: main
  arguments: {parameters: [{name: size, valueFrom: {configMapKeyRef: {name: settings, key: size}}}]}
  templates:
  - name: main
    steps: [[{name: first, template: echo}], [{name: second, template: echo}]]
  - name: echo
    inputs: {parameters: [{name: p, value: "{{workflow.parameters.size}}"}]}
    container: {image: i, args: ["{{inputs.parameters.p}}"]}`)
	if err != nil {
		t.Fatal(err)
	}
	d := New(wf, Succeed)
	request := engine.TemplateRequest{Kind: engine.RequestConfigMapParameter, Name: "settings", Key: "size"}
	set := func(value string) {
		d.Templates[request] = engine.TemplateResolved{Request: request, Value: &value}
	}
	set("small")
	d.Check = func(d *Driver, _ engine.Decision) {
		if len(d.Created) == 1 {
			set("large")
			d.Restart()
			d.Check = nil
		}
	}
	if err := d.Run(); err != nil || !d.Done {
		t.Fatal(err)
	}
	if first, second := input(d, "wf[0].first"), input(d, "wf[1].second"); first != "p=small" || second != "p=small" {
		t.Errorf("%s, then %s", first, second)
	}
}
