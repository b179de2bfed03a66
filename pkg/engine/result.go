package engine

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// expectsResult reports whether the executor has something to report for a node.
func (r *Run) expectsResult(e *entry) bool {
	if e.call == nil {
		return e.st.TaskResultSynced != nil
	}
	t, err := r.resolve(e.call.ref, e.call.in)
	if err != nil {
		return false
	}
	out := &t.spec.Outputs
	return e.call.result || t.ownResult || len(out.Parameters) > 0 || len(out.Artifacts) > 0 || t.spec.Data != nil
}

// resultReported takes over what the executor says about a node (EXE-02, EXE-03).
func (r *Run) resultReported(ev ResultReported) {
	e := r.table[ev.NodeID]
	if e == nil || e.over() {
		return
	}
	r.change(e, func(st *v1alpha1.NodeStatus) {
		if ev.Result.Outputs != nil {
			out := ev.Result.Outputs.DeepCopy()
			if st.Outputs != nil && out.ExitCode == nil {
				out.ExitCode = st.Outputs.ExitCode
			}
			st.Outputs = out
		}
		if ev.Result.Progress.IsValid() {
			st.Progress = ev.Result.Progress
		}
		if ev.Final {
			yes := true
			st.TaskResultSynced = &yes
		}
	})
	r.updateProgress(e)
	if e.st.Outputs != nil {
		r.exportGlobals(e.st.Outputs)
	}
}

// writeOff goes on without outputs that will not come. What has succeeded but owes outputs without defaults is an error.
func (r *Run) writeOff(e *entry) {
	missing := ""
	if t := r.leafOf(e); t != nil && e.st.Phase == v1alpha1.NodeSucceeded {
		for _, p := range t.Outputs.Parameters {
			if e.st.Outputs == nil || e.st.Outputs.GetParameterByName(p.Name) == nil {
				missing = p.Name
				break
			}
		}
	}
	yes := true
	r.change(e, func(st *v1alpha1.NodeStatus) {
		st.TaskResultSynced = &yes
		if missing != "" {
			st.Phase, st.Message = v1alpha1.NodeError, fmt.Sprintf("output parameter '%s' was not reported by the pod", missing)
		}
	})
}
