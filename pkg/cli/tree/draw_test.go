package tree

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

var update = flag.Bool("update", false, "write the golden files")

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// planter makes nodes as the engine does: in order, each with the name that its place gives it.
type planter struct {
	workflow string
	nodes    map[string]v1alpha1.NodeStatus
}

func newPlanter(workflow string) *planter {
	return &planter{workflow: workflow, nodes: map[string]v1alpha1.NodeStatus{}}
}

// add makes a node; parents are names.
func (p *planter) add(kind v1alpha1.NodeType, phase v1alpha1.NodePhase, name, boundary string, parents []string, adjust ...func(*v1alpha1.NodeStatus)) {
	n := v1alpha1.NodeStatus{
		ID: node.ID(p.workflow, name), Name: name, DisplayName: node.Display(name, boundary), Type: kind, Phase: phase, TemplateName: "work",
		Ordinal: int64(len(p.nodes)), StartedAt: metav1.NewTime(epoch.Add(time.Duration(len(p.nodes)) * time.Second)),
	}
	if boundary != "" {
		n.BoundaryID = node.ID(p.workflow, boundary)
	}
	for _, parent := range parents {
		n.Parents = append(n.Parents, node.ID(p.workflow, parent))
	}
	if phase.Completed() {
		n.FinishedAt = metav1.NewTime(n.StartedAt.Add(3 * time.Second))
	}
	for _, f := range adjust {
		f(&n)
	}
	p.nodes[n.ID] = n
}

func message(text string) func(*v1alpha1.NodeStatus) {
	return func(n *v1alpha1.NodeStatus) { n.Message = text }
}

func retried(n *v1alpha1.NodeStatus) { n.NodeFlag = &v1alpha1.NodeFlag{Retried: true} }
func hooked(n *v1alpha1.NodeStatus)  { n.NodeFlag = &v1alpha1.NodeFlag{Hooked: true} }

const (
	pod       = v1alpha1.NodeTypePod
	steps     = v1alpha1.NodeTypeSteps
	group     = v1alpha1.NodeTypeStepGroup
	dag       = v1alpha1.NodeTypeDAG
	tasks     = v1alpha1.NodeTypeTaskGroup
	retry     = v1alpha1.NodeTypeRetry
	succeeded = v1alpha1.NodeSucceeded
	failed    = v1alpha1.NodeFailed
	running   = v1alpha1.NodeRunning
	pending   = v1alpha1.NodePending
)

func diamond() *planter {
	p := newPlanter("dag")
	p.add(dag, succeeded, "dag", "", nil)
	p.add(pod, succeeded, "dag.A", "dag", []string{"dag"})
	p.add(pod, succeeded, "dag.B", "dag", []string{"dag.A"})
	p.add(pod, succeeded, "dag.C", "dag", []string{"dag.A"})
	p.add(pod, succeeded, "dag.D", "dag", []string{"dag.B", "dag.C"})
	return p
}

// mixed has steps side by side, a nested DAG, a retry, a suspend step, hooks and an exit handler.
func mixed() *planter {
	p := newPlanter("mix")
	p.add(steps, running, "mix", "", nil)
	p.add(group, succeeded, "mix[0]", "mix", []string{"mix"})
	p.add(pod, succeeded, "mix[0].fetch", "mix", []string{"mix[0]"})
	p.add(group, failed, "mix[1]", "mix", []string{"mix[0].fetch"})
	p.add(dag, succeeded, "mix[1].build", "mix", []string{"mix[1]"})
	p.add(pod, succeeded, "mix[1].build.linux", "mix[1].build", []string{"mix[1].build"})
	p.add(tasks, succeeded, "mix[1].build.arch", "mix[1].build", []string{"mix[1].build.linux"})
	p.add(pod, succeeded, "mix[1].build.arch(0:arm)", "mix[1].build", []string{"mix[1].build.arch"})
	p.add(pod, succeeded, "mix[1].build.arch(1:amd)", "mix[1].build", []string{"mix[1].build.arch"})
	p.add(retry, failed, "mix[1].test", "mix", []string{"mix[1]"}, message("No more retries left"))
	p.add(pod, failed, "mix[1].test(0)", "mix", []string{"mix[1].test"}, retried, message("Error (exit code 1)"))
	p.add(pod, failed, "mix[1].test(1)", "mix", []string{"mix[1].test"}, retried, message("OOMKilled (exit code 137): two\nlines"))
	p.add(v1alpha1.NodeTypeSkipped, v1alpha1.NodeSkipped, "mix[1].docs", "mix", []string{"mix[1]"}, message("when 'false' evaluated false"))
	p.add(retry, succeeded, "mix[1].lint", "mix", []string{"mix[1]"})
	p.add(pod, succeeded, "mix[1].lint(0)", "mix", []string{"mix[1].lint"}, retried)
	p.add(group, running, "mix[2]", "mix", []string{"mix[1].lint(0)"})
	p.add(v1alpha1.NodeTypeSuspend, running, "mix[2].approve", "mix", []string{"mix[2]"})
	p.add(pod, running, "mix[2].approve.hooks.running", "mix", []string{"mix[2].approve"}, hooked)
	p.add(group, pending, "mix[3]", "mix", []string{"mix[2].approve"})
	p.add(pod, pending, "mix.onExit", "", nil, hooked)
	return p
}

// longNames has names that are wider than any screen.
func longNames() *planter {
	p := newPlanter("long")
	p.add(dag, failed, "long", "", nil, message("child 'x' failed"))
	p.add(tasks, failed, "long.each", "long", []string{"long"})
	p.add(pod, succeeded, "long.each(0:"+strings.Repeat("very ", 20)+"long)", "long", []string{"long.each"})
	p.add(pod, failed, "long.each(1:"+strings.Repeat("とても", 20)+")", "long", []string{"long.each"}, message("Error (exit code 1): "+strings.Repeat("x", 200)))
	return p
}

// fan is one DAG with many tasks of a loop, of which some failed and some run.
func fan(count int) *planter {
	p := newPlanter("fan")
	p.add(dag, running, "fan", "", nil)
	p.add(tasks, running, "fan.each", "fan", []string{"fan"})
	for i := range count {
		phase := succeeded
		switch {
		case i%(count/4) == 7:
			phase = failed
		case i > count-50:
			phase = running
		}
		name := fmt.Sprintf("fan.each(%d:%d)", i, i)
		p.add(pod, phase, name, "fan", []string{"fan.each"})
	}
	p.add(tasks, running, "fan.chains", "fan", []string{"fan"})
	for i := range 40 {
		chain := fmt.Sprintf("fan.chains(%d:%d)", i, i)
		phase := succeeded
		if i == 30 {
			phase = failed
		}
		p.add(dag, phase, chain, "fan", []string{"fan.chains"})
		for j := range 5 {
			stepPhase := succeeded
			if i == 30 && j == 4 {
				stepPhase = failed
			}
			p.add(pod, stepPhase, fmt.Sprintf("%s.s%d", chain, j), chain, []string{chain})
		}
	}
	return p
}

func workflow(name string, phase v1alpha1.WorkflowPhase) *v1alpha1.Workflow {
	wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", CreationTimestamp: metav1.NewTime(epoch)}}
	wf.Status.Phase, wf.Status.StartedAt = phase, metav1.NewTime(epoch)
	return wf
}

// CLI-12.
func TestDraw(t *testing.T) {
	now := epoch.Add(5 * time.Minute)
	tests := []struct {
		name    string
		nodes   *planter
		options Options
	}{
		{"diamond", diamond(), Options{}},
		{"diamond-wide", diamond(), Options{Wide: true}},
		{"mixed-short", mixed(), Options{Short: true}},
		{"mixed", mixed(), Options{}},
		{"mixed-ascii", mixed(), Options{ASCII: true}},
		{"mixed-narrow", mixed(), Options{Width: 48}},
		{"mixed-failed", mixed(), Options{Keep: func(n *v1alpha1.NodeStatus) bool { return n.Phase == failed }}},
		{"mixed-coloured", mixed(), Options{Width: 60, Paint: func(s Style, text string) string { return "<" + string(s) + ":" + text + ">" }}},
		{"long-names", longNames(), Options{Width: 60}},
		{"long-names-ascii", longNames(), Options{Width: 40, ASCII: true}},
		{"fan", fan(10_000), Options{}},
		{"fan-screen", fan(10_000), Options{Lines: 24}},
		{"fan-tiny", fan(10_000), Options{Lines: 4}},
		{"fan-full", fan(100), Options{Full: true}},
		{"nothing-kept", diamond(), Options{Keep: func(*v1alpha1.NodeStatus) bool { return false }}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.options.Now = now
			lines := Draw(workflow(test.nodes.workflow, v1alpha1.WorkflowRunning), test.nodes.nodes, test.options)
			if limit := test.options.Lines; limit > 0 && len(lines) > limit {
				t.Errorf("%d lines, at most %d were asked for", len(lines), limit)
			}
			if width := test.options.Width; width > 0 && test.options.Paint == nil {
				for _, line := range lines {
					if got := uniseg.StringWidth(line); got > width {
						t.Errorf("line of %d columns: %q", got, line)
					}
				}
			}
			golden(t, test.name, lines)
		})
	}
}

// CLI-12.
func TestHeading(t *testing.T) {
	finished := workflow("done", v1alpha1.WorkflowFailed)
	finished.Status.FinishedAt = metav1.NewTime(epoch.Add(2 * time.Minute))
	finished.Status.Message = "child 'x' failed"
	finished.Status.Progress = "12/20"
	finished.Status.ResourcesDuration = v1alpha1.ResourcesDuration{"cpu": 61, "memory": 3600}
	finished.Status.Conditions = v1alpha1.Conditions{
		{Type: v1alpha1.ConditionTypeCompleted, Status: metav1.ConditionTrue},
		{Type: v1alpha1.ConditionTypeSpecWarning, Status: metav1.ConditionTrue, Message: "parameter x is never used"},
	}
	finished.Status.Outputs = &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "answer", Value: ptr.To(v1alpha1.AnyString("42"))}}}
	finished.Spec.ServiceAccountName = "runner"
	finished.Spec.Arguments.Parameters = []v1alpha1.Parameter{{Name: "a", Value: ptr.To(v1alpha1.AnyString("1\n2"))}, {Name: "long-name"}}
	finished.Spec.WorkflowTemplateRef = &v1alpha1.WorkflowTemplateRef{Name: "tmpl"}
	for _, width := range []int{18, 30, 40, 60} {
		for _, line := range Heading(finished, nil, Options{Now: epoch.Add(5 * time.Minute), Width: width}) {
			if got := uniseg.StringWidth(line); got > width {
				t.Errorf("%d columns on a screen of %d: %q", got, width, line)
			}
		}
	}
	brief := Heading(finished, nil, Options{Now: epoch.Add(5 * time.Minute), Short: true})
	if len(brief) != 1 || brief[0] != "done  Failed  2m  12 of 20" {
		t.Errorf("in one line: %q", brief)
	}
	if narrow := Heading(finished, nil, Options{Now: epoch, Width: 10, Short: true}); len(narrow) != 1 || narrow[0] != "done  Fail" {
		t.Errorf("in one short line: %q", narrow)
	}
	estimated := workflow("half", v1alpha1.WorkflowRunning)
	estimated.Status.EstimatedDuration = 600
	estimated.Status.Progress = "1/2"
	for name, wf := range map[string]*v1alpha1.Workflow{
		"heading-failed": finished, "heading-estimated": estimated, "heading-new": {ObjectMeta: metav1.ObjectMeta{Name: "new", Namespace: "ns"}},
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, Heading(wf, nil, Options{Now: epoch.Add(5 * time.Minute)}))
		})
	}
}

// NOD-01: a workflow has no phase of its own for being suspended.
func TestStatus(t *testing.T) {
	suspended := newPlanter("s")
	suspended.add(steps, running, "s", "", nil)
	suspended.add(v1alpha1.NodeTypeSuspend, running, "s[0].wait", "s", []string{"s"})
	busy := newPlanter("s")
	busy.add(v1alpha1.NodeTypeSuspend, running, "s[0].wait", "s", nil)
	busy.add(pod, running, "s[0].work", "s", nil)
	now := metav1.NewTime(epoch)
	tests := []struct {
		name   string
		adjust func(*v1alpha1.Workflow)
		phase  v1alpha1.WorkflowPhase
		nodes  map[string]v1alpha1.NodeStatus
		want   string
	}{
		{name: "new", want: "Pending"},
		{name: "running", phase: "Running", nodes: busy.nodes, want: "Running"},
		{name: "suspend step", phase: "Running", nodes: suspended.nodes, want: "Running (Suspended)"},
		{name: "suspended", phase: "Running", adjust: func(w *v1alpha1.Workflow) { w.Spec.Suspend = ptr.To(true) }, want: "Running (Suspended)"},
		{name: "stopping", phase: "Running", adjust: func(w *v1alpha1.Workflow) { w.Spec.Shutdown = v1alpha1.ShutdownStrategyStop }, want: "Running (Stopping)"},
		{name: "terminating", phase: "Running", adjust: func(w *v1alpha1.Workflow) { w.Spec.Shutdown = v1alpha1.ShutdownStrategyTerminate }, want: "Running (Terminating)"},
		{name: "deleting", phase: "Running", adjust: func(w *v1alpha1.Workflow) { w.DeletionTimestamp = &now }, want: "Running (Deleting)"},
		{name: "stopped", phase: "Failed", adjust: func(w *v1alpha1.Workflow) { w.Spec.Shutdown = v1alpha1.ShutdownStrategyStop }, want: "Failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wf := workflow("s", test.phase)
			if test.adjust != nil {
				test.adjust(wf)
			}
			if got := Status(wf, test.nodes); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Nodes that were written by others may be broken in any way.
func TestDrawSurvivesBrokenTables(t *testing.T) {
	nodes := map[string]v1alpha1.NodeStatus{
		"self":  {ID: "self", Name: "self", BoundaryID: "self", Parents: []string{"self"}},
		"lost":  {ID: "lost", Name: "lost", BoundaryID: "nowhere", Parents: []string{">nowhere", "nowhere"}},
		"":      {},
		"loop1": {ID: "loop1", Name: "loop1", BoundaryID: "loop2"},
		"loop2": {ID: "loop2", Name: "loop2", BoundaryID: "loop1"},
	}
	if lines := Draw(workflow("x", "Running"), nodes, Options{Now: epoch}); len(lines) != 4 {
		t.Errorf("got %q", lines)
	}
}

func BenchmarkDraw(b *testing.B) {
	p := fan(10_000)
	wf := workflow("fan", v1alpha1.WorkflowRunning)
	for _, full := range []bool{false, true} {
		b.Run(fmt.Sprintf("full=%v", full), func(b *testing.B) {
			for b.Loop() {
				Draw(wf, p.nodes, Options{Now: epoch, Full: full})
			}
		})
	}
}

func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// Messages of the controller name nodes by ID, which tells a person nothing.
func TestReadable(t *testing.T) {
	nodes := map[string]v1alpha1.NodeStatus{"wf-123": {ID: "wf-123", DisplayName: "build"}, "wf-7": {ID: "wf-7"}}
	for message, want := range map[string]string{
		"child 'wf-123' failed": "child 'build' failed", "child 'wf-7' failed": "child 'wf-7' failed", "": "", "it isn't": "it isn't",
		"when 'wf-123 == x' evaluated false": "when 'wf-123 == x' evaluated false", "wf-123' and 'wf-123": "wf-123' and 'wf-123",
		"'wf-123'": "'build'", "children 'wf-123', 'wf-123' failed": "children 'build', 'build' failed",
	} {
		if got := Readable(message, nodes); got != want {
			t.Errorf("%q became %q, want %q", message, got, want)
		}
	}
}

// The bar gives way to its numbers where there is no room for both.
func TestBarFits(t *testing.T) {
	for _, width := range []int{0, 200, 60, 50, 40, 36, 30, 20, 18} {
		for _, ascii := range []bool{false, true} {
			bar := Bar("81/100", Options{Width: width, ASCII: ascii})
			if got := uniseg.StringWidth(bar); width > 0 && got > width-keyWidth {
				t.Errorf("%d columns: %q has %d", width, bar, got)
			}
			if (width == 0 || width > 40) && !strings.Contains(bar, "81%, 81 of 100") {
				t.Errorf("%d columns: %q lacks the numbers", width, bar)
			}
		}
	}
}
