package enginetest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/exampletest"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// truth is what the reference made of an example.
type truth struct {
	Remarks  []string    `json:"remarks"`
	Phase    string      `json:"phase"`
	Message  string      `json:"message"`
	Progress string      `json:"progress"`
	Nodes    []truthNode `json:"nodes"`
}

type truthNode struct {
	DisplayName string                `json:"displayName"`
	Name        string                `json:"name"`
	Type        string                `json:"type"`
	Phase       string                `json:"phase"`
	Message     string                `json:"message"`
	Template    string                `json:"template"`
	TemplateRef *v1alpha1.TemplateRef `json:"templateRef"`
	Boundary    string                `json:"boundary"`
	Children    []string              `json:"children"`
	Outbound    []string              `json:"outboundNodes"`
	NodeFlag    *v1alpha1.NodeFlag    `json:"nodeFlag"`
	Inputs      []v1alpha1.Parameter  `json:"inputs.parameters"`
	Outputs     []v1alpha1.Parameter  `json:"outputs.parameters"`
	ExitCode    *string               `json:"outputs.exitCode"`
	Result      *string               `json:"outputs.result"`
}

// differs lists examples whose tree is not that of the reference, and why.
var differs = map[string]string{
	"loops-arbitrary-sequential-steps.yaml": "the reference gives a composite that failFast ends no outbound nodes; ours has them, what follows it hangs there",
}

func TestExamplesAgainstTheReference(t *testing.T) {
	dir := exampletest.Directory(t)
	library := loadLibrary(t, dir)
	var same, skipped []string
	err := filepath.WalkDir(filepath.Join(dir, "truth"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		rel, _ := filepath.Rel(filepath.Join(dir, "truth"), strings.TrimSuffix(path, ".json"))
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var want truth
		if err := json.Unmarshal(data, &want); err != nil {
			return err
		}
		t.Run(rel, func(t *testing.T) {
			wf, reason := library.workflow(t, filepath.Join(dir, rel), want.Remarks)
			if reason == "" {
				reason = unsupported(want, wf)
			}
			if reason != "" {
				skipped = append(skipped, rel+": "+reason)
				t.Skip(reason)
			}
			diffs := compare(t, library, wf, want)
			if why, known := differs[rel]; known {
				if len(diffs) == 0 {
					t.Errorf("is the same now: drop it from the list (%s)", why)
				}
				t.Skipf("differs: %s", why)
			}
			for _, diff := range diffs {
				t.Error(diff)
			}
			if len(diffs) == 0 {
				same = append(same, rel)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("same as the reference: %d\n  %s\nskipped: %d\n  %s", len(same), strings.Join(same, "\n  "), len(skipped), strings.Join(skipped, "\n  "))
}

// unsupported tells why an example cannot be compared here.
func unsupported(want truth, wf *v1alpha1.Workflow) string {
	if want.Phase == "Running" || want.Phase == "Pending" || want.Phase == "" {
		return "the record shows a workflow in progress"
	}
	if wf.Spec.Synchronization != nil {
		return "synchronization comes with a later issue"
	}
	for i := range wf.Spec.Templates {
		switch t := &wf.Spec.Templates[i]; {
		case t.Memoize != nil:
			return "memoization comes with a later issue"
		case t.Synchronization != nil:
			return "synchronization comes with a later issue"
		case t.HTTP != nil:
			return "http templates come with a later issue"
		}
	}
	return ""
}

func compare(t *testing.T, library *library, wf *v1alpha1.Workflow, want truth) []string {
	byName := map[string]truthNode{}
	for _, n := range want.Nodes {
		byName[n.Name] = n
	}
	wf.Name, wf.Namespace = "WF", "argo"
	d := New(wf, func(request engine.PodRequest) Outcome {
		return outcomeOf(byName[request.NodeName], request.Template.ContainerSet != nil)
	})
	library.offer(d)
	for range 20 {
		if err := d.Run(); err != nil {
			t.Fatal(err)
		}
		if d.Done {
			break
		}
		supply(d, byName)
		d.Resume("Resumed by: map[User:kubernetes-admin]")
	}
	if !d.Done {
		return []string{"does not end:\n" + Tree(d.Records())}
	}
	return diff(d, want)
}

// outcomeOf has a pod do what the reference's pod did.
func outcomeOf(n truthNode, containers bool) Outcome {
	o := Outcome{Result: n.Result, Parameters: map[string]string{}}
	for _, p := range n.Outputs {
		if p.Value != nil {
			o.Parameters[p.Name] = string(*p.Value)
		}
	}
	switch {
	case n.Phase == "Succeeded" && n.ExitCode == nil && !containers:
		o.Serves = true
	case n.Phase == "Failed" && n.ExitCode != nil:
		_, _ = fmt.Sscan(*n.ExitCode, &o.ExitCode)
	}
	if n.Phase == "Failed" && !strings.HasPrefix(n.Message, "main: ") {
		o.Message = n.Message
	}
	if _, words, ok := strings.Cut(n.Message, "): "); ok {
		o.LastWords = words
	}
	return o
}

// supply sets the outputs that a user gave to suspensions.
func supply(d *Driver, byName map[string]truthNode) {
	for id, n := range d.Nodes {
		if n.Type != v1alpha1.NodeTypeSuspend || n.Outputs == nil {
			continue
		}
		out := n.Outputs.DeepCopy()
		for i := range out.Parameters {
			for _, p := range byName[n.Name].Outputs {
				if p.Name == out.Parameters[i].Name {
					out.Parameters[i].Value, out.Parameters[i].ValueFrom = p.Value, nil
				}
			}
		}
		n.Outputs = out
		d.Nodes[id] = n
	}
}

var nodeID = regexp.MustCompile(`WF-\d+`)

func diff(d *Driver, want truth) []string {
	var diffs []string
	say := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	st := d.Workflow.Status
	if string(st.Phase) != want.Phase || nodeID.ReplaceAllString(st.Message, "WF-HASH") != want.Message || string(st.Progress) != want.Progress {
		say("workflow: %s %q %s, want %s %q %s", st.Phase, st.Message, st.Progress, want.Phase, want.Message, want.Progress)
	}
	wire := node.ToWire(d.Records())
	display := func(ids []string) string {
		var names []string
		for _, id := range ids {
			names = append(names, wire[id].DisplayName)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	seen := map[string]bool{}
	for _, n := range d.Records() {
		w := wire[n.ID]
		var x *truthNode
		for i := range want.Nodes {
			if want.Nodes[i].Name == n.Name {
				x = &want.Nodes[i]
			}
		}
		if x == nil {
			say("node %s (%s %s %q) is not in the reference's tree", n.Name, n.Type, n.Phase, n.Message)
			continue
		}
		seen[n.Name] = true
		slices.Sort(x.Children)
		slices.Sort(x.Outbound)
		got := fmt.Sprintf("%s %s %q tmpl=%s ref=%v disp=%s boundary=%s flag=%v in=%s out=%s exit=%s result=%s children=[%s] outbound=[%s]",
			w.Type, w.Phase, nodeID.ReplaceAllString(w.Message, "WF-HASH"), w.TemplateName, ref(w.TemplateRef), w.DisplayName, wire[w.BoundaryID].DisplayName, flag(w.NodeFlag),
			inputs(w.Inputs), outputs(w.Outputs), exit(w.Outputs), result(w.Outputs), display(w.Children), display(w.OutboundNodes))
		exp := fmt.Sprintf("%s %s %q tmpl=%s ref=%v disp=%s boundary=%s flag=%v in=%s out=%s exit=%s result=%s children=[%s] outbound=[%s]",
			x.Type, x.Phase, x.Message, x.Template, ref(x.TemplateRef), x.DisplayName, x.Boundary, flag(x.NodeFlag),
			parameters(x.Inputs), parameters(x.Outputs), text(x.ExitCode), text(x.Result), strings.Join(x.Children, " "), strings.Join(x.Outbound, " "))
		if got = strings.ReplaceAll(got, "10.0.0.1", "IP"); got != exp { // the records hide addresses
			say("%s:\n  got  %s\n  want %s", n.Name, got, exp)
		}
	}
	for _, x := range want.Nodes {
		if !seen[x.Name] {
			say("no node %s (%s %s %q)", x.Name, x.Type, x.Phase, x.Message)
		}
	}
	return diffs
}

func ref(r *v1alpha1.TemplateRef) string {
	if r == nil {
		return "-"
	}
	return fmt.Sprintf("%s/%s/%v", r.Name, r.Template, r.ClusterScope)
}

func flag(f *v1alpha1.NodeFlag) string {
	if f == nil {
		return "-"
	}
	return fmt.Sprintf("%+v", *f)
}

func inputs(in *v1alpha1.Inputs) string {
	if in == nil {
		return ""
	}
	return parameters(in.Parameters)
}

func outputs(out *v1alpha1.Outputs) string {
	if out == nil {
		return ""
	}
	return parameters(out.Parameters)
}

func exit(out *v1alpha1.Outputs) string {
	if out == nil {
		return "-"
	}
	return text(out.ExitCode)
}

func result(out *v1alpha1.Outputs) string {
	if out == nil {
		return "-"
	}
	return text(out.Result)
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func parameters(list []v1alpha1.Parameter) string {
	var all []string
	for _, p := range list {
		value := "-"
		if p.Value != nil {
			value = string(*p.Value)
		}
		all = append(all, p.Name+"="+value)
	}
	return strings.Join(all, ",")
}
