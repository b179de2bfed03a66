package enginetest

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// randomRuns is how many workflows TestRandomPrefixes makes; FAIRLEAD_RANDOM_RUNS asks for more. The tests that interrupt a run
// again and again cost many times as much, and make a part of that.
var randomRuns = runs()

const (
	defaultRuns = 2000
	shards      = 8
)

func runs() int64 {
	if n, err := strconv.ParseInt(os.Getenv("FAIRLEAD_RANDOM_RUNS"), 10, 64); err == nil {
		return n
	}
	return defaultRuns
}

// eachSeed calls check with the seeds below n, on all processors.
func eachSeed(t *testing.T, n int64, check func(t *testing.T, seed int64)) {
	for shard := range int64(shards) {
		t.Run(strconv.FormatInt(shard, 10), func(t *testing.T) {
			t.Parallel()
			for seed := shard; seed < n; seed += shards {
				check(t, seed)
			}
		})
	}
}

// TestRandomPrefixes checks for many runs that what was stored up to any decision, taken up by another controller, comes to
// the end that the run comes to by itself, and that every promise about an end holds.
func TestRandomPrefixes(t *testing.T) {
	eachSeed(t, randomRuns, func(t *testing.T, seed int64) {
		g := &Generator{Dice: newDice(seed), OrderFree: true}
		wf := g.Workflow()
		straight := New(wf, Outcomes)
		if err := straight.Run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkEnd(t, straight, seed)

		d := New(wf, Outcomes)
		prefix, crash := 1+g.Intn(straight.Decisions), Crash(seed%3)
		d.Crash = func(engine.Decision) Crash {
			if d.Decisions != prefix {
				return Survive
			}
			if crash == Survive {
				d.Restart()
			}
			return crash
		}
		if err := d.Run(); err != nil {
			t.Fatalf("seed %d, stopped after decision %d, crash %d: %v", seed, prefix, crash, err)
		}
		checkEnd(t, d, seed)
		checkSameEnd(t, d, straight, seed)
	})
}

// overQuota refuses volume claims so many times (VOL-02).
func overQuota(times int) []engine.ClaimsRefused {
	var refusals []engine.ClaimsRefused
	for i := range times {
		refusals = append(refusals, engine.ClaimsRefused{Message: fmt.Sprintf("exceeded quota by %d", i), Transient: true})
	}
	return refusals
}

func newDice(seed int64) *rand.Rand { return rand.New(rand.NewSource(seed)) }

func checkSameEnd(t *testing.T, d, straight *Driver, seed int64) {
	t.Helper()
	if got, want := Tree(d.Records()), Tree(straight.Records()); got != want || d.Workflow.Status.Phase != straight.Workflow.Status.Phase {
		t.Fatalf("seed %d: ends %s with\n%s\nwithout restarts %s with\n%s", seed, d.Workflow.Status.Phase, got, straight.Workflow.Status.Phase, want)
	}
}

// TestRandomWorkflows checks what has to hold for every run: it ends, no node stays unfulfilled, each attempt gets at most
// one pod, limits are kept, edges lead to nodes that exist.
func TestRandomWorkflows(t *testing.T) {
	eachSeed(t, randomRuns/4, func(t *testing.T, seed int64) {
		g := &Generator{Dice: newDice(seed)}
		wf := g.Workflow()
		d := New(wf, Outcomes)
		d.Random, d.Refusals = g.Dice, overQuota(g.Intn(3))
		if err := d.Run(); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, Tree(d.Records()))
		}
		checkEnd(t, d, seed)
		if p := wf.Spec.Parallelism; p != nil && int64(d.MostPods) > *p {
			t.Fatalf("seed %d: %d pods at once, parallelism %d (FLOW-10)", seed, d.MostPods, *p)
		}
	})
}

// TestRandomRestarts checks that a run which is thrown away and built again from what was stored comes to the same end.
func TestRandomRestarts(t *testing.T) {
	eachSeed(t, randomRuns/200, func(t *testing.T, seed int64) {
		g := &Generator{Dice: newDice(seed), OrderFree: true}
		wf := g.Workflow()
		straight := New(wf, Outcomes)
		if err := straight.Run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for crash := Survive; crash <= HalfStored; crash++ {
			d := New(wf, Outcomes)
			dice := rand.New(rand.NewSource(seed * 7))
			d.Crash = func(engine.Decision) Crash {
				if dice.Intn(4) > 0 {
					return Survive
				}
				if crash == Survive {
					d.Restart()
				}
				return crash
			}
			if err := d.Run(); err != nil {
				t.Fatalf("seed %d, crash %d: %v", seed, crash, err)
			}
			checkEnd(t, d, seed)
			checkSameEnd(t, d, straight, seed)
		}
	})
}

func checkEnd(t *testing.T, d *Driver, seed int64) {
	t.Helper()
	if !d.Done || !d.Workflow.Status.Phase.Completed() {
		t.Fatalf("seed %d: does not end: %s\n%s", seed, d.Workflow.Status.Phase, Tree(d.Records()))
	}
	ordinals := map[int64]string{}
	for id, n := range d.Nodes {
		if !n.Fulfilled() || (n.IsDaemoned() && n.Phase == v1alpha1.NodeRunning) {
			t.Fatalf("seed %d: node %s is %s at the end\n%s", seed, n.Name, n.Phase, Tree(d.Records()))
		}
		if id != node.ID(d.Workflow.Name, n.Name) {
			t.Fatalf("seed %d: node %s has ID %s", seed, n.Name, id)
		}
		if other, twice := ordinals[n.Ordinal]; twice {
			t.Fatalf("seed %d: %s and %s have ordinal %d", seed, other, n.Name, n.Ordinal)
		}
		ordinals[n.Ordinal] = n.Name
		if n.BoundaryID != "" {
			if _, ok := d.Nodes[n.BoundaryID]; !ok {
				t.Fatalf("seed %d: boundary of %s is missing", seed, n.Name)
			}
		}
		for _, parent := range n.Parents {
			parent, _ = node.ParentRef(parent)
			if _, ok := d.Nodes[parent]; !ok {
				t.Fatalf("seed %d: parent %s of %s is missing", seed, parent, n.Name)
			}
		}
	}
	for name, n := range d.Created {
		if n != 1 {
			t.Fatalf("seed %d: pod %s was created %d times", seed, name, n)
		}
	}
}

// TestRandomShutdowns checks that a run which is stopped or terminated at any moment, also across restarts, comes to an end
// with nothing running; a terminated one runs nothing more.
func TestRandomShutdowns(t *testing.T) {
	eachSeed(t, randomRuns/10, func(t *testing.T, seed int64) {
		g := &Generator{Dice: newDice(seed)}
		d := New(g.Workflow(), Outcomes)
		d.Random, d.Refusals = g.Dice, overQuota(g.Intn(3))
		strategy := []v1alpha1.ShutdownStrategy{v1alpha1.ShutdownStrategyStop, v1alpha1.ShutdownStrategyTerminate}[seed%2]
		at, restarts := 1+g.Intn(30), g.Intn(2) == 0
		created := 0
		d.Check = func(d *Driver, decision engine.Decision) {
			if d.Decisions > at+1 && strategy == v1alpha1.ShutdownStrategyTerminate {
				created += len(decision.Create)
			}
			if d.Decisions != at || d.Done {
				return
			}
			if restarts { // the wish is found among what is stored
				d.Workflow.Spec.Shutdown = strategy
				d.Restart()
				return
			}
			d.Change(func(wf *v1alpha1.Workflow) { wf.Spec.Shutdown = strategy })
		}
		if err := d.Run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkEnd(t, d, seed)
		if created > 0 {
			t.Fatalf("seed %d: %d pods were asked for after Terminate", seed, created)
		}
	})
}
