package examples

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/lint"
)

// judge lints a damaged workflow and, if it is accepted, runs it to its end.
func (w *world) judge(data []byte) (accepted bool, problem string) {
	workflow := &v1alpha1.Workflow{}
	if err := json.Unmarshal(data, workflow); err != nil {
		return false, ""
	}
	workflow.Name, workflow.Namespace, workflow.UID = "wf", "default", "uid"
	if errs, _ := lint.Workflow(workflow, w); len(errs) > 0 {
		return false, ""
	}
	return true, w.run(workflow)
}

// Whatever is done to an example: checking it does not panic, and what is accepted is not refused by the engine when it runs.
func TestMutants(t *testing.T) {
	w := load(t)
	first, count := rounds(t, "FAIRLEAD_MUTANTS", 250)
	var accepted, total atomic.Int64
	t.Run("of", func(t *testing.T) {
		for which, name := range w.names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for seed := first; seed < first+count; seed++ {
					damaged := w.mutant(which, int64(which)*100_003+seed)
					total.Add(1)
					ok, problem := w.judge(damaged)
					if ok {
						accepted.Add(1)
					}
					if problem != "" {
						t.Errorf("FAIRLEAD_MUTANTS_SEED=%d: accepted, and the engine says: %s\n%s", seed, problem, shown(damaged))
					}
				}
			})
		}
	})
	t.Logf("%d of %d accepted", accepted.Load(), total.Load())
}

// FuzzMutants is TestMutants for as long as one likes.
func FuzzMutants(f *testing.F) {
	w := load(f)
	if len(w.workflows) == 0 {
		f.Skip("no examples")
	}
	f.Add(0, int64(1))
	f.Add(3, int64(2))
	f.Fuzz(func(t *testing.T, which int, seed int64) {
		if which < 0 {
			which = 0
		}
		damaged := w.mutant(which, seed)
		if _, problem := w.judge(damaged); problem != "" {
			t.Errorf("accepted, and the engine says: %s\n%s", problem, shown(damaged))
		}
	})
}

func shown(data []byte) string {
	text, err := yaml.JSONToYAML(data)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(text)
}
