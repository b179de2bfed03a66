package engine

import (
	"strconv"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// exitScope gives what only the workflow's exit handler knows: how the workflow ended, and its failed nodes (VAR-09, VAR-11).
func (r *Run) exitScope() expr.Map {
	status := v1alpha1.WorkflowSucceeded
	if r.root != nil && r.root.e != nil {
		status, _ = conclusion(&r.root.e.st)
	}
	return expr.Map{
		"workflow.status":   string(status),
		"workflow.failures": strconv.Quote(r.failures()),
		"workflow.duration": r.duration(),
	}
}

// failedNode describes a failed node (HOOK-06).
type failedNode struct {
	DisplayName  string `json:"displayName"`
	Message      string `json:"message"`
	TemplateName string `json:"templateName"`
	Phase        string `json:"phase"`
	PodName      string `json:"podName"`
	FinishedAt   string `json:"finishedAt"`
}

// failures lists the failed nodes as JSON; `null` when there are none.
func (r *Run) failures() string {
	var failed []failedNode
	for _, e := range r.order {
		if !e.st.FailedOrError() || strings.HasPrefix(e.st.Name, node.Exit(r.name)) {
			continue
		}
		f := failedNode{
			DisplayName: e.st.DisplayName, Message: e.st.Message, TemplateName: e.st.TemplateName, Phase: string(e.st.Phase),
			FinishedAt: rfc3339(e.st.FinishedAt.Time),
		}
		if e.st.Type == v1alpha1.NodeTypePod {
			f.PodName = r.storedPodName(e)
		}
		failed = append(failed, f)
	}
	return jsonText(failed)
}
