package engine

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// DESIGN 7 (ends are never missed): what waits in a pod for a container that was killed is told of its end when it does not see
// that by itself, once.
func TestEndsAreAnnounced(t *testing.T) {
	script := v1alpha1.Template{Script: &v1alpha1.ScriptTemplate{Source: "s"}}
	guarded := v1alpha1.Template{Script: script.Script, Sidecars: []v1alpha1.UserContainer{{Container: corev1.Container{Name: "side"}}}}
	killed, fine := ended("main", 137, "OOMKilled", ""), ended("main", 0, "Completed", "")
	for name, tc := range map[string]struct {
		template   v1alpha1.Template
		containers []string
		statuses   []corev1.ContainerStatus
		want       []string
	}{
		"our helper waits":          {script, []string{"main", "wait"}, []corev1.ContainerStatus{killed, running("wait")}, []string{"main"}},
		"a sidecar waits":           {guarded, []string{"main", "side"}, []corev1.ContainerStatus{killed, running("side")}, []string{"main"}},
		"it ended well":             {script, []string{"main", "wait"}, []corev1.ContainerStatus{fine, running("wait")}, nil},
		"it runs":                   {script, []string{"main", "wait"}, []corev1.ContainerStatus{running("main"), running("wait")}, nil},
		"nobody waits":              {script, []string{"main"}, []corev1.ContainerStatus{killed}, nil},
		"a sidecar's end is no end": {guarded, []string{"main", "side"}, []corev1.ContainerStatus{running("main"), ended("side", 1, "Error", "")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			run, _ := begin(t, single(tc.template), nil)
			pod := observed("u", corev1.PodRunning, tc.containers...)
			pod.Pod.Status.ContainerStatuses = tc.statuses
			d := run.Apply(noon, pod)
			if len(d.Announce) != 0 {
				t.Errorf("at once: %+v", d.Announce)
			}
			if tc.want != nil && d.Wake.After(noon.Add(unseenAfter+time.Second)) {
				t.Errorf("wakes at %v", d.Wake)
			}
			d = run.Apply(noon.Add(unseenAfter))
			if tc.want == nil && len(d.Announce) == 0 {
				return
			}
			if len(d.Announce) != 1 || d.Announce[0].UID != "u" || !slices.Equal(d.Announce[0].Containers, tc.want) {
				t.Fatalf("%+v", d.Announce)
			}
			if d = run.Apply(noon.Add(time.Hour), pod); len(d.Announce) != 0 || !d.Wake.IsZero() {
				t.Errorf("again: %+v, wakes at %v", d.Announce, d.Wake)
			}
		})
	}
}

// What the helper sees by itself is not announced: the pod has ended by then.
func TestSeenEndsAreNotAnnounced(t *testing.T) {
	run, _ := begin(t, single(v1alpha1.Template{Script: &v1alpha1.ScriptTemplate{Source: "s"}}), nil)
	pod := observed("u", corev1.PodRunning, "main", "wait")
	pod.Pod.Status.ContainerStatuses = []corev1.ContainerStatus{ended("main", 1, "Error", ""), running("wait")}
	run.Apply(noon, pod)
	over := observed("u", corev1.PodFailed, "main", "wait")
	over.Pod.Status.ContainerStatuses = []corev1.ContainerStatus{ended("main", 1, "Error", ""), ended("wait", 0, "Completed", "")}
	if d := run.Apply(noon.Add(2*time.Second), over); !d.Done {
		t.Fatalf("%+v", d)
	}
	if d := run.Apply(noon.Add(unseenAfter)); len(d.Announce) != 0 {
		t.Errorf("%+v", d.Announce)
	}
}

// DESIGN 7, TPL-12: nor is an end missed that a pod tells of right after a restart, before the template of its step is found again,
// when nothing in the pod changes any more.
func TestEndsSeenTooEarlyAreAnnounced(t *testing.T) {
	set := single(v1alpha1.Template{ContainerSet: &v1alpha1.ContainerSetTemplate{Containers: []v1alpha1.ContainerNode{
		{Container: corev1.Container{Name: "a"}}, {Container: corev1.Container{Name: "b"}, Dependencies: []string{"a"}},
	}}})
	wf := &v1alpha1.Workflow{ObjectMeta: set.ObjectMeta, Spec: v1alpha1.WorkflowSpec{WorkflowTemplateRef: &v1alpha1.WorkflowTemplateRef{Name: "kept"}}}
	found := TemplateResolved{Request: TemplateRequest{Kind: RequestWorkflowTemplate, Name: "kept"}, Spec: &set.Spec}
	run, _ := begin(t, wf, nil)
	d := run.Apply(noon, found)
	if len(d.Create) != 1 {
		t.Fatalf("%+v", d)
	}
	again := wf.DeepCopy()
	again.Status.Phase, again.Status.StartedAt = v1alpha1.WorkflowRunning, d.Status.StartedAt
	for i := range d.Nodes {
		if d.Nodes[i].ID == "wf" {
			d.Nodes[i].PodUID, d.Nodes[i].Phase = "u", v1alpha1.NodeRunning
		}
	}
	run, err := NewRun(again, d.Nodes, Options{})
	if err != nil {
		t.Fatal(err)
	}
	pod := observed("u", corev1.PodRunning, "a", "b")
	pod.Pod.Status.ContainerStatuses = []corev1.ContainerStatus{ended("a", 137, "OOMKilled", ""), running("b")}
	if d = run.Apply(noon, pod); len(d.Resolve) != 1 {
		t.Fatalf("%+v", d)
	}
	run.Apply(noon, found)
	d = run.Apply(noon.Add(unseenAfter))
	if len(d.Announce) != 1 || !slices.Equal(d.Announce[0].Containers, []string{"a"}) {
		t.Errorf("%+v", d)
	}
}

// POD-21: a pod that is replaced before the template of its step is found again is not taken for the next one.
func TestReplacedPodIsNotTakenInAgain_POD21(t *testing.T) {
	leaf := single(v1alpha1.Template{Container: &corev1.Container{}})
	wf := &v1alpha1.Workflow{ObjectMeta: leaf.ObjectMeta, Spec: v1alpha1.WorkflowSpec{WorkflowTemplateRef: &v1alpha1.WorkflowTemplateRef{Name: "kept"}}}
	found := TemplateResolved{Request: TemplateRequest{Kind: RequestWorkflowTemplate, Name: "kept"}, Spec: &leaf.Spec}
	run, _ := begin(t, wf, nil)
	d := run.Apply(noon, found)
	again := wf.DeepCopy()
	again.Status.Phase, again.Status.StartedAt = v1alpha1.WorkflowRunning, d.Status.StartedAt
	d.Nodes[0].PodUID = "u"
	run, err := NewRun(again, d.Nodes, Options{RestartFailedPods: 3})
	if err != nil {
		t.Fatal(err)
	}
	evicted := observed("u", corev1.PodFailed, "main")
	evicted.Pod.Status.Reason = "Evicted"
	run.Apply(noon, evicted)
	run.Apply(noon, found)
	if e := run.table["wf"]; e.st.PodUID != "" || e.st.RestartingPodUID != "u" || e.st.FailedPodRestarts != 1 {
		t.Errorf("pod %q, replacing %q, %d restarts", e.st.PodUID, e.st.RestartingPodUID, e.st.FailedPodRestarts)
	}
}
