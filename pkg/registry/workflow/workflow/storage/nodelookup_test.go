package storage

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

// RES-07: the node of a result is found inside the object, and in pages by its ordinal alone.
func TestNodeLookup(t *testing.T) {
	for name, inline := range map[string]int64{"inside": 1 << 20, "in pages": 1} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Options{InlineNodesBytes: inline}, nodes.Options{HydrationLimit: 1})
			created := f.create(newWorkflow("big"))
			var pages []v1alpha1.NodePageChange
			for ordinal := range 200 {
				if ordinal%v1alpha1.NodesPerPage == 0 {
					pages = append(pages, v1alpha1.NodePageChange{Index: int32(ordinal / v1alpha1.NodesPerPage)})
				}
				n := record("big", ordinal, v1alpha1.NodeRunning)
				n.PodUID = types.UID("pod-of-" + n.ID)
				pages[len(pages)-1].Set = append(pages[len(pages)-1].Set, n)
			}
			f.mustPost(updateOf(created, pages...))
			if got := paged(f.header("big")); got != (inline == 1) {
				t.Fatalf("paged: %v", got)
			}
			wanted := record("big", 150, v1alpha1.NodeRunning)
			tests := []struct {
				name, workflow, id string
				ordinal            int64
				workflowFound      bool
				nodeFound          bool
			}{
				{"there", "big", wanted.ID, 150, true, true},
				{"another ordinal of the page", "big", wanted.ID, 128, true, true},
				{"wrong page", "big", wanted.ID, 3, true, inline != 1},
				{"beyond", "big", wanted.ID, 1 << 40, true, inline != 1},
				{"no ordinal", "big", wanted.ID, -1, true, inline != 1},
				{"no node", "big", "big-0", 150, true, false},
				{"no workflow", "none", wanted.ID, 150, false, false},
			}
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					wf, n, err := f.Lookup().Node(t.Context(), "ns", test.workflow, test.id, test.ordinal)
					if err != nil || (wf != nil) != test.workflowFound || (n != nil) != test.nodeFound {
						t.Fatalf("%v, %v, %v", wf != nil, n, err)
					}
					if n != nil && (n.ID != wanted.ID || n.PodUID == "") {
						t.Errorf("%+v", n)
					}
				})
			}
		})
	}
}
