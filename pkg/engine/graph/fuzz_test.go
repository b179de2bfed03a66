package graph

import (
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// FuzzDepends: no condition panics; one that parses can be decided.
func FuzzDepends(f *testing.F) {
	for _, seed := range []string{"", "A", "A && B", "A.Failed || !(B.Succeeded)", "A &&", "A.Nope", "A-1", "true", "A == B"} {
		f.Add(seed)
	}
	tasks := map[string]*v1alpha1.DAGTask{"A": {Name: "A"}, "B": {Name: "B"}, "A-1": {Name: "A-1"}}
	f.Fuzz(func(t *testing.T, depends string) {
		d, err := (&DependsParser{}).Parse(&v1alpha1.DAGTask{Depends: depends}, func(name string) *v1alpha1.DAGTask { return tasks[name] })
		if err != nil {
			return
		}
		_, _ = d.Eval(func(string) Results { return Results{Succeeded: true} })
	})
}
