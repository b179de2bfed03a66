package main

import (
	"slices"
	"testing"
)

func text(s string) *string { return &s }

// plain is a record of a workflow with one step.
func plain() record {
	return record{
		Phase: "Succeeded", Progress: "1/1",
		Labels:     map[string]string{"workflows.argoproj.io/phase": "Succeeded", "workflows.argoproj.io/completed": "true"},
		Conditions: []condition{{Type: "Completed", Status: "True"}, {Type: "PodRunning", Status: "False"}},
		Nodes: []nodeRecord{
			{Name: "WF", DisplayName: "WF", Type: "Steps", Phase: "Succeeded", Children: []string{"[0]"}, OutboundNodes: []string{"a", "b"}},
			{Name: "WF[0]", DisplayName: "[0]", Type: "StepGroup", Phase: "Succeeded", Boundary: "WF", Children: []string{"a", "b"}},
			{Name: "WF[0].a", DisplayName: "a", Type: "Pod", Phase: "Succeeded", Boundary: "WF", ExitCode: text("0"),
				Inputs: []parameter{{"x", "1"}, {"y", "2"}}},
			{Name: "WF[0].b", DisplayName: "b", Type: "Pod", Phase: "Succeeded", Boundary: "WF", ExitCode: text("0")},
		},
	}
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name      string
		change    func(*record)
		wantPhase string
		wantTree  []string
	}{
		{name: "same", change: func(*record) {}},
		{name: "order of nodes, children, conditions and parameters", change: func(r *record) {
			slices.Reverse(r.Nodes)
			slices.Reverse(r.Conditions)
			r.Nodes[2].Children = []string{"b", "a"}
			r.Nodes[1].Inputs = []parameter{{"y", "2"}, {"x", "1"}}
		}},
		{name: "absent and empty children", change: func(r *record) { r.Nodes[3].Children = []string{} }},
		{name: "labels of others", change: func(r *record) { r.Labels["workflows.argoproj.io/actor"] = "me" }},
		{name: "phase", change: func(r *record) { r.Phase, r.Message = "Failed", "no" }, wantPhase: `Failed "no", want Succeeded`},
		{name: "message", change: func(r *record) { r.Message = "well" }, wantPhase: `Succeeded "well", want Succeeded`},
		{name: "progress", change: func(r *record) { r.Progress = "0/1" }, wantTree: []string{"progress 0/1, want 1/1"}},
		{name: "label", change: func(r *record) { delete(r.Labels, "workflows.argoproj.io/completed") },
			wantTree: []string{`label workflows.argoproj.io/completed is "", want "true"`}},
		{name: "condition", change: func(r *record) { r.Conditions = r.Conditions[:1] },
			wantTree: []string{"conditions [Completed=True], want [Completed=True, PodRunning=False]"}},
		{name: "exit code", change: func(r *record) { r.Nodes[2].ExitCode = nil }, wantTree: []string{`WF[0].a: outputs.exitCode none, want "0"`}},
		{name: "input", change: func(r *record) { r.Nodes[2].Inputs[0].Value = "3" },
			wantTree: []string{`WF[0].a: inputs.parameters [{"name":"x","value":"3"},{"name":"y","value":"2"}], want [{"name":"x","value":"1"},{"name":"y","value":"2"}]`}},
		{name: "missing and more nodes", change: func(r *record) { r.Nodes[3].Name = "WF[0].c" },
			wantTree: []string{`WF[0].c: not in the record (Pod Succeeded "")`, `WF[0].b: missing (Pod Succeeded "")`}},
		{name: "outputs", change: func(r *record) { r.Outputs = &outputsRecord{[]parameter{{"o", "1"}}} },
			wantTree: []string{`outputs {"parameters":[{"name":"o","value":"1"}]}, want null`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := plain()
			test.change(&got)
			d := compare(got, plain())
			if d.phase != test.wantPhase || !slices.Equal(d.tree, test.wantTree) {
				t.Errorf("phase %q, tree %q\nwant %q, %q", d.phase, d.tree, test.wantPhase, test.wantTree)
			}
		})
	}
}

func TestNormalise(t *testing.T) {
	n := newNormaliser("conf-a-x1", "steps-7")
	tests := map[string]string{
		"steps-7":                                  "WF",
		"child 'steps-7-1284354567' failed":        "child 'WF-HASH' failed",
		"steps-7[0].a(0:x)":                        "WF[0].a(0:x)",
		"argo/conf-a-x1/steps-7":                   "argo/argo/WF",
		"at 2026-11-23T01:02:03Z":                  "at TS",
		"at 2026-11-23T01:02:03.123456+01:00 then": "at TS then",
		"http://10.244.0.17:8086/write":            "http://IP:8086/write",
		"uid 6a4c8854-476e-414f-8503-8fe91f12b2d5": "uid UID",
		"alpine:3.23 and 1.2.3":                    "alpine:3.23 and 1.2.3",
		"WF-HASH at TS on IP":                      "WF-HASH at TS on IP",
	}
	for in, want := range tests {
		if got := n.text(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
		if got := n.text(want); want != "argo/argo/WF" && got != want {
			t.Errorf("%q does not stay, it becomes %q", want, got)
		}
	}
}
