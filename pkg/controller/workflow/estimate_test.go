package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/ended"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
)

type fakeHistory struct {
	asked []string
	took  time.Duration
	err   error
}

func (h *fakeHistory) LatestSucceeded(_ context.Context, namespace, label, value string) (*wfv1.Workflow, error) {
	h.asked = append(h.asked, namespace+" "+label+"="+value)
	if h.err != nil || h.took == 0 {
		return nil, h.err
	}
	wf := &wfv1.Workflow{}
	wf.Status.StartedAt = metav1.NewTime(time.Unix(1000, 0))
	wf.Status.FinishedAt = metav1.NewTime(time.Unix(1000, 0).Add(h.took))
	return wf, nil
}

func TestBaselines_NOD09(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Unix(5000, 0))
	h := &fakeHistory{took: 7 * time.Second}
	b := newBaselines(h, clock)
	wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}
	estimate := func() wfv1.EstimatedDuration {
		if e := b.estimate(t.Context(), wf); e != nil {
			return e.Workflow
		}
		return 0
	}
	if estimate() != 0 || len(h.asked) != 0 {
		t.Errorf("a workflow of no template: asked %v", h.asked)
	}
	wf.Labels = map[string]string{wfv1.LabelKeyCronWorkflow: "nightly"}
	if first, second := estimate(), estimate(); first != 7 || second != 7 || len(h.asked) != 1 || h.asked[0] != "ns workflows.argoproj.io/cron-workflow=nightly" {
		t.Errorf("asked %v", h.asked)
	}
	wf.Spec.WorkflowTemplateRef = &wfv1.WorkflowTemplateRef{Name: "lib", ClusterScope: true}
	if estimate() != 7 || len(h.asked) != 2 || h.asked[1] != "ns workflows.argoproj.io/cluster-workflow-template=lib" {
		t.Errorf("asked %v", h.asked)
	}
	clock.Step(baselineRefresh)
	h.err = errors.New("down")
	if estimate() != 0 || len(h.asked) != 3 {
		t.Errorf("asked %v", h.asked)
	}
	if (*baselines)(nil).estimate(t.Context(), wf) != nil {
		t.Error("switched off, and there is an estimate")
	}
}

// The latest run is found in memory; of the server only its nodes are asked for, and only when they may be of use (NOD-09).
func TestHistoryReadsLittle(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(&wfv1.NodeList{
			TypeMeta: metav1.TypeMeta{APIVersion: wfv1.SchemeGroupVersion.String(), Kind: "NodeList"},
			Items:    []wfv1.NodeStatus{{ID: "n", Name: "new.step"}},
		})
	}))
	defer server.Close()
	client, err := typed.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, ended.Indexers())
	run := func(name string, phase wfv1.WorkflowPhase, at int64, nodes int64) {
		wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, CreationTimestamp: metav1.Unix(at, 0), Labels: map[string]string{
			wfv1.LabelKeyCompleted: "true", wfv1.LabelKeyCronWorkflow: "nightly"}}}
		wf.Status.Phase, wf.Status.StartedAt, wf.Status.FinishedAt = phase, metav1.Unix(at, 0), metav1.Unix(at+9, 0)
		if nodes > 0 {
			wf.Status.NodeStorage = &wfv1.NodeStorage{Nodes: nodes}
		}
		kept, err := KeepWorkflowHeader(wf)
		if err == nil {
			err = indexer.Add(kept)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	latest := func() *wfv1.Workflow {
		found, err := NewRunHistory(client, indexer).LatestSucceeded(t.Context(), "ns", wfv1.LabelKeyCronWorkflow, "nightly")
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if latest() != nil {
		t.Error("there is no run")
	}
	run("old", wfv1.WorkflowSucceeded, 100, 0)
	run("new", wfv1.WorkflowSucceeded, 200, 0)
	run("failed", wfv1.WorkflowFailed, 300, 0)
	if got := latest(); got == nil || got.Name != "new" || got.Status.Nodes["n"].Name != "new.step" || len(asked) != 1 {
		t.Errorf("%+v, asked %v", got, asked)
	}
	run("huge", wfv1.WorkflowSucceeded, 400, baselineNodes+1)
	if got := latest(); got == nil || got.Name != "huge" || got.Status.FinishedAt.Sub(got.Status.StartedAt.Time) != 9*time.Second || len(asked) != 1 {
		t.Errorf("%+v, asked %v", got, asked)
	}
}
