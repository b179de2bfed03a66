package node

import (
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// markTargets finds the target tasks of fulfilled DAGs that were written without marks: from each outbound node it climbs to
// the member of the DAG, and from there to the TaskGroup or Retry in whose name the member runs. Needs wire form.
func markTargets(records []v1alpha1.NodeStatus, index map[string]int) {
	marked := map[string]bool{}
	wrapper := map[string]int{}
	for i := range records {
		n := &records[i]
		if n.Outbound {
			marked[n.BoundaryID] = true
		}
		if n.Type != v1alpha1.NodeTypeTaskGroup && n.Type != v1alpha1.NodeTypeRetry {
			continue
		}
		for _, child := range n.Children {
			wrapper[child] = i
		}
	}
	for i := range records {
		dag := &records[i]
		if dag.Type != v1alpha1.NodeTypeDAG || marked[dag.ID] {
			continue
		}
		for _, id := range dag.OutboundNodes {
			markTarget(records, index, wrapper, dag.ID, id)
		}
	}
}

func markTarget(records []v1alpha1.NodeStatus, index, wrapper map[string]int, dag, id string) {
	for range records { // a broken table may have a cycle
		j, ok := index[id]
		if !ok {
			return
		}
		n := &records[j]
		if outer, wrapped := wrapper[id]; wrapped && records[outer].BoundaryID == n.BoundaryID && !hooked(n) {
			id = records[outer].ID
			continue
		}
		if n.BoundaryID == dag {
			n.Outbound = true
			return
		}
		id = n.BoundaryID
	}
}
