package workflow

import (
	"context"
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// removedResults remembers which results were deleted.
type removedResults struct {
	names []string
	fails int
}

func (r *removedResults) Delete(_ context.Context, _, name string, uid types.UID) error {
	if r.fails > 0 {
		r.fails--
		return fmt.Errorf("not now")
	}
	r.names = append(r.names, name+" "+string(uid))
	return nil
}

// work lets the cleaner do what it has to do now.
func (r *removedResults) work(p *process) []string {
	for p.resultCleaner.queue.Len() > 0 {
		p.resultCleaner.processNextWorkItem(context.Background())
	}
	slices.Sort(r.names)
	return r.names
}

func resultOf(p *process, key types.NamespacedName, node string, final bool) *wfv1.WorkflowTaskResult {
	wf := p.stored[key].header
	return &wfv1.WorkflowTaskResult{ObjectMeta: metav1.ObjectMeta{
		Namespace: key.Namespace, Name: node, UID: types.UID("result-" + node), ResourceVersion: p.nextVersion(),
		Labels:          map[string]string{wfv1.LabelKeyWorkflow: key.Name, wfv1.LabelKeyReportOutputsCompleted: fmt.Sprint(final)},
		OwnerReferences: []metav1.OwnerReference{{Kind: "Workflow", Name: key.Name, UID: wf.UID, Controller: new(true)}},
	}}
}

func reported(s *script) []string {
	var seen []string
	for _, e := range s.told {
		if e, ok := e.(engine.ResultReported); ok {
			seen = append(seen, fmt.Sprintf("%s %v", e.NodeID, e.Final))
		}
	}
	return seen
}

// EXE-02, EXE-03: what is reported reaches the engine, and a final result is removed when what follows from it is stored,
// not before.
func TestResultsAreRemovedOnceStored(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a", "b"), records("a", "pod-a-0"), records("a", "pod-a-0"))
	removed := &removedResults{}
	p.resultCleaner.results = removed
	p.handle(context.Background(), key)

	p.addResult(resultOf(p, key, "a", true))
	p.addResult(resultOf(p, key, "b", false))
	p.dieBefore, p.dieAt = true, p.calls+1
	p.handle(context.Background(), key)
	if got := removed.work(p); len(got) != 0 {
		t.Errorf("removed %q although nothing was stored", got)
	}
	if got := p.reports.take(key); len(got) != 2 {
		t.Errorf("%d reports are kept for the next try, want 2", len(got))
	} else {
		for _, r := range got {
			p.reports.put(key, r)
		}
	}
	if got := reported(s); fmt.Sprint(got) != "[a true b false]" {
		t.Errorf("the engine was told %q", got)
	}

	p.dead, p.dieAt = false, 0
	p.deliver()
	s.decisions = []engine.Decision{records("a", "pod-a-0")}
	p.handle(context.Background(), key)
	if got := reported(s)[2:]; fmt.Sprint(got) != "[a true b false]" {
		t.Errorf("the engine was told %q the second time", got)
	}
	removed.fails = 1
	if got := removed.work(p); len(got) != 0 {
		t.Errorf("removed %q", got)
	}
	p.resultCleaner.queue.Add(resultItem{namespace: key.Namespace, name: "a", uid: "result-a"}) // its own retry comes by the clock
	if got := removed.work(p); fmt.Sprint(got) != "[a result-a]" {
		t.Errorf("removed %q, want the final one", got)
	}
}

// What an earlier workflow of the name left, and what comes after the end, is removed without being looked at.
func TestResultsOfOthersAreRemoved(t *testing.T) {
	p, key, s := scripted(t, wantsPods("a"))
	removed := &removedResults{}
	p.resultCleaner.results = removed
	p.handle(context.Background(), key)

	old := resultOf(p, key, "a", true)
	old.OwnerReferences[0].UID = "an-earlier-one"
	p.addResult(old)
	p.handle(context.Background(), key)
	if got := removed.work(p); fmt.Sprint(got) != "[a result-a]" || len(reported(s)) != 0 {
		t.Errorf("removed %q, told %q", got, reported(s))
	}

	removed.names = nil
	late := resultOf(p, key, "b", false)
	p.edit(key, func(wf *wfv1.Workflow) {
		wf.Status.Phase = wfv1.WorkflowSucceeded
		wf.Labels = map[string]string{wfv1.LabelKeyCompleted: "true"}
	})
	p.deliver()
	p.addResult(late)
	p.handle(context.Background(), key)
	if got := removed.work(p); fmt.Sprint(got) != "[b result-b]" || len(reported(s)) != 0 {
		t.Errorf("removed %q, told %q", got, reported(s))
	}
}
