package engine

import (
	"strings"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Estimate is how long an earlier run of the same template took (NOD-09).
type Estimate struct {
	// Workflow is how long all of it took.
	Workflow v1alpha1.EstimatedDuration
	// Nodes are the durations of its nodes, by what their names have after the name of the workflow.
	Nodes map[string]v1alpha1.EstimatedDuration
}

// EstimateFrom takes the durations of a completed run. Of a run with more than maxNodes nodes only its own is taken.
func EstimateFrom(wf *v1alpha1.Workflow, maxNodes int) *Estimate {
	e := &Estimate{Workflow: between(wf.Status.StartedAt.Time, wf.Status.FinishedAt.Time)}
	if len(wf.Status.Nodes) > maxNodes {
		return e
	}
	e.Nodes = make(map[string]v1alpha1.EstimatedDuration, len(wf.Status.Nodes))
	for _, n := range wf.Status.Nodes {
		if d := between(n.StartedAt.Time, n.FinishedAt.Time); d > 0 {
			e.Nodes[strings.TrimPrefix(n.Name, wf.Name)] = d
		}
	}
	return e
}

// between is a time span in whole seconds, at least one; zero when one of the moments is not known.
func between(start, end time.Time) v1alpha1.EstimatedDuration {
	if start.IsZero() || end.IsZero() || end.Before(start) {
		return 0
	}
	return v1alpha1.EstimatedDuration(max(end.Sub(start).Round(time.Second)/time.Second, 1))
}

// ofNode is the estimate for a node of a run; zero: none.
func (e *Estimate) ofNode(workflow, name string) v1alpha1.EstimatedDuration {
	if e == nil {
		return 0
	}
	return e.Nodes[strings.TrimPrefix(name, workflow)]
}

// ofWorkflow is the estimate for the whole run; zero: none.
func (e *Estimate) ofWorkflow() v1alpha1.EstimatedDuration {
	if e == nil {
		return 0
	}
	return e.Workflow
}
