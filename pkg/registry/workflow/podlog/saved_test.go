package podlog

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// savedLogs is an archive with logs by key.
type savedLogs map[string]string

func (s savedLogs) OpenLog(_ context.Context, _ *v1alpha1.Workflow, log *v1alpha1.Artifact) (io.ReadCloser, error) {
	text, ok := s[log.S3.Key]
	if !ok {
		return nil, errors.New("the store is not there")
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func logNode(name string, start int, containers ...string) v1alpha1.NodeStatus {
	at := func(s int) metav1.Time { return metav1.NewTime(epoch.Add(time.Duration(s) * time.Second)) }
	n := v1alpha1.NodeStatus{
		ID: "id-" + name, Name: testWorkflow + "." + name, Type: v1alpha1.NodeTypePod, TemplateName: "t", StartedAt: at(start), FinishedAt: at(start + 5),
		Outputs: &v1alpha1.Outputs{},
	}
	for _, c := range containers {
		location := v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: name + "/" + c + ".log"}}
		n.Outputs.Artifacts = append(n.Outputs.Artifacts, v1alpha1.Artifact{Name: c + "-logs", ArtifactLocation: location})
	}
	n.Outputs.Artifacts = append(n.Outputs.Artifacts, v1alpha1.Artifact{Name: "my-logs", ArtifactLocation: v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: "mine.tgz"}}})
	return n
}

// TestSavedLogs reads logs from where they were saved for pods that are gone (ART-13).
func TestSavedLogs_ART13(t *testing.T) {
	archive := savedLogs{"a/main.log": "a1\n2026-01-01T00:00:00Z a2\na3", "b/main.log": "b1\r\nb2\n", "c/one.log": "c one\n", "c/two.log": "c two\n"}
	podOf := func(name string) string { return node.PodName("", testWorkflow, testWorkflow+"."+name, "t") }
	read := func(t *testing.T, options *v1alpha1.LogOptions, change ...func(*fakePods, *v1alpha1.Workflow)) string {
		t.Helper()
		pods, workflows := newFakePods(), newFakeWorkflows(v1alpha1.WorkflowSucceeded)
		wf := workflows.workflow
		wf.Spec.ArchiveLogs = ptr.To(true)
		wf.Status.Nodes = v1alpha1.Nodes{"id-a": logNode("a", 0, "main"), "id-b": logNode("b", 2, "main", "helper"), "id-c": logNode("c", 4, "one", "two")}
		for _, f := range change {
			f(pods, wf)
		}
		ctx, cancel := context.WithCancel(genericapirequest.WithNamespace(context.Background(), testNamespace))
		defer cancel()
		object, err := NewREST(workflows, workflows, pods, archive, nil).Get(ctx, testWorkflow, options)
		if err != nil {
			return "error: " + err.Error()
		}
		log, _, _, err := object.(rest.ResourceStreamer).InputStream(ctx, "", "")
		if err != nil {
			return "error: " + err.Error()
		}
		defer log.Close()
		text, err := io.ReadAll(log)
		if err != nil {
			return string(text) + "error: " + err.Error()
		}
		return string(text)
	}
	all := "a1\n2026-01-01T00:00:00Z a2\na3\nb1\r\nb2\nc one\nc two\n"
	for _, tc := range []struct {
		name    string
		options v1alpha1.LogOptions
		want    string
	}{
		{"all, in the order of their steps", v1alpha1.LogOptions{}, all},
		{"followed, of a workflow that is over", v1alpha1.LogOptions{Follow: true}, all},
		{"one node", v1alpha1.LogOptions{NodeID: "id-b"}, "b1\r\nb2\n"},
		{"one pod", v1alpha1.LogOptions{PodName: podOf("a")}, "a1\n2026-01-01T00:00:00Z a2\na3"},
		{"one container", v1alpha1.LogOptions{Container: "two"}, "c two\n"},
		{"the last lines of each", v1alpha1.LogOptions{TailLines: ptr.To[int64](1)}, "a3\nb2\nc one\nc two\n"},
		{"none of them", v1alpha1.LogOptions{TailLines: ptr.To[int64](0)}, ""},
		{"what matches", v1alpha1.LogOptions{Grep: "2$"}, "2026-01-01T00:00:00Z a2\nb2\n"},
		{"with the names of the pods", v1alpha1.LogOptions{NodeID: "id-c", Prefix: true}, podOf("c") + "/one: c one\n" + podOf("c") + "/two: c two\n"},
		{"with the time at which the step began", v1alpha1.LogOptions{NodeID: "id-b", Timestamps: true}, "2026-11-22T12:00:02Z b1\r\n2026-11-22T12:00:02Z b2\n"},
		{"what ended before is left out", v1alpha1.LogOptions{SinceTime: ptr.To(metav1.NewTime(epoch.Add(6 * time.Second)))}, "b1\r\nb2\nc one\nc two\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := read(t, &tc.options); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
	t.Run("a pod that still exists is read itself", func(t *testing.T) {
		got := read(t, &v1alpha1.LogOptions{}, func(pods *fakePods, wf *v1alpha1.Workflow) {
			delete(wf.Status.Nodes, "id-c")
			p := pod(podOf("b"), 2, "terminated")
			pods.add(p, content(line(2, "live", "\n")))
		})
		if got != "a1\n2026-01-01T00:00:00Z a2\na3\nlive\n" {
			t.Errorf("%q", got)
		}
	})
	t.Run("a store that fails is told of in its place", func(t *testing.T) {
		got := read(t, &v1alpha1.LogOptions{}, func(_ *fakePods, wf *v1alpha1.Workflow) {
			delete(wf.Status.Nodes, "id-c")
			n := logNode("lost", 9, "main")
			wf.Status.Nodes["id-lost"] = n
		})
		if !strings.HasPrefix(got, "a1\n") || !strings.Contains(got, "[log of pod "+podOf("lost")+", container main cannot be read: the store is not there]") {
			t.Errorf("%q", got)
		}
	})
	t.Run("nothing was saved", func(t *testing.T) {
		got := read(t, &v1alpha1.LogOptions{}, func(_ *fakePods, wf *v1alpha1.Workflow) { wf.Spec.ArchiveLogs = nil })
		if !strings.Contains(got, "none of the pods asked for exists any more") {
			t.Errorf("%q", got)
		}
	})
}

// ART-13, PGC-01: pods that are deleted as soon as they have ended are followed all the same: one that nobody saw, and one that
// went before its log was opened.
func TestSavedLogs_Followed(t *testing.T) {
	pods, workflows := newFakePods(), newFakeWorkflows(v1alpha1.WorkflowRunning)
	archive := savedLogs{"quick/main.log": "quick\n", "gone/main.log": "gone\n"}
	podOf := func(name string) string { return node.PodName("", testWorkflow, testWorkflow+"."+name, "t") }
	ctx, cancel := context.WithCancel(genericapirequest.WithNamespace(context.Background(), testNamespace))
	defer cancel()
	object, err := NewREST(workflows, workflows, pods, archive, nil).Get(ctx, testWorkflow, &v1alpha1.LogOptions{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	stream, _, _, err := object.(rest.ResourceStreamer).InputStream(ctx, "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()

	// The workflow is told to save logs only now; what it has saved is recorded before its pods go.
	workflows.mu.Lock()
	workflows.workflow.Spec.ArchiveLogs = ptr.To(true)
	workflows.workflow.Status.Nodes = v1alpha1.Nodes{"id-gone": logNode("gone", 0, "main"), "id-quick": logNode("quick", 2, "main")}
	workflows.mu.Unlock()
	gone := pod(podOf("gone"), 0, "terminated")
	pods.watcher.Add(gone) // which Log does not know any more
	expect(t, stream, "gone\n")
	workflows.end(v1alpha1.WorkflowSucceeded)
	rest, err := io.ReadAll(stream)
	if err != nil || string(rest) != "quick\n" {
		t.Errorf("got %q, %v", rest, err)
	}
}

// generated is a log of so many bytes.
type generated struct{ left int64 }

const generatedLine = "a line as programs write them, of some hundred bytes more or less, so that there are very many of it..\n"

func (g *generated) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(generatedLine) <= len(p) && g.left > 0 {
		n += copy(p[n:], generatedLine)
		g.left -= int64(len(generatedLine))
	}
	return n, nil
}

func (g *generated) Close() error { return nil }

type largeLog int64

func (l largeLog) OpenLog(context.Context, *v1alpha1.Workflow, *v1alpha1.Artifact) (io.ReadCloser, error) {
	return &generated{int64(l)}, nil
}

// Issue 4: a saved log is passed on in memory that does not depend on its size.
func TestSavedLogs_Memory(t *testing.T) {
	const size = 64 << 20
	workflows := newFakeWorkflows(v1alpha1.WorkflowSucceeded)
	workflows.workflow.Spec.ArchiveLogs = ptr.To(true)
	workflows.workflow.Status.Nodes = v1alpha1.Nodes{"id-a": logNode("a", 0, "main")}
	ctx, cancel := context.WithCancel(genericapirequest.WithNamespace(context.Background(), testNamespace))
	defer cancel()
	for _, options := range []*v1alpha1.LogOptions{{}, {TailLines: ptr.To[int64](10)}} {
		object, err := NewREST(workflows, workflows, newFakePods(), largeLog(size), nil).Get(ctx, testWorkflow, options)
		if err != nil {
			t.Fatal(err)
		}
		stream, _, _, err := object.(rest.ResourceStreamer).InputStream(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		most := uint64(0)
		buffer := make([]byte, 64<<10)
		read := int64(0)
		for looked := int64(-1); err == nil; {
			if step := read >> 22; step > looked { // every 4 MiB
				looked = step
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
			var n int
			n, err = stream.Read(buffer)
			read += int64(n)
		}
		stream.Close()
		want := int64(len(generatedLine) * 10)
		if options.TailLines == nil {
			want = (size + int64(len(generatedLine)) - 1) / int64(len(generatedLine)) * int64(len(generatedLine))
		}
		if !errors.Is(err, io.EOF) || read != want || most > 32<<20 {
			t.Errorf("%d bytes of %d came, with %d in memory: %v", read, want, most, err)
		}
	}
}
