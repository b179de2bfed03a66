package enginetest

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// endless are workflows that grow without anything happening outside, and have no end that anybody lives to see (REF-05).
var endless = map[string]string{
	"steps": `
entrypoint: main
onExit: bye
templates:
- {name: main, steps: [[{name: s, template: main, withItems: [1, 2]}]]}
- {name: bye, container: {image: i}}`,
	"dag": `
entrypoint: main
onExit: bye
templates:
- {name: main, dag: {tasks: [{name: a, template: main}, {name: b, template: main}]}}
- {name: bye, container: {image: i}}`,
	"loop of tasks": `
entrypoint: main
onExit: bye
templates:
- {name: main, dag: {tasks: [{name: a, template: main, withParam: '["x", "y"]'}]}}
- {name: bye, container: {image: i}}`,
	"attempts": `
entrypoint: main
onExit: bye
templates:
- {name: main, retryStrategy: {retryPolicy: Always}, steps: [[{name: s, template: "{{= 'gone' }}"}]]}
- {name: bye, container: {image: i}}`,
}

const (
	fewNodes = 300
	ration   = 20
)

func limited(t *testing.T, spec string) *Driver {
	t.Helper()
	wf, err := Parse("metadata: {name: wf}\nspec:" + strings.ReplaceAll(spec, "\n", "\n  "))
	if err != nil {
		t.Fatal(err)
	}
	d := New(wf, Succeed)
	d.Options.MaxNodes, d.Options.NodesPerDecision = fewNodes, ration
	return d
}

// What grows without end makes so many nodes with each decision and no more, and ends by saying why; its exit handler runs.
// Controllers that die on the way change nothing of that.
func TestEndlessGrowthEnds_REF05(t *testing.T) {
	for name, spec := range endless {
		for crash := Survive; crash <= HalfStored; crash++ {
			t.Run(name, func(t *testing.T) {
				d := limited(t, spec)
				dice := rand.New(rand.NewSource(int64(crash)))
				d.Crash = func(decision engine.Decision) Crash {
					made := 0
					for i := range decision.Nodes {
						if _, known := d.Nodes[decision.Nodes[i].ID]; !known {
							made++
						}
					}
					if made > 3*ration { // groups come on top of what is rationed
						t.Errorf("%d nodes made by one decision", made)
					}
					if crash == Survive || dice.Intn(3) > 0 {
						return Survive
					}
					return crash
				}
				if err := d.Run(); err != nil {
					t.Fatal(err)
				}
				if crash != HalfStored { // which leaves nodes whose group is not made again
					checkEnd(t, d, 0)
				}
				st := &d.Workflow.Status
				if !d.Done || st.Phase != v1alpha1.WorkflowError || !strings.Contains(st.Message, `reached 300 nodes`) && !strings.Contains(st.Message, `reached 301 nodes`) ||
					!strings.Contains(st.Message, `template "main" was about to start more`) {
					t.Errorf("%s: %s", st.Phase, st.Message)
				}
				if n := len(d.Nodes); n < fewNodes || n > fewNodes+ration || len(d.Created) != 1 {
					t.Errorf("%d nodes, pods %v", n, d.Created)
				}
				told := slices.ContainsFunc(st.Conditions, func(c v1alpha1.Condition) bool {
					return c.Type == v1alpha1.ConditionTypeSpecError && c.Message == st.Message
				})
				if !told {
					t.Errorf("conditions: %v", st.Conditions)
				}
			})
		}
	}
}

// A user who stops such a workflow is obeyed with the next decision.
func TestEndlessGrowthIsStopped_REF05(t *testing.T) {
	for name, spec := range endless {
		for _, strategy := range []v1alpha1.ShutdownStrategy{v1alpha1.ShutdownStrategyStop, v1alpha1.ShutdownStrategyTerminate} {
			t.Run(name+" "+string(strategy), func(t *testing.T) {
				d := limited(t, spec)
				for range 4 {
					if moved, err := d.Step(); err != nil || !moved || d.Done {
						t.Fatalf("%v %v %v", moved, err, d.Done)
					}
				}
				d.Change(func(wf *v1alpha1.Workflow) { wf.Spec.Shutdown = strategy })
				before := len(d.Nodes)
				if err := d.Run(); err != nil {
					t.Fatal(err)
				}
				checkEnd(t, d, 0)
				if made := len(d.Nodes) - before; made > 1 || d.Workflow.Status.Phase != v1alpha1.WorkflowFailed {
					t.Errorf("%s: %s, %d nodes more", d.Workflow.Status.Phase, d.Workflow.Status.Message, made)
				}
			})
		}
	}
}

// With the limits that an installation has by default, the first decision about such a workflow comes back.
func TestEndlessGrowthComesBack_REF05(t *testing.T) {
	d := limited(t, endless["steps"])
	d.Options = engine.Options{}
	if _, err := d.Step(); err != nil || d.Done || len(d.Nodes) < 10_000 || len(d.Nodes) > 20_001 {
		t.Errorf("%v %v %d", err, d.Done, len(d.Nodes))
	}
}

// TestRandomRations checks that runs come to the same end however few nodes a decision makes, across restarts as well.
func TestRandomRations(t *testing.T) {
	eachSeed(t, randomRuns/40, func(t *testing.T, seed int64) {
		g := &Generator{Dice: newDice(seed), OrderFree: true}
		wf := g.Workflow()
		straight := New(wf, Outcomes)
		if err := straight.Run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		d := New(wf, Outcomes)
		d.Options.NodesPerDecision = 1 + g.Intn(4)
		crash := Crash(seed % 2) // a half stored decision that was cut short leaves tasks out that are omitted anyway
		d.Crash = func(engine.Decision) Crash {
			if crash == Survive || g.Intn(6) > 0 {
				return Survive
			}
			return crash
		}
		if err := d.Run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkEnd(t, d, seed)
		checkSameEnd(t, d, straight, seed)
	})
}
