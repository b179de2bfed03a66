package engine

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// POD-21, POD-19: a pod that somebody deletes is `pod deleted`, an Error, whatever its containers say about how they were
// killed; what ended before is as it ended, and so is what is kept until its end is known.
func TestDeletedPods_POD21(t *testing.T) {
	asked := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	killed := func(after time.Duration) corev1.ContainerStatus {
		c := ended("main", 143, "Error", "")
		c.State.Terminated.FinishedAt = metav1.NewTime(asked.Add(after))
		return c
	}
	for name, c := range map[string]struct {
		pod     *corev1.Pod
		change  func(*corev1.Pod)
		phase   v1alpha1.NodePhase
		message string
	}{
		"killed by the deletion":  {podWith(corev1.PodFailed, "", killed(2*time.Second)), nil, "Error", "pod deleted"},
		"in the same second":      {podWith(corev1.PodFailed, "", killed(0)), nil, "Error", "pod deleted"},
		"failed before":           {podWith(corev1.PodFailed, "", killed(-time.Second)), nil, "Failed", "main: Error (exit code 143)"},
		"succeeded nevertheless":  {podWith(corev1.PodSucceeded, "", ended("main", 0, "", "")), nil, "Succeeded", ""},
		"ended well, then killed": {podWith(corev1.PodFailed, "", ended("wait", 0, "", ""), killed(2*time.Second)), nil, "Error", "pod deleted"},
		"evicted by its kubelet":  {podWith(corev1.PodFailed, "The node was low on resource: memory.", killed(2*time.Second)), nil, "Failed", "The node was low on resource: memory."},
		"kept until its end is known": {podWith(corev1.PodFailed, "", killed(2*time.Second)), func(p *corev1.Pod) { p.Finalizers = []string{v1alpha1.FinalizerPodStatus} },
			"Failed", "main: Error (exit code 143)"},
		"without grace": {podWith(corev1.PodFailed, "", killed(time.Second)), func(p *corev1.Pod) {
			p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &metav1.Time{Time: asked}, nil
		}, "Error", "pod deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			grace := int64(30)
			c.pod.DeletionTimestamp, c.pod.DeletionGracePeriodSeconds = &metav1.Time{Time: asked.Add(30 * time.Second)}, &grace
			if c.change != nil {
				c.change(c.pod)
			}
			if a := assess(c.pod, podRole{}, asked); a.phase != c.phase || a.message != c.message {
				t.Errorf("%s %q, want %s %q", a.phase, a.message, c.phase, c.message)
			}
		})
	}
}

// POD-21: only what certainly never ran is made again.
func TestUnstarted_POD21(t *testing.T) {
	made := corev1.ContainerStatus{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: 137, Reason: "ContainerStatusUnknown", Message: "The container could not be located when the pod was terminated",
	}}}
	bound := func(p *corev1.Pod) *corev1.Pod { p.Spec.NodeName = "node"; return p }
	id := made
	id.ContainerID = "containerd://1"
	for name, c := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"not scheduled":              {podWith(corev1.PodPending, ""), true},
		"scheduled, nothing said":    {bound(podWith(corev1.PodPending, "")), false},
		"its image was never pulled": {bound(podWith(corev1.PodFailed, "", made)), true},
		"its node is gone":           {bound(podWith(corev1.PodFailed, "", waiting("main", "ContainerCreating", ""))), false},
		"its node never spoke of it": {bound(podWith(corev1.PodFailed, "")), false},
		"taken off the queue":        {podWith(corev1.PodFailed, ""), true},
		"it ran and was lost":        {bound(podWith(corev1.PodFailed, "", id)), false},
		"it ran":                     {bound(podWith(corev1.PodFailed, "", at(3, ended("main", 1, "", "")))), true},
		"an init container ran":      {bound(podWith(corev1.PodFailed, "", corev1.ContainerStatus{Name: "init", ContainerID: "containerd://1"}, made)), false},
		"running":                    {bound(podWith(corev1.PodRunning, "", running("main"))), false},
		"nothing is known of it":     {&corev1.Pod{}, false},
	} {
		if name == "it ran" {
			c.pod.Status.ContainerStatuses[0].State.Terminated.StartedAt = metav1.Now()
			c.want = false
		}
		if got := Unstarted(c.pod); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// POD-21: the pod of a Pending node that was deleted before it ran is made again, once the old one is out of the way, and a
// restart of the controller in between changes nothing; the pod of a node that ran is not.
func TestPodsDeletedBeforeTheyRan_POD21(t *testing.T) {
	wf := single(v1alpha1.Template{Container: &corev1.Container{}})
	for name, gone := range map[string]Event{
		"it is gone": PodGone{NodeID: "wf", UID: "u1", Unstarted: true},
		"its kubelet has given it up": PodObserved{NodeID: "wf", Pod: func() *corev1.Pod {
			p := podWith(corev1.PodFailed, "", corev1.ContainerStatus{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "ContainerStatusUnknown"}}})
			p.Spec.NodeName = "node"
			p.UID, p.DeletionTimestamp = "u1", &metav1.Time{Time: noon}
			return p
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			run, _ := begin(t, wf, nil)
			run.Apply(noon, observed("u1", corev1.PodPending))
			d := run.Apply(noon, gone)
			if len(d.Nodes) != 1 || d.Nodes[0].Phase != v1alpha1.NodePending || d.Nodes[0].PodUID != "" || d.Nodes[0].RestartingPodUID != "u1" || d.Done {
				t.Fatalf("%+v", d)
			}
			if d := run.Apply(d.Wake); len(d.Create) != 1 {
				t.Errorf("no pod is asked for: %+v", d)
			}
			_, again := begin(t, wf, d.Nodes)
			if len(again.Create) != 1 {
				t.Errorf("no pod is asked for after a restart: %+v", again)
			}
		})
	}
	run, _ := begin(t, wf, nil)
	run.Apply(noon, observed("u1", corev1.PodRunning))
	if d := run.Apply(noon, PodGone{NodeID: "wf", UID: "u1", Unstarted: true}); !d.Done || d.Nodes[0].Phase != v1alpha1.NodeError || d.Nodes[0].Message != "pod deleted" {
		t.Errorf("it ran: %+v", d)
	}
}

// POD-21, TPL-12: what a kubelet says of the members of a set that never ran is not how they ended, for they are made again.
func TestSetsDeletedBeforeTheyRan_POD21(t *testing.T) {
	wf := single(v1alpha1.Template{ContainerSet: &v1alpha1.ContainerSetTemplate{Containers: []v1alpha1.ContainerNode{{Container: corev1.Container{Name: "main"}}}}})
	run, _ := begin(t, wf, nil)
	run.Apply(noon, observed("u1", corev1.PodPending))
	lost := ended("main", 137, "ContainerStatusUnknown", "")
	gone := podWith(corev1.PodFailed, "", lost)
	gone.UID, gone.Spec.NodeName, gone.DeletionTimestamp = "u1", "node", &metav1.Time{Time: noon}
	d := run.Apply(noon, PodObserved{NodeID: "wf", Pod: gone})
	for _, n := range d.Nodes {
		if n.Phase != v1alpha1.NodePending {
			t.Errorf("%s is %s: %s", n.Name, n.Phase, n.Message)
		}
	}
	if len(d.Nodes) != 1 || d.Done {
		t.Errorf("%+v", d)
	}
}
