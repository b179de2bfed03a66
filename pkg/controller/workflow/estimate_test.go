package workflow

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
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
