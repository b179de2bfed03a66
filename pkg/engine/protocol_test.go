package engine

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func single(leaf v1alpha1.Template) *v1alpha1.Workflow {
	leaf.Name = "main"
	return &v1alpha1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: "wf", Namespace: "ns"},
		Spec:       v1alpha1.WorkflowSpec{Entrypoint: "main", Templates: []v1alpha1.Template{leaf}},
	}
}

func begin(t *testing.T, wf *v1alpha1.Workflow, nodes []v1alpha1.NodeStatus) (*Run, Decision) {
	t.Helper()
	run, err := NewRun(wf, nodes, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return run, run.Apply(noon)
}

func observed(uid string, phase corev1.PodPhase, containers ...string) PodObserved {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "wf", UID: types.UID(uid)}, Status: corev1.PodStatus{Phase: phase}}
	for _, name := range containers {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: name})
	}
	return PodObserved{NodeID: "wf", Pod: p}
}

// Where a pod was scheduled is no news by itself (CTL-01), and is stored with the next that there is.
func TestHostOfAPendingPodIsNoWrite(t *testing.T) {
	on := func(host string, phase corev1.PodPhase, statuses ...corev1.ContainerStatus) PodObserved {
		ev := observed("u1", phase, "main")
		ev.Pod.Spec.NodeName, ev.Pod.Status.ContainerStatuses = host, statuses
		return ev
	}
	run, _ := begin(t, single(v1alpha1.Template{Container: &corev1.Container{Image: "i"}}), nil)
	if d := run.Apply(noon, on("", corev1.PodPending)); len(d.Nodes) != 1 || d.Nodes[0].HostNodeName != "" {
		t.Fatalf("%+v", d)
	}
	if d := run.Apply(noon, on("host", corev1.PodPending, waiting("main", "ContainerCreating", ""))); len(d.Nodes) != 0 || d.Status != nil {
		t.Errorf("a write for a host: %+v", d)
	}
	if d := run.Apply(noon, on("host", corev1.PodPending, waiting("main", "ImagePullBackOff", "no such image"))); len(d.Nodes) != 1 || d.Nodes[0].HostNodeName != "host" || d.Nodes[0].Message == "" {
		t.Errorf("%+v", d)
	}
	if d := run.Apply(noon, on("host", corev1.PodRunning)); len(d.Nodes) != 1 || d.Nodes[0].HostNodeName != "host" {
		t.Errorf("%+v", d)
	}
	first, _ := begin(t, single(v1alpha1.Template{Container: &corev1.Container{Image: "i"}}), nil)
	if d := first.Apply(noon, on("host", corev1.PodPending)); len(d.Nodes) != 1 || d.Nodes[0].HostNodeName != "host" || d.Nodes[0].PodUID != "u1" {
		t.Errorf("with the UID: %+v", d)
	}
}

// TestPodProtocol: intent, pod, UID; recovery compares the UID and nothing else.
func TestPodProtocol(t *testing.T) {
	leaf := v1alpha1.Template{Container: &corev1.Container{Image: "i"}}
	wf := single(leaf)
	run, d := begin(t, wf, nil)
	if len(d.Create) != 1 || len(d.Nodes) != 1 || d.Nodes[0].Phase != v1alpha1.NodePending || d.Nodes[0].PodUID != "" {
		t.Fatalf("the intent is stored with the request: %+v", d)
	}
	wf.Status = *d.Status
	intent := d.Nodes
	if d = run.Apply(noon); len(d.Create) != 0 || len(d.Nodes) != 0 || d.Status != nil {
		t.Errorf("nothing has changed: %+v", d)
	}
	if _, d = begin(t, wf, intent); len(d.Create) != 1 || d.Create[0].PodName != "wf" {
		t.Errorf("an intent without UID is requested again after a restart: %+v", d.Create)
	}
	d = run.Apply(noon, observed("u1", corev1.PodPending))
	if len(d.Nodes) != 1 || d.Nodes[0].PodUID != "u1" {
		t.Fatalf("the UID is recorded: %+v", d.Nodes)
	}
	stored := d.Nodes
	again, d := begin(t, wf, stored)
	if len(d.Create) != 0 {
		t.Error("a pod with a recorded UID is never created again")
	}
	if d = again.Apply(noon, observed("u2", corev1.PodPending)); len(d.Delete) != 1 || d.Delete[0].UID != "u2" || len(d.Nodes) != 0 {
		t.Errorf("a pod with another UID is deleted: %+v", d)
	}
	if d = again.Apply(noon, PodGone{NodeID: "wf", UID: "u1"}); d.Nodes[0].Phase != v1alpha1.NodeError || d.Nodes[0].Message != "pod deleted" || !d.Done {
		t.Errorf("POD-21: %+v", d.Nodes)
	}
	d = run.Apply(noon, observed("u1", corev1.PodSucceeded))
	if !d.Done || len(d.Finished) != 1 || d.Finished[0].UID != "u1" || d.Labels[v1alpha1.LabelKeyCompleted] != "true" {
		t.Errorf("end: %+v", d)
	}
	if d = run.Apply(noon, observed("u1", corev1.PodSucceeded)); len(d.Finished) != 0 || len(d.Nodes) != 0 {
		t.Errorf("late events are harmless: %+v", d)
	}
}

// TestTransientRefusal_POD17: the node stays Pending with the API's words, and the pod is asked for again.
func TestTransientRefusal_POD17(t *testing.T) {
	run, _ := begin(t, single(v1alpha1.Template{Container: &corev1.Container{Image: "i"}}), nil)
	d := run.Apply(noon, PodRefused{NodeID: "wf", Message: "exceeded quota", Transient: true})
	if d.Nodes[0].Phase != v1alpha1.NodePending || d.Nodes[0].Message != "exceeded quota" || d.Wake.IsZero() {
		t.Fatalf("%+v", d)
	}
	if d = run.Apply(d.Wake); len(d.Create) != 1 {
		t.Errorf("not asked for again: %+v", d)
	}
}

func TestTrap11_ResultGating_EXE03(t *testing.T) {
	leaf := v1alpha1.Template{Script: &v1alpha1.ScriptTemplate{Source: "s"}}
	leaf.Outputs.Parameters = []v1alpha1.Parameter{{Name: "o", ValueFrom: &v1alpha1.ValueFrom{Path: "/o"}}}
	value := v1alpha1.AnyString("v")
	result := ResultReported{NodeID: "wf", Final: true, Result: v1alpha1.NodeResult{Outputs: &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "o", Value: &value}}}}}

	run, _ := begin(t, single(leaf), nil)
	d := run.Apply(noon, observed("u", corev1.PodSucceeded, "main", "wait"))
	if d.Done || d.Nodes[0].Phase != v1alpha1.NodeSucceeded || d.Nodes[0].TaskResultSynced == nil || *d.Nodes[0].TaskResultSynced {
		t.Fatalf("the node waits for its outputs: %+v", d.Nodes)
	}
	if d = run.Apply(noon, result); !d.Done || *d.Nodes[0].Outputs.Parameters[0].Value != "v" {
		t.Errorf("%+v", d)
	}

	run, _ = begin(t, single(leaf), nil)
	run.Apply(noon, result)
	if d = run.Apply(noon, observed("u", corev1.PodSucceeded, "main", "wait")); !d.Done || d.Status.Phase != v1alpha1.WorkflowSucceeded {
		t.Errorf("outputs may come before the end: %+v", d)
	}

	run, _ = begin(t, single(leaf), nil)
	d = run.Apply(noon, observed("u", corev1.PodSucceeded, "main", "wait"))
	if d = run.Apply(d.Wake); !d.Done || d.Status.Phase != v1alpha1.WorkflowError {
		t.Errorf("outputs that do not come in time are an error: %+v", d.Nodes)
	}
}

func TestTimeouts_TMO03_TMO04(t *testing.T) {
	leaf := v1alpha1.Template{Container: &corev1.Container{Image: "i"}, Timeout: "30s"}
	run, d := begin(t, single(leaf), nil)
	if !d.Create[0].Deadline.Equal(noon.Add(30*time.Second)) || !d.Wake.Equal(noon.Add(30*time.Second)) {
		t.Errorf("deadline %s, wake %s", d.Create[0].Deadline, d.Wake)
	}
	run.Apply(noon, observed("u", corev1.PodPending))
	d = run.Apply(noon.Add(30 * time.Second))
	if !d.Done || d.Nodes[0].Message != "Step exceeded its deadline" || len(d.Delete) != 1 || d.Delete[0].UID != "u" {
		t.Errorf("a pending pod is deleted: %+v", d)
	}
	leaf.Timeout, leaf.PendingTimeout = "", "5"
	run, d = begin(t, single(leaf), nil)
	run.Apply(noon, observed("u", corev1.PodRunning))
	if d = run.Apply(d.Wake); d.Done || len(d.Nodes) != 0 {
		t.Errorf("a running pod is not pending: %+v", d)
	}
}

func TestNodeEvents_CTL10(t *testing.T) {
	run, err := NewRun(single(v1alpha1.Template{Container: &corev1.Container{Image: "i"}}), nil, Options{NodeEvents: true})
	if err != nil {
		t.Fatal(err)
	}
	run.Apply(noon)
	d := run.Apply(noon, observed("u", corev1.PodRunning))
	if len(d.Events) != 1 || d.Events[0].Reason != "WorkflowNodeRunning" || d.Events[0].Message != "Running node wf" || d.Events[0].NodeID != "wf" {
		t.Errorf("%+v", d.Events)
	}
}

// TestRestartOfFailedPods_RTY12: a pod that the cluster has killed before main started is made again, counted in the intent.
func TestRestartOfFailedPods_RTY12(t *testing.T) {
	run, err := NewRun(single(v1alpha1.Template{Container: &corev1.Container{Image: "i"}}), nil, Options{RestartFailedPods: 1})
	if err != nil {
		t.Fatal(err)
	}
	run.Apply(noon)
	ev := observed("u", corev1.PodFailed, "main")
	ev.Pod.Status.Reason, ev.Pod.Status.Message = "Evicted", "low on memory"
	d := run.Apply(noon, ev)
	if n := d.Nodes[0]; n.Phase != v1alpha1.NodePending || n.Message != "Pod auto-restarting due to Evicted: low on memory" || n.FailedPodRestarts != 1 || n.PodUID != "" || len(d.Delete) != 1 {
		t.Fatalf("%+v %+v", d.Nodes, d.Delete)
	}
	if d = run.Apply(d.Wake); len(d.Create) != 1 || d.Create[0].Restart != 1 {
		t.Errorf("%+v", d.Create)
	}
}
