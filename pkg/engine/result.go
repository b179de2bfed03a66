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
	return e.call.result || t.ownResult || len(out.Parameters) > 0 || len(out.Artifacts) > 0 || t.spec.Data != nil || r.archivesLogs(t.spec)
}

// resultReported takes over what the executor says about a node (EXE-02, EXE-03).
func (r *Run) resultReported(ev ResultReported) {
	e := r.table[ev.NodeID]
	if e == nil || e.over() || e.st.Type != v1alpha1.NodeTypePod { // only pods report
		return
	}
	if e.call == nil && len(r.asked) > 0 { // after a restart: what the node declares is not known yet
		r.early = append(r.early, ev)
		return
	}
	var admitted *v1alpha1.Outputs
	var refused []string
	if ev.Result.Outputs != nil {
		admitted, refused = r.believe(e, ev.Result.Outputs)
	}
	r.change(e, func(st *v1alpha1.NodeStatus) {
		if len(refused) > 0 {
			st.Message = refusal(refused)
		}
		if admitted != nil {
			out := admitted.DeepCopy()
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
	if len(refused) > 0 { // the end of the pod may replace the message of the node
		r.out.Events = append(r.out.Events, WorkflowEvent{Type: eventWarning, Reason: "WorkflowOutputsIgnored", Message: e.st.Name + ": " + refusal(refused), NodeID: e.st.ID})
	}
	r.updateProgress(e)
	if e.st.Outputs != nil {
		r.exportGlobals(e.st.Outputs)
	}
}

// writeOff goes on without outputs that will not come. What has succeeded but owes outputs without defaults is an error.
func (r *Run) writeOff(e *entry) {
	missing := ""
	if t := r.leafOf(e); t != nil && e.st.Phase == v1alpha1.NodeSucceeded {
		missing = missingOutput(&t.Outputs, e.st.Outputs)
	}
	yes := true
	r.change(e, func(st *v1alpha1.NodeStatus) {
		st.TaskResultSynced = &yes
		if missing != "" {
			st.Phase, st.Message = v1alpha1.NodeError, missing+" was not reported by the pod"
		}
	})
}

// missingOutput names the first output that has to be there and is not.
func missingOutput(declared, got *v1alpha1.Outputs) string {
	if got == nil {
		got = &v1alpha1.Outputs{}
	}
	for _, p := range declared.Parameters {
		if got.GetParameterByName(p.Name) == nil {
			return fmt.Sprintf("output parameter '%s'", p.Name)
		}
	}
	for _, a := range declared.Artifacts {
		if !a.Optional && got.Artifacts.GetArtifactByName(a.Name) == nil {
			return fmt.Sprintf("output artifact '%s'", a.Name)
		}
	}
	return ""
}
