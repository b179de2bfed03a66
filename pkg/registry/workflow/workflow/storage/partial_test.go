package storage

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

// A decision that comes in several updates is marked until its last one is stored, however small the first was: a writer
// that ends in between left a state that nobody decided.
func TestDecisionInParts(t *testing.T) {
	for name, last := range map[string]func(*v1alpha1.NodesUpdate){
		"ends with nodes": func(u *v1alpha1.NodesUpdate) {
			u.Pages = []v1alpha1.NodePageChange{{Index: 1, Set: []v1alpha1.NodeStatus{record("wf", 64, v1alpha1.NodePending)}}}
		},
		"ends with the header": func(u *v1alpha1.NodesUpdate) { u.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning} },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Options{}, nodes.Options{})
			first := updateOf(f.create(newWorkflow("wf")), table("wf", 3)...)
			first.Partial = true
			answer := f.mustPost(first)
			if state := f.header("wf").Status.NodeStorage; state == nil || !state.Incomplete || state.Nodes != 3 || answer.Status == nil || len(answer.Pages) != 1 {
				t.Fatalf("after a part: %+v, answer %+v", state, answer)
			}

			// What somebody else changes says nothing about the rest of the decision.
			labelled, err := f.patch(f.Workflow, "wf", func(wf *v1alpha1.Workflow) error {
				wf.Labels = map[string]string{"set": "yes"}
				return nil
			})
			if err != nil || !f.header("wf").Status.NodeStorage.Incomplete {
				t.Fatalf("after a label: %+v, %v", f.header("wf").Status.NodeStorage, err)
			}

			answer.Metadata = metav1.ObjectMeta{Name: "wf", UID: labelled.UID, ResourceVersion: labelled.ResourceVersion}
			rest := updateOf(answer)
			last(rest)
			f.mustPost(rest)
			if state := f.header("wf").Status.NodeStorage; state.Incomplete {
				t.Errorf("after all of it: %+v", state)
			}
		})
	}
}
