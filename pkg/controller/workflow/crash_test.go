package workflow

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// diamonds is a DAG of so many diamonds in a row: each begins with one task, fans out to two and joins in one.
func diamonds(name string, count int) *wfv1.Workflow {
	wf := &wfv1.Workflow{}
	wf.Name = name
	run := wfv1.Template{Name: "run", Container: &corev1.Container{Image: "busybox", Command: []string{"true"}}}
	dag := &wfv1.DAGTemplate{}
	before := []string(nil)
	for i := range count {
		a, b, c, d := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i), fmt.Sprintf("c%d", i), fmt.Sprintf("d%d", i)
		dag.Tasks = append(dag.Tasks,
			wfv1.DAGTask{Name: a, Template: "run", Dependencies: before},
			wfv1.DAGTask{Name: b, Template: "run", Dependencies: []string{a}},
			wfv1.DAGTask{Name: c, Template: "run", Dependencies: []string{a}},
			wfv1.DAGTask{Name: d, Template: "run", Dependencies: []string{b, c}})
		before = []string{d}
	}
	wf.Spec = wfv1.WorkflowSpec{Entrypoint: "main", Templates: []wfv1.Template{{Name: "main", DAG: dag}, run}}
	return wf
}

func podGC(wf *wfv1.Workflow, strategy wfv1.PodGCStrategy) *wfv1.Workflow {
	wf.Spec.PodGC = &wfv1.PodGC{Strategy: strategy, DeleteDelayDuration: "0s"}
	return wf
}

// step lets the kubelet take one pod one phase further; false when no pod has anything left to do.
func (w *world) step(rnd *rand.Rand) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	var open []string
	for name, pod := range w.podSet {
		if !terminal(pod) {
			open = append(open, name)
		}
	}
	if len(open) == 0 {
		return false
	}
	slices.Sort(open)
	pod := w.podSet[open[rnd.IntN(len(open))]]
	_ = w.changePod(pod.Namespace, pod.Name, pod.UID, func(pod *corev1.Pod) {
		if pod.Status.Phase == corev1.PodPending {
			setPhase(pod, corev1.PodRunning)
		} else {
			setPhase(pod, corev1.PodSucceeded)
		}
	})
	return true
}

func setPhase(pod *corev1.Pod, phase corev1.PodPhase) {
	pod.Status.Phase = phase
	state := corev1.ContainerStatus{Name: "main"}
	switch phase {
	case corev1.PodRunning:
		state.State.Running = &corev1.ContainerStateRunning{}
	case corev1.PodSucceeded:
		state.State.Terminated = &corev1.ContainerStateTerminated{}
	case corev1.PodFailed:
		state.State.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{state}
}

// drain cleans up pods that are due, without waiting for any that are not.
func (p *process) drain(ctx context.Context) {
	for p.cleaner.queue.Len() > 0 {
		p.cleaner.processNextWorkItem(ctx)
	}
}

// finished tells whether the workflow is over and nothing is left to do about its pods.
func (w *world) finished(key types.NamespacedName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stored[key].header.Status.Phase.Completed()
}

// play runs a workflow to its end; a controller that dies is followed by another one. Which pod goes on and how long the
// informers lag behind is decided by the seed.
func (w *world) play(key types.NamespacedName, seed uint64) {
	w.t.Helper()
	ctx := context.Background()
	rnd := rand.New(rand.NewPCG(seed, seed))
	p := w.start(Options{})
	for range 5000 {
		if p.dead {
			w.dieAt = 0
			p = w.start(Options{})
		}
		p.handle(ctx, key)
		p.drain(ctx)
		if w.finished(key) {
			// The end of the workflow may be stored by a controller that died before it cleaned up.
			if p.dead {
				continue
			}
			p.deliver()
			p.handle(ctx, key)
			p.drain(ctx)
			return
		}
		moved := w.step(rnd)
		if rnd.IntN(3) > 0 || !moved {
			p.deliver()
		}
		if !moved {
			w.now.Step(time.Second)
		}
	}
	w.t.Fatalf("the workflow did not end: %s", w.describe(key))
}

func (w *world) describe(key types.NamespacedName) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, _ := yaml.Marshal(w.stored[key].header.Status)
	out := string(text)
	for _, id := range slices.Sorted(maps.Keys(w.stored[key].nodes)) {
		n := w.stored[key].nodes[id]
		out += fmt.Sprintf("%s %s %s uid=%q %s\n", n.Name, n.Type, n.Phase, n.PodUID, n.Message)
	}
	return out
}

// verify checks the outcome: Succeeded, and each step had exactly one pod, whose UID is recorded.
func (w *world) verify(key types.NamespacedName, steps int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	stored := w.stored[key]
	if stored.header.Status.Phase != wfv1.WorkflowSucceeded {
		w.t.Errorf("phase %s: %s", stored.header.Status.Phase, stored.header.Status.Message)
	}
	pods := 0
	for id, n := range stored.nodes {
		if n.Type != wfv1.NodeTypePod {
			continue
		}
		pods++
		if n.Phase != wfv1.NodeSucceeded {
			w.t.Errorf("node %s is %s: %s", n.Name, n.Phase, n.Message)
		}
		if made := w.created[id]; len(made) != 1 || made[0] != n.PodUID {
			w.t.Errorf("node %s: pods created: %v, recorded: %q", n.Name, made, n.PodUID)
		}
	}
	if pods != steps {
		w.t.Errorf("%d steps ran, want %d", pods, steps)
	}
}

// A controller dies at every single call it makes, once before and once after the call took effect; another one takes over
// and the run ends as if nothing had happened: with one pod for each step (DESIGN 8).
func TestControllerDiesAtEveryCall(t *testing.T) {
	for _, strategy := range []wfv1.PodGCStrategy{wfv1.PodGCOnPodNone, wfv1.PodGCOnPodCompletion} {
		calm := newWorld(t)
		key := calm.submit(podGC(diamonds("calm", 2), strategy))
		calm.play(key, 1)
		calm.verify(key, 8)
		if t.Failed() {
			t.Fatal(calm.describe(key))
		}
		for at := 1; at <= calm.calls; at++ {
			for _, before := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/call %d/before %v", strategy, at, before), func(t *testing.T) {
					w := newWorld(t)
					key := w.submit(podGC(diamonds("crash", 2), strategy))
					w.dieAt, w.dieBefore = at, before
					w.play(key, 1)
					w.verify(key, 8)
				})
			}
		}
	}
}

// The same with controllers that die again and again at random calls.
func TestControllersDieAtRandom(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			w := newWorld(t)
			key := w.submit(podGC(diamonds("crash", 3), []wfv1.PodGCStrategy{wfv1.PodGCOnPodNone, wfv1.PodGCOnPodCompletion, wfv1.PodGCOnWorkflowCompletion}[seed%3]))
			lives := 0
			w.onStart = func() {
				if lives++; lives < 20 {
					w.dieAt, w.dieBefore = w.calls+1+rnd.IntN(12), rnd.IntN(2) == 0
				}
			}
			w.play(key, seed)
			w.verify(key, 12)
		})
	}
}
