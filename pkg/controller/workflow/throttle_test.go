package workflow

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
)

// candidate is a workflow that was created at a second and has a priority.
func candidate(namespace, name string, second int, priority int32) *wfv1.Workflow {
	return &wfv1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(namespace + name), CreationTimestamp: metav1.Unix(int64(second), 0)},
		Spec:       wfv1.WorkflowSpec{Priority: &priority},
	}
}

func TestThrottle_CTL04(t *testing.T) {
	all, each := 0, 0
	own := map[string]int{}
	woken := map[string]bool{}
	th := newThrottle(func() (int, int) { return all, each },
		func(ns string) (int, bool) { n, ok := own[ns]; return n, ok },
		func(key types.NamespacedName) { woken[key.Name] = true })
	wfs := map[string]*wfv1.Workflow{}
	for _, wf := range []*wfv1.Workflow{
		candidate("a", "old", 1, 0), candidate("a", "older", 0, 0), candidate("b", "urgent", 9, 5), candidate("a", "late", 5, 0), candidate("b", "other", 6, 0),
	} {
		wfs[wf.Name] = wf
		th.note(wf)
	}
	// settle syncs what was woken until nothing is, as the workers do, and says what runs.
	settle := func(first ...string) string {
		for _, name := range first {
			woken[name] = true
		}
		for len(woken) > 0 {
			for name := range woken {
				delete(woken, name)
				if wf := wfs[name]; wf != nil {
					th.admit(wf)
				}
			}
		}
		names := make([]string, 0, len(th.running))
		for key := range th.running {
			names = append(names, key.Name)
		}
		slices.Sort(names)
		return fmt.Sprint(names)
	}
	release := func(name string) {
		wf := wfs[name]
		delete(wfs, name)
		th.release(types.NamespacedName{Namespace: wf.Namespace, Name: name})
	}

	all = 2
	if got := settle("late", "other", "old", "older", "urgent"); got != "[older urgent]" {
		t.Fatalf("two places go to priority, then age: %s", got)
	}
	release("older")
	if got := settle(); got != "[old urgent]" {
		t.Errorf("after one has ended: %s", got)
	}
	all, each = 0, 1
	th.recheck()
	if got := settle(); got != "[old urgent]" {
		t.Errorf("one a namespace: %s", got)
	}
	own["b"] = 2 // LBL-07
	th.recheck()
	if got := settle(); got != "[old other urgent]" {
		t.Errorf("two in namespace b: %s", got)
	}
	wfs["late"].Spec.Shutdown = wfv1.ShutdownStrategyTerminate
	if got := settle("late"); got != "[late old other urgent]" {
		t.Errorf("Terminate does not wait: %s", got)
	}

	// After a restart, what has started runs, however many there are.
	th = newThrottle(func() (int, int) { return 1, 0 }, func(string) (int, bool) { return 0, false }, func(key types.NamespacedName) { woken[key.Name] = true })
	for _, name := range []string{"old", "other"} {
		wfs[name].Status.StartedAt = metav1.Unix(10, 0)
		th.note(wfs[name])
	}
	th.note(wfs["urgent"])
	if got := settle("old", "other", "urgent"); got != "[old other]" {
		t.Errorf("after a restart: %s", got)
	}
	// Another workflow of the same name is not the one that ran.
	again := candidate("a", "old", 20, 0)
	again.UID = "another"
	wfs["old"] = again
	th.note(again)
	if got := settle("old"); got != "[other]" {
		t.Errorf("after a new one of the name: %s", got)
	}
}

func TestPodRate_POD17(t *testing.T) {
	now := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
	limit := &config.ResourceRateLimit{Limit: 2, Burst: 3}
	p := &podRate{clock: now, limit: func() *config.ResourceRateLimit { return limit }}
	if n, _ := p.grant(10); n != 3 {
		t.Errorf("the burst: %d", n)
	}
	n, next := p.grant(10)
	if n != 0 || next.Sub(now.Now()) != 500*time.Millisecond {
		t.Errorf("%d, next in %s", n, next.Sub(now.Now()))
	}
	now.SetTime(time.Unix(1, 0))
	if n, _ := p.grant(10); n != 2 {
		t.Errorf("after a second: %d", n)
	}
	limit = nil
	if n, _ := p.grant(10); n != 10 {
		t.Errorf("without a limit: %d", n)
	}
}

// TestThrottleWithRoom_CTL04 checks that nobody waits for a turn while there is room for all, whoever is looked at first.
func TestThrottleWithRoom_CTL04(t *testing.T) {
	for _, limits := range [][2]int{{0, 0}, {3, 0}, {0, 3}, {3, 3}} {
		th := newThrottle(func() (int, int) { return limits[0], limits[1] }, func(string) (int, bool) { return 0, false },
			func(key types.NamespacedName) { t.Errorf("limits %v: %s was made to wait", limits, key) })
		wfs := []*wfv1.Workflow{candidate("a", "x", 1, 0), candidate("a", "y", 1, 7), candidate("a", "z", 1, 0)}
		for _, wf := range wfs {
			th.note(wf)
		}
		for _, wf := range slices.Backward(wfs) {
			if !th.admit(wf) {
				t.Errorf("limits %v: %s has to wait", limits, wf.Name)
			}
		}
	}
}
