package workflow

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// held is a controller that keeps pods until their end is recorded, with one workflow of one step, and its pod.
func held(t *testing.T, gc *wfv1.PodGC) (p *process, turn func(do func(*corev1.Pod))) {
	t.Helper()
	w := newWorld(t)
	wf := &wfv1.Workflow{Spec: wfv1.WorkflowSpec{Entrypoint: "run", Templates: []wfv1.Template{*runTemplate}, PodGC: gc}}
	wf.Name = "demo"
	key := w.submit(wf)
	p = w.start(Options{Settings: func() podbuilder.Settings { return podbuilder.Settings{StatusFinalizer: true} }})
	p.handle(context.Background(), key)
	return p, func(do func(*corev1.Pod)) {
		t.Helper()
		for _, pod := range p.podSet {
			if err := p.changePod(pod.Namespace, pod.Name, pod.UID, do); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			p.deliver()
			p.handle(context.Background(), key)
			for p.cleaner.queue.Len() > 0 {
				p.cleaner.processNextWorkItem(context.Background())
			}
		}
	}
}

func deleted(pod *corev1.Pod) { pod.DeletionTimestamp = new(metav1.Now()) }

func failed(pod *corev1.Pod) {
	setPhase(pod, corev1.PodFailed)
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 143, Reason: "Error"}}}}
}

// POD-19, LBL-08: a pod that somebody deletes stays until it is known how it ended, and not longer.
func TestDeletedPodsTellHowTheyEnded_POD19(t *testing.T) {
	p, turn := held(t, nil)
	turn(func(pod *corev1.Pod) {
		if len(pod.Finalizers) != 1 || pod.Finalizers[0] != "workflows.argoproj.io/status" {
			t.Fatalf("finalizers %v", pod.Finalizers)
		}
		setPhase(pod, corev1.PodRunning)
		pod.Spec.NodeName = "node"
	})
	turn(deleted)
	if p.counts["release"] != 0 {
		t.Fatal("released before its end is known")
	}
	turn(failed)
	for key, stored := range p.stored {
		if n := stored.nodes["demo"]; n.Phase != wfv1.NodeFailed || n.Message != "main: Error (exit code 143)" {
			t.Errorf("%s: %s %q", key, n.Phase, n.Message)
		}
	}
	if len(p.podSet) != 0 {
		t.Errorf("the pod is still kept: %v", p.counts)
	}
}

// POD-19: what was kept is let go with the label, and where the pods of a strategy stay until the workflow is over.
func TestEndedPodsAreLetGo_POD19(t *testing.T) {
	for name, gc := range map[string]*wfv1.PodGC{
		"labelled": nil, "deleted": {Strategy: wfv1.PodGCOnPodCompletion, DeleteDelayDuration: "0s"},
		"later": {Strategy: wfv1.PodGCOnWorkflowCompletion, DeleteDelayDuration: "0s"},
	} {
		t.Run(name, func(t *testing.T) {
			p, turn := held(t, gc)
			turn(func(pod *corev1.Pod) { setPhase(pod, corev1.PodSucceeded) })
			turn(func(*corev1.Pod) {})
			for _, pod := range p.podSet {
				if len(pod.Finalizers) > 0 || gc != nil {
					t.Errorf("%v left with finalizers %v", pod.Name, pod.Finalizers)
				}
			}
		})
	}
}

// POD-19: nothing is waited for that cannot be learned: of pods that no kubelet has, that are deleted by force, or that no
// attempt waits for. So neither a pod nor its namespace stays for ever.
func TestHeldInVain_POD19(t *testing.T) {
	now, zero := metav1.Now(), int64(0)
	pod := func(change func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "u", Finalizers: []string{wfv1.FinalizerPodStatus}, DeletionTimestamp: &now}}
		p.Spec.NodeName, p.Status.Phase = "node", corev1.PodRunning
		if change != nil {
			change(p)
		}
		return p
	}
	for name, c := range map[string]struct {
		pod  *corev1.Pod
		a    *attempt
		want bool
	}{
		"its end will be told":       {pod(nil), &attempt{uid: "u"}, false},
		"just created":               {pod(nil), &attempt{}, false},
		"nobody waits":               {pod(nil), nil, true},
		"another pod is on record":   {pod(nil), &attempt{uid: "other"}, true},
		"it is being replaced":       {pod(nil), &attempt{replaces: "u"}, true},
		"never scheduled":            {pod(func(p *corev1.Pod) { p.Spec.NodeName = "" }), &attempt{uid: "u"}, true},
		"deleted by force":           {pod(func(p *corev1.Pod) { p.DeletionGracePeriodSeconds = &zero }), &attempt{uid: "u"}, true},
		"ended, to be recorded":      {pod(func(p *corev1.Pod) { p.DeletionGracePeriodSeconds, p.Status.Phase = &zero, corev1.PodFailed }), &attempt{uid: "u"}, false},
		"not deleted":                {pod(func(p *corev1.Pod) { p.DeletionTimestamp = nil }), nil, false},
		"without our finalizer":      {pod(func(p *corev1.Pod) { p.Finalizers = nil }), nil, false},
		"with somebody else's alone": {pod(func(p *corev1.Pod) { p.Finalizers = []string{"example.com/own"} }), nil, false},
	} {
		kept, err := KeepPodState(c.pod)
		if err != nil {
			t.Fatal(err)
		}
		if got := heldInVain(kept.(*corev1.Pod), c.a); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// POD-19: nor does a retry wait for ever for a pod that was kept when it came, and has the name that is wanted again.
func TestPodsOfEarlierRoundsAreLetGo_POD19(t *testing.T) {
	p, key, _ := scripted(t, wantsPods("a"))
	p.edit(key, func(wf *wfv1.Workflow) { wf.Status.Retries = 1 })
	p.addPodAs("pod-a", "a", "uid-of-demo", "old")
	change := func(do func(*corev1.Pod)) {
		t.Helper()
		if err := p.changePod("work", "pod-a", "old", do); err != nil {
			t.Fatal(err)
		}
		p.deliver()
		p.handle(t.Context(), key)
		for p.cleaner.queue.Len() > 0 {
			p.cleaner.processNextWorkItem(t.Context())
		}
	}
	change(func(pod *corev1.Pod) {
		setPhase(pod, corev1.PodRunning)
		pod.Spec.NodeName, pod.Finalizers = "node", []string{wfv1.FinalizerPodStatus}
	})
	change(func(pod *corev1.Pod) { failed(pod); deleted(pod) })
	if pod := p.podSet["work/pod-a"]; pod != nil && pod.UID == "old" {
		t.Errorf("it is still kept: %v", p.counts)
	}
}

// POD-19: pods of a workflow that is being deleted, or gone, are let go at once.
func TestPodsOfDeletedWorkflowsAreLetGo_POD19(t *testing.T) {
	for name, remove := range map[string]func(*process){
		"being deleted": func(p *process) {
			for key := range p.stored {
				p.edit(key, func(wf *wfv1.Workflow) { wf.DeletionTimestamp = new(metav1.Now()) })
			}
		},
		"gone": func(p *process) {
			for key := range p.stored {
				delete(p.stored, key)
				if header := p.headers.get(key); header != nil {
					_ = p.headers.Delete(header)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, turn := held(t, nil)
			turn(func(pod *corev1.Pod) { setPhase(pod, corev1.PodRunning); pod.Spec.NodeName = "node" })
			remove(p)
			turn(deleted)
			if len(p.podSet) != 0 {
				t.Errorf("still there: %v", p.counts)
			}
		})
	}
}

// terminating is a server whose namespace is being deleted: nothing is stored in it.
type terminating struct{ WorkflowClient }

func (terminating) UpdateNodes(context.Context, *wfv1.NodesUpdate) (*wfv1.NodesUpdate, error) {
	return nil, &apierrors.StatusError{ErrStatus: metav1.Status{
		Reason: metav1.StatusReasonForbidden, Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}},
	}}
}

// POD-19: Kubernetes deletes the pods of a namespace before everything else in it, and by then no end can be recorded.
func TestNamespacesAreNotHeldUp_POD19(t *testing.T) {
	p, turn := held(t, nil)
	turn(func(pod *corev1.Pod) { setPhase(pod, corev1.PodRunning); pod.Spec.NodeName = "node" })
	p.workflows = terminating{p.workflows}
	turn(deleted)
	turn(failed)
	if len(p.podSet) != 0 {
		t.Errorf("still there: %v", p.counts)
	}
}

// LBL-08: only our own finalizer is taken off.
func TestReleaseLeavesOtherFinalizers_LBL08(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "p", UID: "u", Finalizers: []string{"example.com/own", wfv1.FinalizerPodStatus}}}
	client := fake.NewClientset(pod)
	if err := NewPodControl(client.CoreV1(), nil).Release(t.Context(), "n", "p", "u"); err != nil {
		t.Fatal(err)
	}
	left, err := client.CoreV1().Pods("n").Get(t.Context(), "p", metav1.GetOptions{})
	if err != nil || len(left.Finalizers) != 1 || left.Finalizers[0] != "example.com/own" {
		t.Errorf("%v, %v", left.Finalizers, err)
	}
	if err := NewPodControl(client.CoreV1(), nil).Release(t.Context(), "n", "gone", "u"); err != nil {
		t.Errorf("a pod that is gone: %v", err)
	}
}

// POD-19: a pod that is kept is let go although somebody else labels it as done with, or takes the label off by which it is found:
// while it runs, when it is being deleted, when its workflow is over, and while no controller is there.
func TestRelabelledPodsAreLetGo_POD19(t *testing.T) {
	done := func(pod *corev1.Pod) { pod.Labels[wfv1.LabelKeyCompleted] = "true" }
	for name, c := range map[string]struct {
		relabel func(*corev1.Pod)
		before  func(*corev1.Pod)
		stop    bool
	}{
		"labelled":                 {relabel: done},
		"not found by its label":   {relabel: func(pod *corev1.Pod) { delete(pod.Labels, wfv1.LabelKeyWorkflow) }},
		"labelled, being deleted":  {relabel: done, before: deleted},
		"labelled when it is over": {relabel: done, stop: true},
	} {
		t.Run(name, func(t *testing.T) {
			p, turn := held(t, nil)
			turn(func(pod *corev1.Pod) { setPhase(pod, corev1.PodRunning); pod.Spec.NodeName = "node" })
			if c.before != nil {
				turn(c.before)
			}
			if c.stop {
				for key := range p.stored {
					p.edit(key, func(wf *wfv1.Workflow) { wf.Spec.Shutdown = wfv1.ShutdownStrategyTerminate })
				}
				turn(func(*corev1.Pod) {})
			}
			turn(c.relabel)
			turn(failed)
			turn(func(*corev1.Pod) {})
			for _, pod := range p.podSet {
				if len(pod.Finalizers) > 0 {
					t.Errorf("%s is still kept: %v %v", pod.Name, pod.Labels, p.counts)
				}
			}
			for _, stored := range p.stored {
				if n := stored.nodes["demo"]; n.Phase != wfv1.NodeFailed {
					t.Errorf("%s %q", n.Phase, n.Message)
				}
			}
		})
	}
}

// POD-19: the same, when it happened while no controller was there.
func TestRelabelledMeanwhile_POD19(t *testing.T) {
	p, turn := held(t, nil)
	turn(func(pod *corev1.Pod) { setPhase(pod, corev1.PodRunning); pod.Spec.NodeName = "node" })
	for name, pod := range p.podSet {
		if err := p.changePod(pod.Namespace, pod.Name, pod.UID, func(pod *corev1.Pod) { pod.Labels[wfv1.LabelKeyCompleted] = "true"; failed(pod) }); err != nil {
			t.Fatal(name, err)
		}
	}
	next := p.world.start(Options{Settings: func() podbuilder.Settings { return podbuilder.Settings{StatusFinalizer: true} }})
	for range 4 {
		for key := range next.stored {
			next.handle(t.Context(), key)
		}
		for next.cleaner.queue.Len() > 0 {
			next.cleaner.processNextWorkItem(t.Context())
		}
		next.deliver()
	}
	for _, pod := range next.podSet {
		if len(pod.Finalizers) > 0 {
			t.Errorf("%s is still kept: %v", pod.Name, next.counts)
		}
	}
}
