package examples

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/enginetest"
	"fairlead.dev/fairlead/pkg/lint"
)

// No false alarms: workflows that are made so that everything they refer to is there are accepted, and run to success.
func TestGeneratedWorkflows(t *testing.T) {
	first, count := rounds(t, "FAIRLEAD_GENERATED", 1000)
	for seed := first; seed < first+count; seed++ {
		m := &maker{Rand: rand.New(rand.NewSource(seed))}
		workflow, library := m.workflow()
		w := &world{templates: map[string]*v1alpha1.WorkflowTemplate{library.Name: library}}
		complain := func(what string) {
			data, err := json.Marshal(workflow)
			if err != nil {
				t.Fatal(err)
			}
			t.Errorf("FAIRLEAD_GENERATED_SEED=%d: %s\n%s", seed, what, shown(data))
		}
		if errs, _ := lint.Workflow(workflow, w); len(errs) > 0 {
			complain("refused: " + errs.ToAggregate().Error())
			continue
		}
		if problem := w.succeeds(workflow, play(m.Rand)); problem != "" {
			complain("does not succeed: " + problem)
		}
	}
}

// succeeds plays a workflow to its end, and says what went wrong on the way.
func (w *world) succeeds(workflow *v1alpha1.Workflow, script enginetest.Script) (problem string) {
	d := enginetest.New(workflow, script)
	d.Lookup = w.answer
	for !d.Done {
		moved, err := d.Step()
		switch {
		case err != nil:
			return err.Error()
		case moved:
		case d.Suspended():
			supply(d, func(name string) string {
				is, _, _ := strings.Cut(name, "-")
				return samples[sort(is)][0]
			})
			d.Resume("")
		default:
			return "it stands still"
		}
	}
	for _, n := range slices.Backward(d.Records()) { // the cause comes last
		if n.FailedOrError() {
			return fmt.Sprintf("%s is %s: %s", n.Name, n.Phase, n.Message)
		}
	}
	if status := &d.Workflow.Status; status.Phase != v1alpha1.WorkflowSucceeded {
		return string(status.Phase) + ": " + status.Message
	}
	return ""
}
