package engine

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// VOL-02: a workflow says that it waits for its claims, until a pod of it is there, also over a restart.
func TestWaitingForClaims_VOL02(t *testing.T) {
	wf := single(v1alpha1.Template{Container: &corev1.Container{}})
	why := WaitingForClaims + " exceeded quota"
	run, _ := begin(t, wf, nil)
	d := run.Apply(noon, PodRefused{NodeID: "wf", Message: why, Transient: true})
	if d.Status == nil || d.Status.Message != why || d.Nodes[0].Phase != v1alpha1.NodePending || d.Nodes[0].Message != why {
		t.Fatalf("%+v", d)
	}
	stored := wf.DeepCopy()
	stored.Status = *d.Status
	again, _ := begin(t, stored, d.Nodes)
	if d := again.Apply(noon, observed("u", corev1.PodPending)); d.Status == nil || d.Status.Message != "" {
		t.Errorf("%+v", d)
	}
	run, _ = begin(t, wf, nil)
	if d := run.Apply(noon, PodRefused{NodeID: "wf", Message: "exceeded quota", Transient: true}); d.Status != nil && d.Status.Message != "" {
		t.Errorf("another refusal is the workflow's: %+v", d.Status)
	}
	if d := run.Apply(noon, PodRefused{NodeID: "wf", Message: "PersistentVolumeClaim n/c exists and does not belong to this workflow"}); !d.Done || d.Status.Phase != v1alpha1.WorkflowError {
		t.Errorf("a claim of somebody else: %+v", d.Status)
	}
}
