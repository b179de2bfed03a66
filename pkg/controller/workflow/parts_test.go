package workflow

import (
	"context"
	"strings"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// large is a decision that does not fit into one update: nodes of two pages, each with an output of more than half of what
// one may carry.
func large() engine.Decision {
	result := strings.Repeat("x", updateBytes*3/5)
	a, b := podNode("a", 0), podNode("b", wfv1.NodesPerPage)
	a.Outputs, b.Outputs = &wfv1.Outputs{Result: &result}, &wfv1.Outputs{Result: &result}
	return engine.Decision{
		Nodes: []wfv1.NodeStatus{a, b}, Status: &wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning},
		Create: []engine.PodRequest{request("a"), request("b")},
	}
}

// A controller that dies between two parts of a decision has created none of its pods, and the next one is told that a part
// is missing and loses none of what is stored.
func TestDecisionThatIsStoredInParts(t *testing.T) {
	p, key, _ := scripted(t, large())
	p.dieAt = p.calls + 2
	p.dieBefore = true
	p.handle(context.Background(), key)
	if p.counts["nodes"] != 1 || p.counts["create"] != 0 {
		t.Fatalf("writes %v, want the first part alone", p.counts)
	}

	next := p.start(Options{})
	var loaded []wfv1.NodeStatus
	var options engine.Options
	next.newRun = func(_ *wfv1.Workflow, nodes []wfv1.NodeStatus, o engine.Options) (decider, error) {
		loaded, options = nodes, o
		return &script{decisions: []engine.Decision{large()}}, nil
	}
	next.deliver()
	next.handle(context.Background(), key)
	if len(loaded) != 1 || loaded[0].ID != "a" || !options.Uncommitted {
		t.Errorf("the next controller was told of %d nodes, uncommitted: %t", len(loaded), options.Uncommitted)
	}
	header := next.stored[key].header
	if header.Status.Phase != wfv1.WorkflowRunning || header.Status.NodeStorage.Incomplete || next.counts["create"] != 2 {
		t.Errorf("phase %s, storage %+v, %d pods created", header.Status.Phase, header.Status.NodeStorage, next.counts["create"])
	}
}
