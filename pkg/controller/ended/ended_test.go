package ended

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func workflow(version string, over bool) *wfv1.Workflow {
	wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "demo", ResourceVersion: version, Labels: map[string]string{wfv1.LabelKeyCronWorkflow: "nightly"}}}
	if over {
		wf.Labels[wfv1.LabelKeyCompleted] = "true"
		wf.Status.Phase = wfv1.WorkflowSucceeded
	}
	return wf
}

// One watch serves those who run workflows and those who clean up after them: to each, a workflow comes and goes as with a
// watch of its own (CTL-12).
func TestOneWatchForBoth(t *testing.T) {
	var told []string
	note := func(who string) cache.ResourceEventHandler {
		say := func(what string, obj any) {
			wf := workflowOf(obj)
			told = append(told, fmt.Sprintf("%s %s %s", who, what, wf.ResourceVersion))
		}
		return cache.ResourceEventHandlerFuncs{
			AddFunc:    func(obj any) { say("add", obj) },
			UpdateFunc: func(_, obj any) { say("update", obj) },
			DeleteFunc: func(obj any) { say("delete", obj) },
		}
	}
	handlers := []cache.ResourceEventHandler{Except(note("run")), Only(note("end"))}
	began, goesOn, over, changed, again := workflow("1", false), workflow("2", false), workflow("3", true), workflow("4", true), workflow("5", false)
	for _, do := range []func(h cache.ResourceEventHandler){
		func(h cache.ResourceEventHandler) { h.OnAdd(began, false) },
		func(h cache.ResourceEventHandler) { h.OnUpdate(began, goesOn) },
		func(h cache.ResourceEventHandler) { h.OnUpdate(goesOn, over) },
		func(h cache.ResourceEventHandler) { h.OnUpdate(over, changed) },
		func(h cache.ResourceEventHandler) { h.OnUpdate(changed, again) },
		func(h cache.ResourceEventHandler) {
			h.OnDelete(cache.DeletedFinalStateUnknown{Key: "ns/demo", Obj: again})
		},
	} {
		for _, h := range handlers {
			do(h)
		}
	}
	want := "[run add 1 run update 2 run delete 2 end add 3 end update 4 run add 5 end delete 4 run delete 5]"
	if got := fmt.Sprint(told); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
}

func TestIndexersKnowOnlyWhatIsOver(t *testing.T) {
	failed := workflow("1", true)
	failed.Status.Phase = wfv1.WorkflowFailed
	for name, c := range map[string]struct {
		wf            *wfv1.Workflow
		phase, origin string
	}{
		"runs":      {workflow("1", false), "[]", "[]"},
		"succeeded": {workflow("1", true), "[Succeeded]", "[" + Origin("ns", wfv1.LabelKeyCronWorkflow, "nightly") + "]"},
		"failed":    {failed, "[Failed]", "[]"},
	} {
		kept := c.wf
		if Is(kept) {
			kept = Keep(kept) // what is kept has to have what the indexers look at
		}
		for index, want := range map[string]string{PhaseIndex: c.phase, OriginIndex: c.origin} {
			if keys, err := Indexers()[index](kept); err != nil || fmt.Sprint(keys) != want {
				t.Errorf("%s, %s: %v %v, want %s", name, index, keys, err, want)
			}
		}
	}
}
