package workflow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
	"fairlead.dev/fairlead/pkg/engine"
)

// script is an engine that decides what the test says and remembers what it was told.
type script struct {
	decisions []engine.Decision
	told      []engine.Event
}

func (s *script) Apply(_ time.Time, events ...engine.Event) engine.Decision {
	s.told = append(s.told, events...)
	if len(s.decisions) == 0 {
		return engine.Decision{}
	}
	next := s.decisions[0]
	s.decisions = s.decisions[1:]
	return next
}

var runTemplate = &wfv1.Template{Name: "run", Container: &corev1.Container{Image: "busybox", Command: []string{"true"}}}

func podNode(id string, ordinal int64) wfv1.NodeStatus {
	return wfv1.NodeStatus{ID: id, Name: "demo." + id, Type: wfv1.NodeTypePod, Phase: wfv1.NodePending, Ordinal: ordinal, TemplateName: "run"}
}

func request(id string) engine.PodRequest {
	return engine.PodRequest{NodeID: id, NodeName: "demo." + id, PodName: "pod-" + id, Template: runTemplate, Spec: &wfv1.WorkflowSpec{}}
}

// scripted is a started controller with one workflow whose engine is a script.
func scripted(t *testing.T, decisions ...engine.Decision) (*process, types.NamespacedName, *script) {
	t.Helper()
	w := newWorld(t)
	wf := &wfv1.Workflow{}
	wf.Name = "demo"
	key := w.submit(wf)
	p := w.start(Options{})
	s := &script{decisions: decisions}
	p.newRun = func(*wfv1.Workflow, []wfv1.NodeStatus, engine.Options) (decider, error) { return s, nil }
	return p, key, s
}

func wantsPods(ids ...string) engine.Decision {
	d := engine.Decision{Status: &wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning}}
	for i, id := range ids {
		d.Nodes = append(d.Nodes, podNode(id, int64(i)))
		d.Create = append(d.Create, request(id))
	}
	return d
}

// records is the decision that follows the observation of a pod: its UID is recorded.
func records(id string, uid types.UID) engine.Decision {
	n := podNode(id, 0)
	n.PodUID = uid
	return engine.Decision{Nodes: []wfv1.NodeStatus{n}}
}

func (w *world) addPodAs(name, node string, owner types.UID, uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "work", Name: name, UID: uid, ResourceVersion: w.nextVersion(),
		Labels:          map[string]string{wfv1.LabelKeyWorkflow: "demo"},
		Annotations:     map[string]string{wfv1.AnnotationKeyNodeID: node},
		OwnerReferences: []metav1.OwnerReference{{Kind: "Workflow", Name: "demo", UID: owner, Controller: new(true)}},
	}}
	w.podSet["work/"+name] = pod
}

func observed(events []engine.Event) []string {
	var seen []string
	for _, e := range events {
		switch e := e.(type) {
		case engine.PodObserved:
			seen = append(seen, fmt.Sprintf("observed %s %s", e.NodeID, e.Pod.UID))
		case engine.PodGone:
			seen = append(seen, fmt.Sprintf("gone %s %s", e.NodeID, e.UID))
		case engine.PodRefused:
			seen = append(seen, fmt.Sprintf("refused %s %v", e.NodeID, e.Transient))
		case engine.HeaderChanged:
			seen = append(seen, "header")
		}
	}
	return seen
}

func expect(t *testing.T, s *script, want ...string) {
	t.Helper()
	if got := observed(s.told); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the engine was told %q, want %q", got, want)
	}
}

func TestIntentIsStoredBeforeItsPodIsCreated(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.deny = func(*corev1.Pod) error {
		if _, stored := p.stored[key].nodes["a"]; !stored {
			t.Error("the pod is created before its intent is stored")
		}
		return nil
	}
	p.handle(context.Background(), key)
	expect(t, s, "observed a pod-a-0")
	if got := p.stored[key].nodes["a"].PodUID; got != "pod-a-0" {
		t.Errorf("recorded UID %q", got)
	}
	if p.counts["create"] != 1 || p.counts["nodes"] != 2 {
		t.Errorf("writes: %v", p.counts)
	}
}

func TestRecordedPodThatIsGoneIsNotCreatedAgain(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.handle(context.Background(), key)
	p.deliver()
	delete(p.podSet, "work/pod-a")
	p.deliver()
	p.handle(context.Background(), key)
	expect(t, s, "observed a pod-a-0", "gone a pod-a-0")
	if len(p.created["a"]) != 1 {
		t.Errorf("created: %v", p.created)
	}
}

// A pod that was created although the answer to that got lost, ran, and was deleted before anybody looked, has had its turn; one
// that certainly never ran has not (POD-21).
func TestPodThatCameAndWentUnnoticed_POD21(t *testing.T) {
	for name, c := range map[string]struct {
		ran  bool
		want []string
	}{
		"it ran":           {true, []string{"refused a true", "observed a there", "gone a there"}},
		"it was never run": {false, []string{"refused a true", "observed a pod-a-0"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, key, s := scripted(t, wantsPods("a"), engine.Decision{}, records("a", map[bool]types.UID{true: "there", false: "pod-a-0"}[c.ran]))
			p.deny = func(*corev1.Pod) error { return apierrors.NewServerTimeout(corev1.Resource("pods"), "create", 1) }
			p.handle(context.Background(), key)
			p.deny = nil
			p.addPodAs("pod-a", "a", "uid-of-demo", "there")
			pod := p.podSet["work/pod-a"].DeepCopy()
			setPhase(pod, corev1.PodPending)
			if c.ran {
				setPhase(pod, corev1.PodRunning)
			}
			delete(p.podSet, "work/pod-a")
			p.notePod(pod, true)
			p.now.Step(maxCreateBackoff)
			p.handle(context.Background(), key)
			expect(t, s, c.want...)
			if made := len(p.created["a"]); (made == 0) != c.ran {
				t.Errorf("%d pods were made", made)
			}
		})
	}
}

// A running pod that somebody labels completed is out of the informer's sight; its step must not wait for ever.
func TestPodThatIsLabelledCompletedTooEarly(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.handle(context.Background(), key)
	p.deliver()
	_ = p.changePod("work", "pod-a", "pod-a-0", func(pod *corev1.Pod) { pod.Labels[wfv1.LabelKeyCompleted] = "true" })
	p.deliver()
	p.handle(context.Background(), key)
	_ = p.changePod("work", "pod-a", "pod-a-0", func(pod *corev1.Pod) { setPhase(pod, corev1.PodSucceeded) })
	p.deliver()
	for p.queue.Len() > 0 {
		item, _ := p.queue.Get()
		p.queue.Done(item)
	}
	p.now.Step(hiddenPodRecheck)
	again, _ := p.queue.Get() // comes by itself
	p.queue.Done(again)
	p.handle(context.Background(), again)
	last, ok := s.told[len(s.told)-1].(engine.PodObserved)
	if !ok || last.Pod.Status.Phase != corev1.PodSucceeded {
		t.Errorf("the engine was last told %+v", last)
	}
}

// Of such a pod nobody sees whether it runs: once it is gone it counts as one that ran, though it did not when it was last read.
func TestPodOutOfSightMayHaveRun_POD21(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.handle(context.Background(), key)
	p.deliver()
	_ = p.changePod("work", "pod-a", "pod-a-0", func(pod *corev1.Pod) {
		setPhase(pod, corev1.PodPending)
		pod.Labels[wfv1.LabelKeyCompleted] = "true"
	})
	p.deliver()
	p.handle(context.Background(), key)
	delete(p.podSet, "work/pod-a")
	p.handle(context.Background(), key)
	if gone, ok := s.told[len(s.told)-1].(engine.PodGone); !ok || gone.Unstarted {
		t.Errorf("the engine was last told %+v", s.told[len(s.told)-1])
	}
}

// A pod that ended and was deleted before anybody looked has still ended, and is not `pod deleted`.
func TestLastWordOfDeletedPodCounts(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.handle(context.Background(), key)
	p.deliver()
	_ = p.changePod("work", "pod-a", "pod-a-0", func(pod *corev1.Pod) { setPhase(pod, corev1.PodSucceeded) })
	last := p.podSet["work/pod-a"].DeepCopy()
	delete(p.podSet, "work/pod-a")
	_ = p.podCache.Delete(last)
	p.deletePod(last)
	p.handle(context.Background(), key)
	expect(t, s, "observed a pod-a-0", "observed a pod-a-0")
	if e := s.told[1].(engine.PodObserved); e.Pod.Status.Phase != corev1.PodSucceeded {
		t.Errorf("the engine was told of phase %s", e.Pod.Status.Phase)
	}
}

func TestPodWithAnotherUIDIsDeleted(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.handle(context.Background(), key)
	p.addPodAs("impostor", "a", "uid-of-demo", "other")
	p.deliver()
	p.handle(context.Background(), key)
	expect(t, s, "observed a pod-a-0")
	if p.podSet["work/impostor"] != nil {
		t.Error("a second pod for the attempt was left alone")
	}
	if p.podSet["work/pod-a"] == nil {
		t.Error("the recorded pod was deleted")
	}
}

// A create that was given up may be carried out after all. When its step is over by then, the pod is not left running: it
// would work for nobody (CTL-11).
func TestPodThatComesAfterItsStepIsOver(t *testing.T) {
	refused := podNode("a", 0)
	refused.Phase = wfv1.NodeError
	recorded := podNode("b", 1)
	recorded.Phase, recorded.PodUID = wfv1.NodeSucceeded, "b-1"
	for name, c := range map[string]struct {
		node    wfv1.NodeStatus
		uid     types.UID
		change  func(pod *corev1.Pod)
		deletes int
		expires int
	}{
		"not started":                {refused, "late", func(*corev1.Pod) {}, 1, 0},
		"running":                    {refused, "late", func(pod *corev1.Pod) { setPhase(pod, corev1.PodRunning); pod.Status.StartTime = new(metav1.Now()) }, 0, 1},
		"ended":                      {refused, "late", func(pod *corev1.Pod) { setPhase(pod, corev1.PodSucceeded) }, 0, 0},
		"beside the one on record":   {recorded, "late", func(*corev1.Pod) {}, 1, 0},
		"the one on record":          {recorded, "b-1", func(*corev1.Pod) {}, 0, 0},
		"of a round that is to come": {recorded, "late", func(pod *corev1.Pod) { pod.Annotations[wfv1.AnnotationKeyRetries] = "1" }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, key, _ := scripted(t, engine.Decision{Status: &wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning}, Nodes: []wfv1.NodeStatus{c.node}})
			p.handle(context.Background(), key)
			p.addPodAs("late", c.node.ID, "uid-of-demo", c.uid)
			if err := p.changePod("work", "late", c.uid, c.change); err != nil {
				t.Fatal(err)
			}
			p.deliver()
			p.handle(context.Background(), key)
			if p.counts["delete"] != c.deletes || p.counts["expire"] != c.expires {
				t.Errorf("%v", p.counts)
			}
		})
	}
}

func TestNameThatIsTaken(t *testing.T) {
	cases := map[string]struct {
		owner types.UID
		node  string
		want  string
	}{
		"by the pod of this attempt, which is adopted": {"uid-of-demo", "a", "observed a there"},
		"by a pod of an earlier workflow of the name":  {"uid-of-earlier", "a", "refused a true"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, key, s := scripted(t, wantsPods("a"), records("a", "there"))
			p.addPodAs("pod-a", c.node, c.owner, "there")
			p.handle(context.Background(), key)
			expect(t, s, c.want)
			if len(p.created["a"]) != 0 {
				t.Error("a second pod was created")
			}
		})
	}
	t.Run("by somebody else's pod", func(t *testing.T) {
		p, key, s := scripted(t, wantsPods("a"))
		p.addPodAs("pod-a", "a", "somebody", "there")
		p.podSet["work/pod-a"].OwnerReferences = nil
		p.handle(context.Background(), key)
		expect(t, s, "refused a false")
		if message := s.told[0].(engine.PodRefused).Message; !strings.Contains(message, "pod-a exists and does not belong") {
			t.Errorf("message: %s", message)
		}
	})
}

var overQuota = apierrors.NewForbidden(corev1.Resource("pods"), "pod", errors.New("exceeded quota: compute"))

// POD-17: a quota that is used up costs one request, and is tried again later.
func TestQuotaBacksOff(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	p, key, s := scripted(t, wantsPods(ids...))
	p.deny = func(*corev1.Pod) error { return overQuota }
	p.handle(context.Background(), key)
	expect(t, s, "refused a true")
	p.handle(context.Background(), key)
	if p.counts["create"] != 1 {
		t.Errorf("%d requests while backing off", p.counts["create"])
	}
	p.deny = nil
	p.now.Step(firstCreateBackoff)
	p.handle(context.Background(), key)
	if len(p.created) != len(ids) || p.counts["create"] != 1+len(ids) {
		t.Errorf("created %d pods with %d requests", len(p.created), p.counts["create"])
	}
}

func TestForbiddenPodIsNotTriedAgain(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"))
	p.deny = func(*corev1.Pod) error {
		return apierrors.NewForbidden(corev1.Resource("pods"), "pod-a", errors.New("violates PodSecurity"))
	}
	p.handle(context.Background(), key)
	expect(t, s, "refused a false")
	p.now.Step(time.Hour)
	p.handle(context.Background(), key)
	if p.counts["create"] != 1 {
		t.Errorf("%d requests", p.counts["create"])
	}
}

func TestNothingIsCreatedWithoutTheLease(t *testing.T) {
	p, key, _ := scripted(t, wantsPods("a"))
	p.mayCreate = func() bool { return false }
	p.handle(context.Background(), key)
	if p.counts["create"] != 0 {
		t.Error("a pod was created although the lease may be somebody else's")
	}
	if p.runs.get(key) != nil {
		t.Error("the run is still in memory")
	}
}

func TestConflictDropsTheRunAndCreatesNothing(t *testing.T) {
	p, key, _ := scripted(t, wantsPods("a"))
	p.edit(key, func(*wfv1.Workflow) {}) // somebody else was here; the informer does not know yet
	p.handle(context.Background(), key)
	if p.counts["create"] != 0 || p.runs.get(key) != nil {
		t.Errorf("writes %v, run kept: %v", p.counts, p.runs.get(key) != nil)
	}
}

// Own writes are awaited by resource version: a run is not loaded from an informer that is behind them.
func TestRunIsNotLoadedFromBehind(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.handle(context.Background(), key)
	p.runs.drop(key)
	calls := p.calls
	p.handle(context.Background(), key)
	if p.calls != calls || p.runs.get(key) != nil {
		t.Error("the run was loaded although the informer has not seen the last write")
	}
	s.decisions = nil
	p.deliver()
	p.handle(context.Background(), key)
	if p.runs.get(key) == nil {
		t.Error("the run was not loaded after the informer caught up")
	}
}

func TestEchoOfOwnWriteIsNoWork(t *testing.T) {
	p, key, _ := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	first, _ := p.queue.Get()
	p.handle(context.Background(), key)
	p.queue.Done(first)
	p.addWorkflow(p.stored[key].header)
	if n := p.queue.Len(); n != 0 {
		t.Errorf("%d keys queued", n)
	}
	changed := p.stored[key].header.DeepCopy()
	changed.ResourceVersion = "999"
	p.addWorkflow(changed)
	if n := p.queue.Len(); n != 1 {
		t.Errorf("%d keys queued after a change by somebody else", n)
	}
}

// DESIGN 7: a pod that has started is stopped by its deadline, which keeps the log; another one is deleted.
func TestStop(t *testing.T) {
	for name, c := range map[string]struct {
		started bool
		want    string
	}{"started": {true, "expire"}, "not started": {false, "delete"}} {
		t.Run(name, func(t *testing.T) {
			p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
			p.handle(context.Background(), key)
			if c.started {
				_ = p.changePod("work", "pod-a", "pod-a-0", func(pod *corev1.Pod) {
					setPhase(pod, corev1.PodRunning)
					pod.Status.StartTime = new(metav1.Now())
				})
			}
			p.deliver()
			s.decisions = []engine.Decision{{Stop: []engine.PodRef{{NodeID: "a", Name: "pod-a", UID: "pod-a-0"}}}}
			p.runs.get(key).wake = p.now.Now()
			p.handle(context.Background(), key)
			if p.counts[c.want] != 1 || p.counts["expire"]+p.counts["delete"] != 1 {
				t.Errorf("writes: %v", p.counts)
			}
		})
	}
}

// POD-20, PGC-01: the end of a pod is stored first, then the pod costs exactly one more write.
func TestOneWriteForAnEndedPod(t *testing.T) {
	cases := []struct {
		gc    *wfv1.PodGC
		phase corev1.PodPhase
		want  string
	}{
		{nil, corev1.PodSucceeded, "label"},
		{&wfv1.PodGC{Strategy: wfv1.PodGCOnPodCompletion}, corev1.PodFailed, "delete"},
		{&wfv1.PodGC{Strategy: wfv1.PodGCOnPodSuccess}, corev1.PodSucceeded, "delete"},
		{&wfv1.PodGC{Strategy: wfv1.PodGCOnPodSuccess}, corev1.PodFailed, "label"},
		{&wfv1.PodGC{Strategy: wfv1.PodGCOnWorkflowCompletion}, corev1.PodFailed, "delete"},
		{&wfv1.PodGC{Strategy: wfv1.PodGCOnWorkflowSuccess}, corev1.PodFailed, "label"},
		{&wfv1.PodGC{Strategy: wfv1.PodGCOnWorkflowSuccess}, corev1.PodSucceeded, "delete"},
		{&wfv1.PodGC{Strategy: wfv1.PodGCOnPodCompletion, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"x": "y"}}}, corev1.PodSucceeded, "label"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%v %s", c.gc, c.phase), func(t *testing.T) {
			p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
			if c.gc != nil {
				c.gc.DeleteDelayDuration = "0s"
				p.edit(key, func(wf *wfv1.Workflow) { wf.Spec.PodGC = c.gc })
			}
			p.deliver()
			p.handle(context.Background(), key)
			_ = p.changePod("work", "pod-a", "pod-a-0", func(pod *corev1.Pod) { setPhase(pod, c.phase) })
			p.deliver()
			end := podNode("a", 0)
			end.PodUID, end.Phase = "pod-a-0", wfv1.NodeSucceeded
			status := &wfv1.WorkflowStatus{Phase: wfv1.WorkflowSucceeded}
			if c.phase == corev1.PodFailed {
				end.Phase, status.Phase = wfv1.NodeFailed, wfv1.WorkflowFailed
			}
			s.decisions = []engine.Decision{{
				Nodes: []wfv1.NodeStatus{end}, Status: status, Labels: map[string]string{wfv1.LabelKeyCompleted: "true"},
				Finished: []engine.PodRef{{NodeID: "a", Name: "pod-a", UID: "pod-a-0"}}, Done: true,
			}}
			p.handle(context.Background(), key)
			for range 3 {
				p.drain(context.Background())
				p.deliver()
				p.handle(context.Background(), key)
			}
			if p.counts[c.want] != 1 || p.counts["label"]+p.counts["delete"] != 1 || p.counts["create"] != 1 {
				t.Errorf("writes: %v, want one %s", p.counts, c.want)
			}
		})
	}
}

// Pods that nobody cleaned up before the controller ended are found again, also when their workflow is over.
func TestLeftovers(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a", "b"))
	p.handle(context.Background(), key)
	_ = p.changePod("work", "pod-a", "pod-a-0", func(pod *corev1.Pod) { setPhase(pod, corev1.PodSucceeded) })
	_ = p.changePod("work", "pod-b", "pod-b-0", func(pod *corev1.Pod) {
		setPhase(pod, corev1.PodRunning)
		pod.Status.StartTime = new(metav1.Now())
	})
	p.stored[key].header.Status.Phase = wfv1.WorkflowFailed
	p.stored[key].header.Labels = map[string]string{wfv1.LabelKeyCompleted: "true"}

	next := p.start(Options{})
	next.newRun = func(*wfv1.Workflow, []wfv1.NodeStatus, engine.Options) (decider, error) { return s, nil }
	next.handle(context.Background(), key)
	next.drain(context.Background())
	if next.counts["label"] != 1 || next.counts["expire"] != 1 {
		t.Errorf("writes: %v", next.counts)
	}
}

func TestUnrunnableWorkflowEnds(t *testing.T) {
	p, key, _ := scripted(t)
	p.newRun = func(*wfv1.Workflow, []wfv1.NodeStatus, engine.Options) (decider, error) {
		return nil, errors.New("entrypoint \"x\" is not a template")
	}
	p.handle(context.Background(), key)
	header := p.stored[key].header
	if header.Status.Phase != wfv1.WorkflowFailed || !strings.HasPrefix(header.Status.Message, "invalid spec: ") ||
		header.Labels[wfv1.LabelKeyCompleted] != "true" || header.Status.FinishedAt.IsZero() {
		t.Errorf("status %+v labels %v", header.Status, header.Labels)
	}
}

func TestPanicEndsNothingElse(t *testing.T) {
	p, key, _ := scripted(t)
	p.newRun = func(*wfv1.Workflow, []wfv1.NodeStatus, engine.Options) (decider, error) { panic("a bug") }
	p.handle(context.Background(), key)
	if n := p.queue.NumRequeues(key); n != 1 {
		t.Errorf("the workflow is queued again %d times", n)
	}
}

// VOL-02, VOL-03, POD-18: claims and budget are there before the first pod and go with the workflow.
func TestClaimsAndBudget(t *testing.T) {
	wanted := []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "work"}}}
	p, key, s := scripted(t, engine.Decision{Claims: wanted}, wantsPods("a"), records("a", "pod-a-0"))
	p.edit(key, func(wf *wfv1.Workflow) {
		wf.Spec.PodDisruptionBudget = &policyv1.PodDisruptionBudgetSpec{}
	})
	p.deny = func(*corev1.Pod) error {
		if !p.volumes["demo-work"] {
			t.Error("the pod comes before its claim")
		}
		return nil
	}
	p.deliver()
	p.handle(context.Background(), key)
	claims := p.stored[key].header.Status.PersistentVolumeClaims
	if !p.budget["demo"] {
		t.Error("there is no disruption budget")
	}
	if len(claims) != 1 || claims[0].Name != "work" || claims[0].PersistentVolumeClaim.ClaimName != "demo-work" {
		t.Errorf("status.persistentVolumeClaims: %v", claims)
	}
	s.decisions = []engine.Decision{{Status: &wfv1.WorkflowStatus{Phase: wfv1.WorkflowSucceeded}, Done: true}}
	p.runs.get(key).wake = p.now.Now()
	p.handle(context.Background(), key)
	if len(p.volumes)+len(p.budget) != 0 || len(p.stored[key].header.Status.PersistentVolumeClaims) != 0 {
		t.Errorf("left: %v", p.volumes)
	}
}

// PGC-01, LBL-02: how long pods are kept that are to be deleted.
func TestDeleteDelay(t *testing.T) {
	pod := &corev1.Pod{}
	policy := newGarbagePolicy(&wfv1.PodGC{Strategy: wfv1.PodGCOnPodCompletion}, wfv1.WorkflowRunning, 5*time.Second)
	if what, delay := policy.decide(pod); what != cleanupDelete || delay != podbuilder.DefaultDeleteDelay {
		t.Errorf("%v after %v", what, delay)
	}
	policy = newGarbagePolicy(&wfv1.PodGC{Strategy: wfv1.PodGCOnPodCompletion, DeleteDelayDuration: "30s"}, wfv1.WorkflowRunning, 5*time.Second)
	if _, delay := policy.decide(pod); delay != 30*time.Second {
		t.Errorf("after %v", delay)
	}
	// A delay with a tag in it has its value on the pod.
	policy = newGarbagePolicy(&wfv1.PodGC{Strategy: wfv1.PodGCOnPodCompletion, DeleteDelayDuration: "{{workflow.parameters.delay}}"}, wfv1.WorkflowRunning, 5*time.Second)
	pod.Annotations = map[string]string{wfv1.AnnotationKeyPodGCStrategy: "OnPodCompletion/1m0s"}
	if kept, err := KeepPodState(pod); err != nil {
		t.Error(err)
	} else if _, delay := policy.decide(kept.(*corev1.Pod)); delay != time.Minute {
		t.Errorf("after %v", delay)
	}
}

// The end of a pod that is gone is not forgotten when the decision about it could not be stored.
func TestMailComesBackAfterConflict(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.handle(context.Background(), key)
	p.deliver()
	_ = p.changePod("work", "pod-a", "pod-a-0", func(pod *corev1.Pod) { setPhase(pod, corev1.PodSucceeded) })
	last := p.podSet["work/pod-a"].DeepCopy()
	delete(p.podSet, "work/pod-a")
	_ = p.podCache.Delete(last)
	p.deletePod(last)
	p.edit(key, func(*wfv1.Workflow) {})
	s.decisions = []engine.Decision{{Status: &wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning, Message: "in vain"}}}
	p.handle(context.Background(), key)
	if p.runs.get(key) != nil {
		t.Fatal("there was no conflict")
	}
	s.told = nil
	p.deliver()
	p.handle(context.Background(), key)
	expect(t, s, "observed a pod-a-0")
}

// An outage of the API is not an answer about a reference: the run waits for one.
func TestReferenceIsReadAgainAfterAnOutage(t *testing.T) {
	wanted := engine.TemplateRequest{Kind: engine.RequestWorkflowTemplate, Name: "shared"}
	asks := engine.Decision{Status: &wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning}, Resolve: []engine.TemplateRequest{wanted}}
	p, key, s := scripted(t, asks, engine.Decision{Resolve: asks.Resolve})
	p.unanswered = 1
	p.handle(context.Background(), key)
	if len(s.told) != 0 || p.runs.get(key) != nil {
		t.Fatalf("the engine was told %v", s.told)
	}
	p.deliver()
	p.handle(context.Background(), key)
	if answer, ok := s.told[0].(engine.TemplateResolved); !ok || !answer.NotFound {
		t.Errorf("the engine was told %+v", s.told)
	}
}

// The first pod of a workflow costs no read: nothing of it can exist before its first decision is stored.
func TestFirstPodIsCreatedWithoutARead(t *testing.T) {
	p, key, _ := scripted(t, wantsPods("a"), records("a", "pod-a-0"))
	p.handle(context.Background(), key)
	if p.calls != 3 {
		t.Errorf("%d calls, want 3: store the intent, create the pod, store its UID", p.calls)
	}
}
