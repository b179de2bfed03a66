package workflow

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
)

// List implements PodControl.
func (p podsOf) List(_ context.Context, namespace, workflow string) ([]corev1.Pod, error) {
	var pods []corev1.Pod
	err := p.call(func() error {
		for _, pod := range p.podSet {
			if pod.Namespace == namespace && pod.Labels[wfv1.LabelKeyWorkflow] == workflow {
				pods = append(pods, *pod.DeepCopy())
			}
		}
		slices.SortFunc(pods, func(a, b corev1.Pod) int { return len(a.Name) - len(b.Name) })
		return nil
	})
	return pods, err
}

// retry does to a finished workflow what the server does.
func (w *world) retry(key types.NamespacedName) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	stored := w.stored[key]
	var nodes []wfv1.NodeStatus
	for _, n := range stored.nodes {
		nodes = append(nodes, n)
	}
	result, err := lifecycle.Retry(stored.header, nodes, lifecycle.RetryOptions{}, w.now.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, id := range result.Removed {
		delete(stored.nodes, id)
	}
	for _, n := range result.Changed {
		stored.nodes[n.ID] = n
	}
	result.Workflow.ResourceVersion = w.nextVersion()
	stored.header = result.Workflow
}

// fail turns pods of a node that have just succeeded into failed ones.
func (w *world) fail(node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, pod := range w.podSet {
		if pod.Annotations[wfv1.AnnotationKeyNodeName] == node && pod.Status.Phase == corev1.PodSucceeded {
			_ = w.changePod(pod.Namespace, pod.Name, pod.UID, func(pod *corev1.Pod) { setPhase(pod, corev1.PodFailed) })
		}
	}
}

// round runs a workflow to its end, the node given failing. Controllers that die are followed by others.
func (w *world) round(p *process, key types.NamespacedName, rnd *rand.Rand, failing string) *process {
	w.t.Helper()
	ctx := context.Background()
	for range 5000 {
		if p.dead {
			w.dieAt = 0
			p = w.start(Options{})
		}
		p.handle(ctx, key)
		p.drain(ctx)
		if w.finished(key) && !p.dead {
			p.deliver()
			p.handle(ctx, key)
			p.drain(ctx)
			if !p.dead {
				return p
			}
		}
		moved := w.step(rnd)
		w.fail(failing)
		if rnd.IntN(3) > 0 || !moved {
			p.deliver()
		}
		if !moved {
			w.now.Step(time.Second)
		}
	}
	w.t.Fatalf("the workflow did not end: %s", w.describe(key))
	return nil
}

// A retry runs what failed again and nothing else: each step has one pod for each round in which it ran, the pods of
// forgotten nodes are deleted, and none is taken for a new attempt, wherever controllers die (OPS-13, DESIGN 8).
func TestTrap22_PodsOfARetriedRun(t *testing.T) {
	for seed := range uint64(60) {
		for _, survives := range []bool{true, false} { // the controller, between the rounds
			t.Run(fmt.Sprintf("%d/%v", seed, survives), func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(seed, 11))
				w := newWorld(t)
				strategy := []wfv1.PodGCStrategy{wfv1.PodGCOnPodNone, wfv1.PodGCOnPodSuccess}[seed%2]
				key := w.submit(podGC(diamonds("demo", 2), strategy))
				lives := 0
				w.onStart = func() {
					if lives++; lives < 12 && seed%3 != 0 {
						w.dieAt, w.dieBefore = w.calls+1+rnd.IntN(15), rnd.IntN(2) == 0
					}
				}
				p := w.round(w.start(Options{}), key, rnd, "demo.b1")
				if got := w.stored[key].header.Status.Phase; got != wfv1.WorkflowFailed {
					t.Fatalf("the first round ended %s", got)
				}
				for again := range 2 {
					w.retry(key)
					if survives {
						p.deliver()
					} else {
						lives = 0
						p = w.start(Options{})
					}
					failing := "demo.b1"
					if again == 1 {
						failing = ""
					}
					p = w.round(p, key, rnd, failing)
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				stored := w.stored[key]
				if stored.header.Status.Phase != wfv1.WorkflowSucceeded || stored.header.Status.Retries != 2 {
					t.Errorf("%s after %d retries", stored.header.Status.Phase, stored.header.Status.Retries)
				}
				for id, n := range stored.nodes {
					if n.Type != wfv1.NodeTypePod {
						continue
					}
					want := 1
					if n.Name == "demo.b1" {
						want = 3
					}
					made := w.created[id]
					if len(made) != want || made[len(made)-1] != n.PodUID || n.Phase != wfv1.NodeSucceeded {
						t.Errorf("%s is %s with pod %s; created were %v", n.Name, n.Phase, n.PodUID, made)
					}
					if pod := w.podSet["work/"+n.ID]; pod != nil && pod.UID != n.PodUID {
						t.Errorf("%s: pod %s is left of an earlier round", n.Name, pod.UID)
					}
				}
			})
		}
	}
}

// A pod of the round before is deleted and not adopted, whoever meets it first: the creation of the new one, or the informer.
func TestPodsOfEarlierRounds(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"))
	p.edit(key, func(wf *wfv1.Workflow) { wf.Status.Retries = 1 })
	p.addPodAs("pod-a", "a", "uid-of-demo", "old")
	p.deliver()
	p.handle(t.Context(), key)
	if pod := p.podSet["work/pod-a"]; pod != nil && pod.UID == "old" {
		t.Error("the old pod is still there")
	}
	for _, event := range observed(s.told) {
		if event == "observed a old" {
			t.Error("the old pod was taken for the new attempt")
		}
	}
}
