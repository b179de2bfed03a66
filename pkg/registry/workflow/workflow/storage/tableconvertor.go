package storage

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// newTable prints workflows as rows. Everything comes from the header, so a list of large runs costs no more than one of
// small ones.
func newTable(clock clock.PassiveClock) rest.TableConvertor {
	return kind.NewTableWithClock(clock,
		kind.Column[*v1alpha1.Workflow]{Name: "Status", Description: "Pending, Running, Succeeded, Failed or Error, and what is special about it.", Cell: statusCell},
		kind.Column[*v1alpha1.Workflow]{Name: "Progress", Description: "Finished steps of all steps known so far.", Cell: progressCell},
		kind.Column[*v1alpha1.Workflow]{Name: "Duration", Description: "Time from the start to the end, or until now.", Cell: durationCell},
		kind.Column[*v1alpha1.Workflow]{Name: "Message", Description: "Why the workflow is in this state.", Cell: messageCell},
		kind.Column[*v1alpha1.Workflow]{Name: "Entrypoint", Wide: true, Description: "Template that the run begins with, or the WorkflowTemplate that it runs.", Cell: entrypointCell},
		kind.Column[*v1alpha1.Workflow]{Name: "Parameters", Wide: true, Description: "Arguments of the run.", Cell: parametersCell},
		kind.Column[*v1alpha1.Workflow]{Name: "Nodes", Type: "integer", Wide: true, Description: "Number of nodes.", Cell: nodesCell},
		kind.Column[*v1alpha1.Workflow]{Name: "Priority", Type: "integer", Wide: true, Description: "Workflows with a higher priority start first when not all may run.", Cell: priorityCell},
		kind.Column[*v1alpha1.Workflow]{Name: "Finished", Wide: true, Description: "Time since the end.", Cell: finishedCell},
	)
}

func statusCell(workflow *v1alpha1.Workflow, _ time.Time) any {
	phase := string(workflow.Status.Phase)
	if phase == "" {
		phase = string(v1alpha1.WorkflowPending)
	}
	switch {
	case workflow.Status.Phase.Completed():
		return phase
	case workflow.DeletionTimestamp != nil:
		return phase + " (Deleting)"
	case workflow.Spec.Shutdown != "":
		return fmt.Sprintf("%s (%s)", phase, shutdownWords(workflow.Spec.Shutdown))
	case suspended(workflow):
		return phase + " (Suspended)"
	}
	return phase
}

func shutdownWords(strategy v1alpha1.ShutdownStrategy) string {
	if strategy == v1alpha1.ShutdownStrategyTerminate {
		return "Terminating"
	}
	return "Stopping"
}

// suspended is true while nothing goes on: the run is suspended, or each branch of it waits at a suspend node. Of a run
// whose nodes are in pages only the former is known here.
func suspended(workflow *v1alpha1.Workflow) bool {
	if workflow.Spec.Suspend != nil && *workflow.Spec.Suspend {
		return true
	}
	waiting := false
	for _, n := range workflow.Status.Nodes {
		if n.Fulfilled() {
			continue
		}
		switch n.Type {
		case v1alpha1.NodeTypeSuspend:
			waiting = waiting || n.Phase == v1alpha1.NodeRunning
		case v1alpha1.NodeTypePod, v1alpha1.NodeTypeContainer, v1alpha1.NodeTypeHTTP, v1alpha1.NodeTypePlugin:
			return false
		}
	}
	return waiting
}

func progressCell(workflow *v1alpha1.Workflow, _ time.Time) any {
	return kind.Text(string(workflow.Status.Progress))
}

func durationCell(workflow *v1alpha1.Workflow, now time.Time) any {
	started, finished := workflow.Status.StartedAt, workflow.Status.FinishedAt
	switch {
	case started.IsZero():
		return kind.Unknown
	case finished.IsZero():
		return duration.HumanDuration(now.Sub(started.Time))
	}
	return duration.HumanDuration(finished.Sub(started.Time))
}

func messageCell(workflow *v1alpha1.Workflow, _ time.Time) any {
	message, _, more := strings.Cut(strings.TrimSpace(workflow.Status.Message), "\n")
	if more {
		message += " …"
	}
	return message
}

func entrypointCell(workflow *v1alpha1.Workflow, _ time.Time) any {
	ref := workflow.Spec.WorkflowTemplateRef
	switch {
	case ref == nil:
		return kind.Text(workflow.Spec.Entrypoint)
	case workflow.Spec.Entrypoint == "":
		return ref.Name
	}
	return ref.Name + "/" + workflow.Spec.Entrypoint
}

func parametersCell(workflow *v1alpha1.Workflow, _ time.Time) any {
	const longest = 80
	var text strings.Builder
	for _, parameter := range workflow.Spec.Arguments.Parameters {
		if parameter.Value == nil {
			continue
		}
		if text.Len() > 0 {
			text.WriteByte(',')
		}
		value, _, _ := strings.Cut(string(*parameter.Value), "\n")
		text.WriteString(parameter.Name + "=" + value)
		if runes := []rune(text.String()); len(runes) > longest {
			return string(runes[:longest]) + "…"
		}
	}
	return kind.Text(text.String())
}

func nodesCell(workflow *v1alpha1.Workflow, _ time.Time) any {
	if paged(workflow) {
		return workflow.Status.NodeStorage.Nodes
	}
	return int64(len(workflow.Status.Nodes))
}

func priorityCell(workflow *v1alpha1.Workflow, _ time.Time) any {
	if workflow.Spec.Priority == nil {
		return int64(0)
	}
	return int64(*workflow.Spec.Priority)
}

func finishedCell(workflow *v1alpha1.Workflow, now time.Time) any {
	return kind.Since(&workflow.Status.FinishedAt, now)
}
