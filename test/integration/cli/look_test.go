package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	apiserver "fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli"
	"fairlead.dev/fairlead/test/integration/harness"
)

const suspended = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: %s}
spec:
  entrypoint: main
  templates:
  - name: main
    suspend: {}
`

// post writes nodes and a status as the controller does.
func (f *fixture) post(name string, status v1alpha1.WorkflowStatus, labels map[string]string, nodes ...v1alpha1.NodeStatus) {
	f.t.Helper()
	wf := f.workflow(name)
	update := &v1alpha1.NodesUpdate{Metadata: metav1.ObjectMeta{UID: wf.UID, ResourceVersion: wf.ResourceVersion, Labels: labels}, Status: &status}
	known := map[int32]string{}
	if wf.Status.NodeStorage != nil {
		list := &v1alpha1.NodeList{}
		if err := f.REST(f.t).Get().Namespace(namespace).Resource("workflows").Name(name).SubResource("nodes").Do(f.t.Context()).Into(list); err != nil {
			f.t.Fatal(err)
		}
		for _, page := range list.Pages {
			known[page.Index] = page.ResourceVersion
		}
	}
	for _, n := range nodes {
		index := int32(n.Ordinal / v1alpha1.NodesPerPage)
		if last := len(update.Pages) - 1; last < 0 || update.Pages[last].Index != index {
			update.Pages = append(update.Pages, v1alpha1.NodePageChange{Index: index, ResourceVersion: known[index]})
		}
		page := &update.Pages[len(update.Pages)-1]
		page.Set = append(page.Set, n)
	}
	if _, err := f.Client.ArgoprojV1alpha1().Workflows(namespace).UpdateNodes(f.t.Context(), name, update, metav1.CreateOptions{}); err != nil {
		f.t.Fatal(err)
	}
}

// fanOut returns the nodes of a fan-out: the root and so many steps, of which the first failed and the last run.
func fanOut(name string, steps int) []v1alpha1.NodeStatus {
	started := metav1.NewTime(time.Now().Add(-time.Minute).Truncate(time.Second))
	nodes := []v1alpha1.NodeStatus{{ID: name, Name: name, DisplayName: name, Type: v1alpha1.NodeTypeDAG, TemplateName: "main", Phase: v1alpha1.NodeRunning, StartedAt: started}}
	for i := range steps {
		n := v1alpha1.NodeStatus{
			ID: fmt.Sprintf("%s-%d", name, i), Name: fmt.Sprintf("%s.t%d", name, i), DisplayName: fmt.Sprintf("t%d", i), Type: v1alpha1.NodeTypePod,
			TemplateName: "leaf", BoundaryID: name, Parents: []string{name}, Ordinal: int64(i + 1), Phase: v1alpha1.NodeSucceeded, StartedAt: started,
			FinishedAt: metav1.NewTime(started.Add(time.Second)),
		}
		switch {
		case i == 7:
			n.Phase, n.Message = v1alpha1.NodeFailed, "Error (exit code 3)"
		case i >= steps-5:
			n.Phase, n.FinishedAt = v1alpha1.NodeRunning, metav1.Time{}
		}
		nodes = append(nodes, n)
	}
	return nodes
}

var running = map[string]string{v1alpha1.LabelKeyPhase: "Running", v1alpha1.LabelKeyCompleted: "false"}

func ended(phase v1alpha1.WorkflowPhase, ago time.Duration) (v1alpha1.WorkflowStatus, map[string]string) {
	at := metav1.NewTime(time.Now().Add(-ago).Truncate(time.Second))
	return v1alpha1.WorkflowStatus{Phase: phase, StartedAt: at, FinishedAt: at, Progress: "1/1"},
		map[string]string{v1alpha1.LabelKeyPhase: string(phase), v1alpha1.LabelKeyCompleted: "true"}
}

// CLI-11.
func TestList(t *testing.T) {
	f := newFixture(t)
	if r := f.run("list"); r.code != 0 || r.stdout != "" || !strings.Contains(r.stderr, "There is no workflow in namespace default.") {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"good", "bad", "old", "new"} {
		f.ok("submit", f.file(fmt.Sprintf(suspended, name)), "-l", "set="+name)
	}
	for name, phase := range map[string]v1alpha1.WorkflowPhase{"good": "Succeeded", "bad": "Failed"} {
		status, labels := ended(phase, time.Minute)
		f.post(name, status, labels)
	}
	status, labels := ended("Succeeded", 72*time.Hour)
	f.post("old", status, labels)

	tests := []struct {
		name string
		args []string
		want string
	}{
		{"all", nil, "new bad good old"},
		{"completed", []string{"--completed"}, "bad good old"},
		{"running", []string{"--running"}, "new"},
		{"status", []string{"--status", "failed,pending"}, "new bad"},
		{"older", []string{"--older", "2d"}, "old"},
		{"since", []string{"--since", "1h", "--prefix", "o"}, "old"},
		{"prefix", []string{"--prefix", "go"}, "good"},
		{"labels", []string{"-l", "set in (good,new)"}, "new good"},
		{"fields", []string{"--field-selector", "status.phase=Failed"}, "bad"},
		{"all namespaces", []string{"-A", "--prefix", "n"}, "new"},
		{"resubmitted", []string{"--resubmitted"}, ""},
		{"chunks", []string{"--chunk-size", "1"}, "new bad good old"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := f.run(append([]string{"list", "-o", "name"}, test.args...)...)
			got := strings.ReplaceAll(strings.Join(strings.Fields(r.stdout), " "), "workflow."+v1alpha1.GroupName+"/", "")
			if sorted(got) != sorted(test.want) || r.code != 0 {
				t.Errorf("objects: got %q, want %q; %s", got, test.want, r.stderr)
			}
			r = f.run(append([]string{"list", "--no-headers"}, test.args...)...)
			var names []string
			for _, line := range strings.Split(strings.TrimSpace(r.stdout), "\n") {
				for _, word := range strings.Fields(line) {
					if word != namespace {
						names = append(names, word)
						break
					}
				}
			}
			if got := strings.Join(names, " "); sorted(got) != sorted(test.want) || r.code != 0 {
				t.Errorf("table: got %q, want %q; %s%s", got, test.want, r.stdout, r.stderr)
			}
		})
	}
	contains(t, f.ok("list"), "NAME", "STATUS", "Succeeded", "Failed", "Pending")
	contains(t, f.ok("list", "-o", "wide"), "ENTRYPOINT", "main")
	contains(t, f.ok("list", "-A", "--show-labels"), "NAMESPACE", "set=good")
	if first := strings.Fields(strings.Split(f.ok("list", "--no-headers"), "\n")[0])[0]; first != "new" {
		t.Errorf("the unfinished one does not come first, but %s", first)
	}
	if names := f.ok("list", "-o", "jsonpath={.items[*].metadata.name}", "--status", "failed"); names != "bad" {
		t.Errorf("jsonpath gave %q", names)
	}
	f.fails("is no status of a workflow", "list", "--status", "odd")
	f.fails("one of --completed and --running", "list", "--completed", "--running")
	f.fails("is not a duration", "list", "--since", "soon")
}

func sorted(words string) string {
	list := strings.Fields(words)
	for i := range list {
		for j := i + 1; j < len(list); j++ {
			if list[j] < list[i] {
				list[i], list[j] = list[j], list[i]
			}
		}
	}
	return strings.Join(list, " ")
}

// CLI-12: a workflow of 10,000 nodes is a page, and is read without the object's nodes.
func TestGet(t *testing.T) {
	f := newFixture(t, harness.WithOptions(func(o *apiserver.Options) { o.Storage.InlineNodesBytes = 16 << 10 }))
	for name, steps := range map[string]int{"small": 20, "big": 10_000} {
		f.ok("submit", f.file(fmt.Sprintf(suspended, name)))
		nodes := fanOut(name, steps)
		status := v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, StartedAt: nodes[0].StartedAt, Progress: "1/2"}
		const batch = 50 * v1alpha1.NodesPerPage
		for from := 0; from < len(nodes); from += batch {
			f.post(name, status, running, nodes[from:min(from+batch, len(nodes))]...)
		}
	}
	small := f.ok("get", "small")
	contains(t, small, "Name:            small", "Status:          Running", "50%", "├─✖ t7", "Error (exit code 3)", "└─● t19", "├─✔ t0")

	begin := time.Now()
	big := f.ok("get", "big")
	t.Logf("get of 10,000 nodes took %v", time.Since(begin))
	contains(t, big, "├─✖ t7", "├─● t9999", "9,989 more: 9,989 succeeded")
	if lines := strings.Count(big, "\n"); lines > 50 {
		t.Errorf("%d lines", lines)
	}
	if lines := strings.Count(f.ok("get", "big", "--full"), "\n"); lines < 10_000 {
		t.Errorf("--full has %d lines", lines)
	}
	filtered := f.ok("get", "big", "--status", "failed", "-o", "wide")
	contains(t, filtered, "└─✖ t7", "POD", "big-leaf-", "big-7")
	if strings.Contains(filtered, "✔") {
		t.Errorf("more than was asked for:\n%s", filtered)
	}
	contains(t, f.ok("get", "big", "--node-field-selector", "displayName=t8,phase=Succeeded"), "└─✔ t8")
	contains(t, f.ok("get", "big", "--node-field-selector", "displayName=none"), "None of the 10001")
	contains(t, f.ok("get", "small", "--no-utf8"), "|-x t7")
	whole := decode[v1alpha1.Workflow](t, f.ok("get", "big", "-o", "json"))
	if len(whole.Status.Nodes) != 10_001 {
		t.Errorf("-o json has %d nodes", len(whole.Status.Nodes))
	}
	if got := f.ok("get", "small", "-o", "name"); got != "workflow."+v1alpha1.GroupName+"/small\n" {
		t.Errorf("-o name gave %q", got)
	}
	contains(t, f.ok("get", "small", "big", "-o", "jsonpath={.metadata.name} "), "small big")
	contains(t, f.ok("get", "@latest"), "Name:")
	f.fails("`kubectl workflow list` shows", "get", "none")
	f.fails("name a workflow", "get")
	f.fails("cannot be selected by", "get", "small", "--node-field-selector", "colour=red")
}

// CLI-13: on a terminal the tree is drawn again in its place; elsewhere each change is a line.
func TestGetWatch(t *testing.T) {
	f := newFixture(t)
	for _, onTerminal := range []bool{false, true} {
		name := fmt.Sprintf("live-%v", onTerminal)
		t.Run(name, func(t *testing.T) {
			f.ok("submit", f.file(fmt.Sprintf(suspended, name)))
			nodes := fanOut(name, 20)
			started := v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, StartedAt: nodes[0].StartedAt}
			f.post(name, started, running, nodes...)

			out := &lockedBuffer{}
			streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: out}
			if onTerminal {
				master, slave, err := pty.Open()
				if err != nil {
					t.Skipf("no pseudo-terminal here: %v", err)
				}
				defer master.Close()
				if err := pty.Setsize(slave, &pty.Winsize{Rows: 16, Cols: 70}); err != nil {
					t.Fatal(err)
				}
				t.Setenv("TERM", "xterm")
				streams.Out = slave
				go func() { _, _ = copyAll(out, master) }()
				defer slave.Close()
			}
			done := make(chan int, 1)
			go func() {
				done <- cli.Main(t.Context(), []string{"--kubeconfig", f.kubeconfig, "--cache-dir", f.cache, "get", "-w", name}, streams, clock.RealClock{})
			}()
			eventually(t, "the first picture", func() bool { return strings.Contains(out.String(), "t7") })
			nodes[20].Phase, nodes[20].Message, nodes[20].FinishedAt = v1alpha1.NodeFailed, "boom", metav1.Now()
			f.post(name, started, running, nodes[20])
			eventually(t, "the change", func() bool { return strings.Contains(out.String(), "boom") })
			status, labels := ended(v1alpha1.WorkflowFailed, 0)
			status.Message = "it is over"
			f.post(name, status, labels)
			if code := <-done; code != 0 {
				t.Errorf("exit code %d", code)
			}
			if !onTerminal {
				contains(t, out.String(), "Running", "workflow "+name, name+".t19", "Failed")
				if strings.Contains(out.String(), "\x1b") {
					t.Errorf("control sequences in %q", out.String())
				}
				return
			}
			eventually(t, "the cursor", func() bool { return strings.HasSuffix(out.String(), "\x1b[?25h") })
			contains(t, out.String(), "\x1b[?25l", "it is over", "15 more: ")
		})
	}
}

func copyAll(to *lockedBuffer, from *os.File) (int, error) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		_, _ = to.Write(buffer[:n])
		if err != nil {
			return n, err
		}
	}
}

// CLI-15: the exit code is the result.
func TestWait(t *testing.T) {
	f := newFixture(t)
	for name, phase := range map[string]v1alpha1.WorkflowPhase{"good": "Succeeded", "bad": "Failed", "gone": ""} {
		f.ok("submit", f.file(fmt.Sprintf(suspended, name)))
		done := make(chan result, 1)
		go func() { done <- f.run("wait", name) }()
		// It has not ended as long as the workflow has not.
		f.post(name, v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, StartedAt: metav1.Now()}, running)
		select {
		case r := <-done:
			t.Errorf("%s: ended before the workflow: %+v", name, r)
		default:
		}
		if phase == "" {
			f.ok("delete", name)
		} else {
			status, labels := ended(phase, 0)
			status.Message = "because"
			f.post(name, status, labels)
		}
		r := <-done
		if want := map[string]int{"good": 0, "bad": 1, "gone": 1}[name]; r.code != want {
			t.Errorf("%s: exit code %d: %s%s", name, r.code, r.stdout, r.stderr)
		}
		if phase != "" {
			contains(t, r.stdout, name+" "+string(phase)+" at ")
		}
	}
	f.fails("bad Failed at", "wait", "good", "bad")
	f.fails("not found", "wait", "none")
	f.ok("wait", "none", "--ignore-not-found")
	f.ok("submit", f.file(fmt.Sprintf(suspended, "slow")))
	f.fails("is not over", "wait", "slow", "--timeout", "10ms")
	f.ok("wait", "-l", v1alpha1.LabelKeyPhase+"=Succeeded")
}
