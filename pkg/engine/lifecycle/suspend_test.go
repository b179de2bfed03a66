package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/enginetest"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
)

// A suspended step waits without a pod until somebody resumes it, and its outputs take the first default that there is: that of
// the output, of the input of the same name; values are put into both (SUS-01, SUS-02).
func TestResumedSteps_SUS01_SUS02(t *testing.T) {
	for name, tc := range map[string]struct{ inputs, outputs, want string }{
		"the default of the output": {"[]", `[{name: o, valueFrom: {supplied: {}, default: d}}]`, "d"},
		"of the input":              {`[{name: o, default: i, enum: [i, j]}]`, `[{name: o, valueFrom: {supplied: {}}}]`, "i"},
		"both":                      {`[{name: o, default: i}]`, `[{name: o, valueFrom: {supplied: {}, default: d}}]`, "d"},
		"made of an input":          {`[{name: p}]`, `[{name: o, valueFrom: {supplied: {}, default: "as {{inputs.parameters.p}}"}}]`, "as x"},
		"none":                      {"[]", `[{name: o, valueFrom: {supplied: {}}}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			arguments := ""
			if strings.Contains(tc.inputs, "name: p") {
				arguments = ", arguments: {parameters: [{name: p, value: x}]}"
			}
			wf, err := enginetest.Parse(`
metadata: {name: wf}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - [{name: wait, template: wait` + arguments + `}]
    - [{name: tell, template: tell, arguments: {parameters: [{name: t, value: "{{steps.wait.outputs.parameters.o}}"}]}}]
  - name: wait
    inputs: {parameters: ` + tc.inputs + `}
    suspend: {}
    outputs: {parameters: ` + tc.outputs + `}
  - {name: tell, inputs: {parameters: [{name: t}]}, container: {image: i, args: ["{{inputs.parameters.t}}"]}}
`)
			if err != nil {
				t.Fatal(err)
			}
			d := enginetest.New(wf, enginetest.Succeed)
			if err := d.Run(); err != nil || d.Done || len(d.Created) != 0 {
				t.Fatalf("%v, done %v, %d pods\n%s", err, d.Done, len(d.Created), enginetest.Tree(d.Records()))
			}
			changed, err := lifecycle.Resume(d.Records(), lifecycle.Selector{}, nil, d.Now)
			if tc.want == "" {
				if err == nil || err.Error() != "raw output parameter 'o' has not been set and does not have a default value" {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range changed {
				d.Nodes[n.ID] = n
			}
			d.Restart()
			run(t, d)
			for _, n := range d.Records() {
				if n.Name == "wf[1].tell" && string(*n.Inputs.Parameters[0].Value) != tc.want {
					t.Errorf("%s, want %s", *n.Inputs.Parameters[0].Value, tc.want)
				}
			}
		})
	}
}

// The deadline of the workflow ends a suspension too (SUS-01).
func TestSuspensionEndsWithTheDeadline_SUS01(t *testing.T) {
	d := start(t, `
metadata: {name: wf}
spec:
  entrypoint: main
  activeDeadlineSeconds: 5
  templates: [{name: main, steps: [[{name: wait, template: wait}]]}, {name: wait, suspend: {duration: "1h"}}]
`, enginetest.Succeed)
	if d.Workflow.Status.Phase != v1alpha1.WorkflowFailed || d.Workflow.Status.FinishedAt.Sub(d.Workflow.Status.StartedAt.Time) > time.Minute {
		t.Errorf("%s from %s to %s\n%s", d.Workflow.Status.Phase, d.Workflow.Status.StartedAt, d.Workflow.Status.FinishedAt, enginetest.Tree(d.Records()))
	}
}

// A node field selector asks for any field, with every operator; a comma means "and" (OPS-18).
func TestSelectNodes_OPS18(t *testing.T) {
	value := v1alpha1.AnyString("v")
	n := &v1alpha1.NodeStatus{
		ID: "wf-1", Name: "wf[0].step(1:x)", DisplayName: "step(1:x)", TemplateName: "tmpl", Phase: v1alpha1.NodeRunning,
		TemplateRef: &v1alpha1.TemplateRef{Name: "lib", Template: "entry"}, Inputs: &v1alpha1.Inputs{Parameters: []v1alpha1.Parameter{{Name: "p", Value: &value}}},
	}
	for text, want := range map[string]bool{
		"":                      true,
		"displayName=step(1:x)": true, "displayName==step(1:x)": true, "displayName!=step(1:x)": false,
		"id=wf-1": true, "id=wf-2": false, "id!=wf-2": true,
		"name=wf[0].step(1:x)":                           true,
		"templateName=tmpl":                              true,
		"phase=Running":                                  true,
		"phase=Failed":                                   false,
		"templateRef.name=lib":                           true,
		"templateRef.template=entry":                     true,
		"templateRef.template=other":                     false,
		"inputs.parameters.p.value=v":                    true,
		"inputs.parameters.q.value=v":                    false,
		"inputs.parameters.q.value!=v":                   true,
		"phase=Running,inputs.parameters.p.value=v":      true,
		"phase=Running, inputs.parameters.p.value=other": false,
	} {
		selector, err := lifecycle.ParseSelector(text)
		if err != nil || selector.Matches(n) != want {
			t.Errorf("%q: %v, %v", text, !want, err)
		}
	}
	for _, text := range []string{"color=red", "id", "inputs.parameters.p=v", "id in (a)", "id=a,,=b"} {
		if _, err := lifecycle.ParseSelector(text); err == nil {
			t.Errorf("%q is taken for a selector", text)
		}
	}
}
