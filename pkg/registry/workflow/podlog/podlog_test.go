package podlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	testNamespace = "default"
	testWorkflow  = "hello"
	testUID       = types.UID("uid-of-hello")
)

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// line is a line as the kubelet sends it; it has no newline when end is empty.
func line(seconds float64, text, end string) string {
	return epoch.Add(time.Duration(seconds*float64(time.Second))).Format("2006-01-02T15:04:05.000000000Z07:00") + " " + text + end
}

// fakePods are pods whose logs are given as readers.
type fakePods struct {
	mu      sync.Mutex
	pods    map[string]*corev1.Pod
	logs    map[string]func(*corev1.PodLogOptions) (io.ReadCloser, error)
	asked   map[string][]*corev1.PodLogOptions
	watcher *watch.FakeWatcher
}

func newFakePods() *fakePods {
	return &fakePods{
		pods: map[string]*corev1.Pod{}, logs: map[string]func(*corev1.PodLogOptions) (io.ReadCloser, error){},
		asked: map[string][]*corev1.PodLogOptions{}, watcher: watch.NewFakeWithChanSize(100, false),
	}
}

// pod returns a pod of the workflow whose main container is in the state.
func pod(name string, start float64, state string) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: testNamespace, Name: name, UID: types.UID("uid-of-" + name), ResourceVersion: "1",
			Labels:          map[string]string{v1alpha1.LabelKeyWorkflow: testWorkflow, "pod": strings.Trim(name, "()[].")},
			Annotations:     map[string]string{v1alpha1.AnnotationKeyNodeName: testWorkflow + "." + name},
			OwnerReferences: []metav1.OwnerReference{{UID: testUID, Controller: ptr.To(true)}},
		},
	}
	at := metav1.NewTime(epoch.Add(time.Duration(start * float64(time.Second))).Truncate(time.Second))
	status := corev1.ContainerStatus{Name: "main"}
	switch state {
	case "running":
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: at}
	case "terminated":
		status.State.Terminated = &corev1.ContainerStateTerminated{StartedAt: at}
	default:
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: state}
	}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{status}
	return p
}

func (f *fakePods) add(p *corev1.Pod, log func(*corev1.PodLogOptions) (io.ReadCloser, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pods[p.Name] = p
	f.logs[p.Name] = log
}

func content(text string) func(*corev1.PodLogOptions) (io.ReadCloser, error) {
	return func(*corev1.PodLogOptions) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

func (f *fakePods) Get(_ context.Context, _, name string) (*corev1.Pod, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, ok := f.pods[name]; ok {
		return p, nil
	}
	return nil, apierrors.NewNotFound(corev1.Resource("pods"), name)
}

func (f *fakePods) List(_ context.Context, _ string, options metav1.ListOptions) (*corev1.PodList, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	selector, err := labels.Parse(options.LabelSelector)
	if err != nil {
		return nil, err
	}
	list := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}}
	for _, p := range f.pods {
		if selector.Matches(labels.Set(p.Labels)) {
			list.Items = append(list.Items, *p)
		}
	}
	return list, nil
}

func (f *fakePods) Watch(context.Context, string, metav1.ListOptions) (watch.Interface, error) {
	return f.watcher, nil
}

// IsWatchListSemanticsUnSupported makes reflectors list before they watch.
func (f *fakePods) IsWatchListSemanticsUnSupported() bool { return true }

func (f *fakePods) Log(ctx context.Context, _, name string, options *corev1.PodLogOptions) (io.ReadCloser, error) {
	f.mu.Lock()
	log := f.logs[name]
	f.asked[name] = append(f.asked[name], options)
	f.mu.Unlock()
	if log == nil {
		return nil, apierrors.NewNotFound(corev1.Resource("pods"), name)
	}
	reader, err := log(options)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { reader.Close() })
	return reader, nil
}

// fakeWorkflows is a storage with one workflow.
type fakeWorkflows struct {
	mu       sync.Mutex
	workflow *v1alpha1.Workflow
	watcher  *watch.FakeWatcher
}

func newFakeWorkflows(phase v1alpha1.WorkflowPhase) *fakeWorkflows {
	return &fakeWorkflows{
		watcher: watch.NewFakeWithChanSize(10, false),
		workflow: &v1alpha1.Workflow{
			ObjectMeta: metav1.ObjectMeta{Namespace: testNamespace, Name: testWorkflow, UID: testUID, ResourceVersion: "1"},
			Status: v1alpha1.WorkflowStatus{Phase: phase, Nodes: v1alpha1.Nodes{
				"node-a": {ID: "node-a", Name: testWorkflow + ".a"},
			}},
		},
	}
}

func (f *fakeWorkflows) Get(_ context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.workflow == nil || name != f.workflow.Name {
		return nil, apierrors.NewNotFound(v1alpha1.Resource("workflows"), name)
	}
	return f.workflow.DeepCopy(), nil
}

func (f *fakeWorkflows) Watch(context.Context, *metainternalversion.ListOptions) (watch.Interface, error) {
	return f.watcher, nil
}

func (f *fakeWorkflows) end(phase v1alpha1.WorkflowPhase) {
	f.mu.Lock()
	f.workflow.Status.Phase = phase
	changed := f.workflow.DeepCopy()
	f.mu.Unlock()
	f.watcher.Modify(sharedObject{changed})
}

// sharedObject is how the watch cache sends an object to several watchers.
type sharedObject struct{ *v1alpha1.Workflow }

var _ runtime.CacheableObject = sharedObject{}

func (s sharedObject) CacheEncode(runtime.Identifier, func(runtime.Object, io.Writer) error, io.Writer) error {
	return errors.New("nobody encodes here")
}

func (s sharedObject) GetObject() runtime.Object { return s.Workflow }

func openLog(t *testing.T, pods *fakePods, workflows *fakeWorkflows, options *v1alpha1.LogOptions) (io.ReadCloser, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(genericapirequest.WithNamespace(context.Background(), testNamespace))
	t.Cleanup(cancel)
	object, err := NewREST(workflows, workflows, pods, nil, nil).Get(ctx, testWorkflow, options)
	if err != nil {
		return nil, err
	}
	stream, _, contentType, err := object.(rest.ResourceStreamer).InputStream(ctx, "", "")
	if err == nil && contentType != "text/plain" {
		t.Errorf("content type = %q", contentType)
	}
	return stream, err
}

func readLog(t *testing.T, pods *fakePods, workflows *fakeWorkflows, options *v1alpha1.LogOptions) string {
	t.Helper()
	stream, err := openLog(t, pods, workflows, options)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	out, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// OPS-16, CLI-14.
func TestMerge(t *testing.T) {
	tests := []struct {
		name    string
		logs    map[string]string
		starts  map[string]float64
		options v1alpha1.LogOptions
		want    string
	}{
		{name: "one pod", logs: map[string]string{"a": line(1, "one", "\n") + line(2, "two", "\n")}, want: "one\ntwo\n"},
		{
			name: "pods in time order",
			logs: map[string]string{"a": line(1, "a1", "\n") + line(3, "a3", "\n") + line(5, "a5", "\n"), "b": line(2, "b2", "\n") + line(4, "b4", "\n")},
			want: "a1\nb2\na3\nb4\na5\n",
		},
		{
			name:   "one pod after the other",
			logs:   map[string]string{"late": line(20, "second", "\n"), "early": line(10, "first", "\n")},
			starts: map[string]float64{"late": 20, "early": 10}, want: "first\nsecond\n",
		},
		{
			name: "equal times by name", logs: map[string]string{"b": line(1, "b", "\n"), "a": line(1, "a", "\n")},
			want: "a\nb\n",
		},
		{
			name: "nanoseconds", logs: map[string]string{"b": line(1.000000002, "second", "\n"), "a": line(1.000000003, "third", "\n"), "c": line(1.000000001, "first", "\n")},
			want: "first\nsecond\nthird\n",
		},
		{name: "carriage returns stay", logs: map[string]string{"a": line(1, "10%\r20%\r30%\r", "\n")}, want: "10%\r20%\r30%\r\n"},
		{name: "no newline at the end", logs: map[string]string{"a": line(1, "one", "\n") + line(2, "two", "")}, want: "one\ntwo"},
		{
			name: "an unfinished line before another pod's", logs: map[string]string{"a": line(1, "a", ""), "b": line(2, "b", "")},
			want: "a\nb",
		},
		{name: "empty lines", logs: map[string]string{"a": line(1, "", "\n") + line(2, "", "\n")}, want: "\n\n"},
		{name: "empty log", logs: map[string]string{"a": ""}, want: ""},
		{name: "bytes that are no text", logs: map[string]string{"a": line(1, "\x00\xff\xfe", "\n")}, want: "\x00\xff\xfe\n"},
		{name: "line without timestamp", logs: map[string]string{"a": "kubelet says no\n" + line(2, "x", "\n")}, want: "kubelet says no\nx\n"},
		{
			name: "timestamps", options: v1alpha1.LogOptions{Timestamps: true},
			logs: map[string]string{"a": line(1, "x", "\n")}, want: "2026-11-22T12:00:01.000000000Z x\n",
		},
		{
			name: "prefix", options: v1alpha1.LogOptions{Prefix: true},
			logs: map[string]string{"a": line(1, "x", "\n"), "b": line(2, "y", "")}, want: "a: x\nb: y",
		},
		{
			name: "prefix and timestamps", options: v1alpha1.LogOptions{Prefix: true, Timestamps: true},
			logs: map[string]string{"a": line(1, "x", "\n")}, want: "a: 2026-11-22T12:00:01.000000000Z x\n",
		},
		{
			name: "grep", options: v1alpha1.LogOptions{Grep: "^(err|warn)$"},
			logs: map[string]string{"a": line(1, "err", "\n") + line(2, "error", "\n") + line(3, "warn", "")}, want: "err\nwarn",
		},
		{
			name: "limit", options: v1alpha1.LogOptions{LimitBytes: ptr.To[int64](5)},
			logs: map[string]string{"a": line(1, "one", "\n") + line(2, "two", "\n")}, want: "one\nt",
		},
		{
			name: "one pod asked for", options: v1alpha1.LogOptions{PodName: "b"},
			logs: map[string]string{"a": line(1, "a", "\n"), "b": line(2, "b", "\n")}, want: "b\n",
		},
		{
			name: "pods with labels (OPS-16)", options: v1alpha1.LogOptions{Selector: "pod in (b,c)"},
			logs: map[string]string{"a": line(1, "a", "\n"), "b": line(2, "b", "\n"), "c": line(3, "c", "\n")}, want: "b\nc\n",
		},
		{
			name: "one node and those below it", options: v1alpha1.LogOptions{NodeID: "node-a"},
			logs: map[string]string{"a": line(1, "a", "\n"), "a(0)": line(2, "a0", "\n"), "ab": line(3, "ab", "\n"), "a[0].x": line(4, "a0x", "\n")},
			want: "a\na0\na0x\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pods := newFakePods()
			for name, log := range test.logs {
				pods.add(pod(name, test.starts[name], "terminated"), content(log))
			}
			got := readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowSucceeded), &test.options)
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestMemberOfContainerSet_TPL12_OPS16: the node of a member has no pod of its own; its log is that of its container.
func TestMemberOfContainerSet_TPL12_OPS16(t *testing.T) {
	workflows := newFakeWorkflows(v1alpha1.WorkflowSucceeded)
	workflows.workflow.Status.Nodes["member"] = v1alpha1.NodeStatus{
		ID: "member", Name: testWorkflow + ".a.main", DisplayName: "main", Type: v1alpha1.NodeTypeContainer, BoundaryID: "node-a",
	}
	workflows.workflow.Status.Nodes["other"] = v1alpha1.NodeStatus{
		ID: "other", Name: testWorkflow + ".a.other", DisplayName: "other", Type: v1alpha1.NodeTypeContainer, BoundaryID: "node-a",
	}
	pods := newFakePods()
	set := pod("a", 0, "terminated")
	set.Spec.Containers = []corev1.Container{{Name: "main"}, {Name: "other"}}
	other := set.Status.ContainerStatuses[0]
	other.Name = "other"
	set.Status.ContainerStatuses = append(set.Status.ContainerStatuses, other)
	pods.add(set, func(o *corev1.PodLogOptions) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(line(1, "of "+o.Container, "\n"))), nil
	})
	for id, want := range map[string]string{"member": "of main\n", "other": "of other\n", "node-a": "of main\n"} {
		if got := readLog(t, pods, workflows, &v1alpha1.LogOptions{NodeID: id}); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if got := readLog(t, pods, workflows, &v1alpha1.LogOptions{NodeID: "other", Container: "other"}); got != "of other\n" {
		t.Errorf("with its own container: %q", got)
	}
	if _, err := openLog(t, pods, workflows, &v1alpha1.LogOptions{NodeID: "other", Container: "main"}); !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), `is the container "other"`) {
		t.Errorf("with the container of another: %v", err)
	}
}

// Only the pods that are controlled by this very workflow: labels can be forged, and names are used again.
func TestForeignPods(t *testing.T) {
	pods := newFakePods()
	forged := pod("forged", 0, "terminated")
	forged.OwnerReferences = nil
	former := pod("former", 0, "terminated")
	former.OwnerReferences[0].UID = "another"
	notController := pod("friend", 0, "terminated")
	notController.OwnerReferences[0].Controller = nil
	for _, p := range []*corev1.Pod{forged, former, notController} {
		pods.add(p, content(line(1, "secret", "\n")))
	}
	pods.add(pod("own", 0, "terminated"), content(line(2, "mine", "\n")))
	if got := readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowSucceeded), &v1alpha1.LogOptions{}); got != "mine\n" {
		t.Errorf("got %q", got)
	}
}

// A pod that is still pending does not hold up the others.
func TestPendingPodIsSkipped(t *testing.T) {
	pods := newFakePods()
	pods.add(pod("pending", 0, "ContainerCreating"), nil)
	pods.add(pod("done", 0, "terminated"), content(line(1, "x", "\n")))
	if got := readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowRunning), &v1alpha1.LogOptions{}); got != "x\n" {
		t.Errorf("got %q", got)
	}
}

// zeros is an endless line.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// Lines of ten megabytes pass through whole, in pieces that are never larger than pieceSize.
func TestHugeLines(t *testing.T) {
	const size = 10 << 20
	pods := newFakePods()
	huge := func(at float64) func(*corev1.PodLogOptions) (io.ReadCloser, error) {
		return func(*corev1.PodLogOptions) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader(line(at, "", "")), io.LimitReader(zeros{}, size), strings.NewReader("\n"))), nil
		}
	}
	pods.add(pod("a", 0, "terminated"), huge(1))
	pods.add(pod("b", 0, "terminated"), huge(2))
	pods.add(pod("c", 0, "terminated"), content(line(1.5, "between", "\n")))
	got := readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowSucceeded), &v1alpha1.LogOptions{})
	whole := strings.Repeat("x", size)
	if want := whole + "\nbetween\n" + whole + "\n"; got != want {
		t.Errorf("got %d bytes, want %d; lines: %d", len(got), len(want), strings.Count(got, "\n"))
	}
}

func TestPiecesAreBounded(t *testing.T) {
	lines := newLineReader(io.MultiReader(strings.NewReader(line(1, "", "")), io.LimitReader(zeros{}, 1<<20)))
	total := 0
	for {
		p, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(p.data) > pieceSize {
			t.Fatalf("piece of %d bytes", len(p.data))
		}
		if p.first != (total == 0) || p.last {
			t.Fatalf("first = %v, last = %v after %d bytes", p.first, p.last, total)
		}
		total += len(p.data)
	}
	if total != 1<<20 {
		t.Errorf("read %d bytes", total)
	}
}

// Many pods, one after the other, are read one at a time.
func TestSequentialPodsAreOpenedLate(t *testing.T) {
	const count = 1000
	pods := newFakePods()
	var mu sync.Mutex
	open, most := 0, 0
	var want strings.Builder
	for i := range count {
		text := line(float64(i*10), fmt.Sprintf("line %d", i), "\n")
		pods.add(pod(fmt.Sprintf("pod-%04d", i), float64(i*10), "terminated"), func(*corev1.PodLogOptions) (io.ReadCloser, error) {
			mu.Lock()
			defer mu.Unlock()
			open++
			most = max(most, open)
			return &closing{Reader: strings.NewReader(text), close: func() { mu.Lock(); open--; mu.Unlock() }}, nil
		})
		fmt.Fprintf(&want, "line %d\n", i)
	}
	if got := readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowSucceeded), &v1alpha1.LogOptions{}); got != want.String() {
		t.Errorf("wrong order or content")
	}
	if most > 2 {
		t.Errorf("%d logs open at the same time", most)
	}
}

type closing struct {
	io.Reader
	once  sync.Once
	close func()
}

func (c *closing) Close() error { c.once.Do(c.close); return nil }

// A failure is answered as one while nothing was sent, and stands in the output afterwards.
func TestFailures(t *testing.T) {
	unreachable := func(*corev1.PodLogOptions) (io.ReadCloser, error) {
		return nil, apierrors.NewInternalError(errors.New("node is gone"))
	}
	broken := func(*corev1.PodLogOptions) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(line(1, "half a li", "")), failing{errors.New("connection lost")})), nil
	}
	t.Run("the only log", func(t *testing.T) {
		pods := newFakePods()
		pods.add(pod("a", 0, "terminated"), unreachable)
		_, err := openLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowSucceeded), &v1alpha1.LogOptions{})
		if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "node is gone") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("one of two", func(t *testing.T) {
		pods := newFakePods()
		pods.add(pod("a", 0, "terminated"), unreachable)
		pods.add(pod("b", 0, "terminated"), content(line(1, "b", "\n")))
		got := readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowSucceeded), &v1alpha1.LogOptions{})
		if !strings.HasPrefix(got, "[log of pod a, container main cannot be read: ") || !strings.HasSuffix(got, "\nb\n") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("in the middle of a line", func(t *testing.T) {
		pods := newFakePods()
		pods.add(pod("a", 0, "terminated"), broken)
		got := readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowSucceeded), &v1alpha1.LogOptions{})
		if want := "half a li\n[log of pod a, container main cannot be read: connection lost]\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestAnswersWithoutLog(t *testing.T) {
	tests := []struct {
		name    string
		phase   v1alpha1.WorkflowPhase
		options v1alpha1.LogOptions
		check   func(error) bool
		want    string
	}{
		{name: "running, no pods yet", phase: v1alpha1.WorkflowRunning, check: func(err error) bool { return err == nil }},
		{name: "ended, pods removed", phase: v1alpha1.WorkflowSucceeded, check: apierrors.IsNotFound, want: "none of the pods"},
		{name: "ended, following", phase: v1alpha1.WorkflowSucceeded, options: v1alpha1.LogOptions{Follow: true}, check: apierrors.IsNotFound},
		{name: "unknown pod", phase: v1alpha1.WorkflowRunning, options: v1alpha1.LogOptions{PodName: "x"}, check: apierrors.IsNotFound, want: `no pod "x"`},
		{name: "unknown node", phase: v1alpha1.WorkflowRunning, options: v1alpha1.LogOptions{NodeID: "x"}, check: apierrors.IsNotFound, want: `no node with the ID "x"`},
		{name: "negative tail", phase: v1alpha1.WorkflowRunning, options: v1alpha1.LogOptions{TailLines: ptr.To[int64](-1)}, check: apierrors.IsInvalid, want: "tailLines"},
		{name: "no bytes", phase: v1alpha1.WorkflowRunning, options: v1alpha1.LogOptions{LimitBytes: ptr.To[int64](0)}, check: apierrors.IsInvalid, want: "limitBytes"},
		{name: "bad selector", phase: v1alpha1.WorkflowRunning, options: v1alpha1.LogOptions{Selector: "a in b"}, check: apierrors.IsInvalid, want: "selector"},
		{name: "bad pattern", phase: v1alpha1.WorkflowRunning, options: v1alpha1.LogOptions{Grep: "("}, check: apierrors.IsInvalid, want: "grep"},
		{
			name: "two ways to say since", phase: v1alpha1.WorkflowRunning,
			options: v1alpha1.LogOptions{SinceSeconds: ptr.To[int64](1), SinceTime: &metav1.Time{Time: epoch}}, check: apierrors.IsInvalid, want: "sinceSeconds",
		},
		{
			name: "node and pod", phase: v1alpha1.WorkflowRunning,
			options: v1alpha1.LogOptions{NodeID: "node-a", PodName: "a"}, check: apierrors.IsInvalid, want: "nodeID",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stream, err := openLog(t, newFakePods(), newFakeWorkflows(test.phase), &test.options)
			if !test.check(err) {
				t.Fatalf("err = %v", err)
			}
			if err != nil {
				if !strings.Contains(err.Error(), test.want) {
					t.Errorf("error lacks %q: %v", test.want, err)
				}
				return
			}
			if out, err := io.ReadAll(stream); len(out) > 0 || err != nil {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
}

// A container that no pod has is a mistake; one that has not started has an empty log.
func TestUnknownContainer(t *testing.T) {
	pods := newFakePods()
	waiting := pod("a", 0, "PodInitializing")
	waiting.Spec.Containers = []corev1.Container{{Name: "main"}}
	pods.add(waiting, nil)
	workflows := newFakeWorkflows(v1alpha1.WorkflowRunning)
	if _, err := openLog(t, pods, workflows, &v1alpha1.LogOptions{Container: "mian"}); !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), `"mian"`) {
		t.Errorf("err = %v", err)
	}
	stream, err := openLog(t, pods, workflows, &v1alpha1.LogOptions{Container: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := io.ReadAll(stream); len(out) > 0 || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
}

// What the kubelet can do is left to the kubelet.
func TestOptionsReachThePods(t *testing.T) {
	pods := newFakePods()
	pods.add(pod("a", 0, "terminated"), content(line(1, "x", "\n")))
	readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowRunning), &v1alpha1.LogOptions{
		TailLines: ptr.To[int64](3), SinceSeconds: ptr.To[int64](60), Previous: true,
	})
	got := pods.asked["a"][0]
	if *got.TailLines != 3 || *got.SinceSeconds != 60 || !got.Previous || !got.Timestamps || got.Follow || got.LimitBytes != nil || got.Container != "main" {
		t.Errorf("asked for %+v", got)
	}
}

// followReader hands out what is written into it until it is closed.
type followReader struct {
	*io.PipeReader
	*io.PipeWriter
}

func newFollowReader() *followReader {
	r, w := io.Pipe()
	return &followReader{r, w}
}

func (f *followReader) Close() error { return f.PipeReader.Close() }

func (f *followReader) open(*corev1.PodLogOptions) (io.ReadCloser, error) { return f.PipeReader, nil }

func (f *followReader) write(t *testing.T, text string) {
	t.Helper()
	if _, err := f.PipeWriter.Write([]byte(text)); err != nil {
		t.Errorf("write: %v", err)
	}
}

func expect(t *testing.T, stream io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(stream, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

// Following waits for pods to come, and ends when the workflow and the streams of its pods have ended.
func TestFollow(t *testing.T) {
	pods, workflows := newFakePods(), newFakeWorkflows(v1alpha1.WorkflowRunning)
	stream, err := openLog(t, pods, workflows, &v1alpha1.LogOptions{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()

	first := newFollowReader()
	pods.add(pod("first", 0, "ContainerCreating"), first.open)
	pods.watcher.Add(pod("first", 0, "ContainerCreating"))
	running := pod("first", 0, "running")
	pods.add(running, first.open)
	pods.watcher.Modify(running)
	first.write(t, line(1, "one", "\n"))
	expect(t, stream, "one\n")

	second := newFollowReader()
	late := pod("second", 2, "running")
	pods.add(late, second.open)
	pods.watcher.Add(late)
	second.write(t, line(2, "two", "\n"))
	expect(t, stream, "two\n")
	first.write(t, line(3, "three", "\n"))
	expect(t, stream, "three\n")

	pods.add(pod("first", 0, "terminated"), first.open)
	first.PipeWriter.Close()
	workflows.end(v1alpha1.WorkflowSucceeded)
	// The workflow is over but a pod still writes.
	second.write(t, line(4, "four", "\n")+line(5, "five", ""))
	pods.add(pod("second", 2, "terminated"), second.open)
	second.PipeWriter.Close()
	rest, err := io.ReadAll(stream)
	if err != nil || string(rest) != "four\nfive" {
		t.Errorf("got %q, %v", rest, err)
	}
}

// A pod that came and went unseen by the watch is found by the last look.
func TestFollowFindsPodsMissedByTheWatch(t *testing.T) {
	pods, workflows := newFakePods(), newFakeWorkflows(v1alpha1.WorkflowRunning)
	seen := newFollowReader()
	pods.add(pod("seen", 0, "running"), seen.open)
	stream, err := openLog(t, pods, workflows, &v1alpha1.LogOptions{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	seen.write(t, line(1, "a", "\n"))
	expect(t, stream, "a\n")
	pods.add(pod("missed", 0, "terminated"), content(line(2, "missed", "\n")))
	pods.add(pod("seen", 0, "terminated"), seen.open)
	seen.PipeWriter.Close()
	workflows.end(v1alpha1.WorkflowFailed)
	rest, err := io.ReadAll(stream)
	if err != nil || string(rest) != "missed\n" {
		t.Errorf("got %q, %v", rest, err)
	}
}

// The connection to a running container breaks: it is opened again and nothing is sent twice.
func TestFollowReconnects(t *testing.T) {
	pods, workflows := newFakePods(), newFakeWorkflows(v1alpha1.WorkflowRunning)
	again := newFollowReader()
	calls := 0
	pods.add(pod("a", 0, "running"), func(options *corev1.PodLogOptions) (io.ReadCloser, error) {
		calls++
		if calls == 1 {
			return io.NopCloser(strings.NewReader(line(1.1, "one", "\n") + line(1.2, "two", "\n"))), nil
		}
		if options.SinceTime == nil || !options.SinceTime.Time.Equal(epoch.Add(time.Second)) || options.TailLines != nil {
			t.Errorf("reopened with %+v", options)
		}
		return again.open(options)
	})
	stream, err := openLog(t, pods, workflows, &v1alpha1.LogOptions{Follow: true, TailLines: ptr.To[int64](10)})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	expect(t, stream, "one\ntwo\n")
	again.write(t, line(1.1, "one", "\n")+line(1.2, "two", "\n")+line(1.3, "three", "\n"))
	expect(t, stream, "three\n")
}

// A deleted workflow ends the stream.
func TestFollowEndsWithDeletion(t *testing.T) {
	pods, workflows := newFakePods(), newFakeWorkflows(v1alpha1.WorkflowRunning)
	stream, err := openLog(t, pods, workflows, &v1alpha1.LogOptions{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	workflows.watcher.Delete(workflows.workflow.DeepCopy())
	if rest, err := io.ReadAll(stream); len(rest) > 0 || err != nil {
		t.Errorf("got %q, %v", rest, err)
	}
}

// A client that goes away, and a server that ends, close the connections to the pods.
func TestFollowIsAbandoned(t *testing.T) {
	for _, how := range []string{"client", "server"} {
		t.Run(how, func(t *testing.T) {
			pods, workflows := newFakePods(), newFakeWorkflows(v1alpha1.WorkflowRunning)
			log, stop, closed := newFollowReader(), make(chan struct{}), make(chan struct{})
			pods.add(pod("a", 0, "running"), func(*corev1.PodLogOptions) (io.ReadCloser, error) {
				return &closing{Reader: log.PipeReader, close: func() { log.PipeReader.Close(); close(closed) }}, nil
			})
			ctx := genericapirequest.WithNamespace(context.Background(), testNamespace)
			object, err := NewREST(workflows, workflows, pods, nil, stop).Get(ctx, testWorkflow, &v1alpha1.LogOptions{Follow: true})
			if err != nil {
				t.Fatal(err)
			}
			stream, flush, _, err := object.(rest.ResourceStreamer).InputStream(ctx, "", "")
			if err != nil || !flush {
				t.Fatalf("flush = %v, %v", flush, err)
			}
			log.write(t, line(1, "x", "\n"))
			expect(t, stream, "x\n")
			if how == "client" {
				stream.Close()
			} else {
				close(stop)
				_, _ = io.Copy(io.Discard, stream)
			}
			<-closed
		})
	}
}

// The grep pattern sees the line without its end, and what is not wanted of a long line is dropped whole.
func TestGrepLongLines(t *testing.T) {
	long := strings.Repeat("y", 3*pieceSize)
	pods := newFakePods()
	pods.add(pod("a", 0, "terminated"), content(line(1, "drop "+long, "\n")+line(2, "keep "+long, "\n")+line(3, "drop", "\n")))
	got := readLog(t, pods, newFakeWorkflows(v1alpha1.WorkflowSucceeded), &v1alpha1.LogOptions{Grep: "^keep"})
	if !bytes.Equal([]byte(got), []byte("keep "+long+"\n")) {
		t.Errorf("got %d bytes", len(got))
	}
}
