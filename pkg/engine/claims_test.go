package engine

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const quota = "exceeded quota: storage"

func claiming() *v1alpha1.Workflow {
	wf := single(v1alpha1.Template{Container: &corev1.Container{}})
	class, five := "{{workflow.parameters.class}}", int64(5)
	wf.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{
		ObjectMeta: metav1.ObjectMeta{Name: "work"}, Spec: corev1.PersistentVolumeClaimSpec{StorageClassName: &class},
	}}
	fast := v1alpha1.AnyString("fast")
	wf.Spec.Arguments.Parameters = []v1alpha1.Parameter{{Name: "class", Value: &fast}}
	wf.Spec.ActiveDeadlineSeconds = &five
	return wf
}

// stored is a workflow as it is found after a decision was stored.
func stored(wf *v1alpha1.Workflow, d Decision) *v1alpha1.Workflow {
	wf = wf.DeepCopy()
	if d.Status != nil {
		wf.Status = *d.Status
	}
	return wf
}

// VOL-02: claims are made before anything else, with the values of the workflow.
func TestClaimsComeFirst_VOL02(t *testing.T) {
	run, d := begin(t, claiming(), nil)
	if len(d.Claims) != 1 || d.Claims[0].Name != "work" || *d.Claims[0].Spec.StorageClassName != "fast" {
		t.Fatalf("claims: %+v", d.Claims)
	}
	if d.Status != nil || len(d.Nodes)+len(d.Create) > 0 {
		t.Fatalf("begins without its claims: %+v", d)
	}
	if d = run.Apply(noon); len(d.Claims) != 1 {
		t.Error("they are asked for once only")
	}
	d = run.Apply(noon, ClaimsMade{})
	if d.Status == nil || d.Status.Phase != v1alpha1.WorkflowRunning || len(d.Create) != 1 || len(d.Claims) > 0 {
		t.Errorf("%+v", d)
	}
	if _, d := begin(t, stored(claiming(), d), d.Nodes); len(d.Claims) > 0 {
		t.Error("they are asked for again after a restart")
	}
}

// VOL-02, NOD-01, Appendix O: a workflow whose claims are refused is Pending with the reason, has not started, and its deadline
// does not count; it begins when they are there.
func TestWaitingForClaims_VOL02(t *testing.T) {
	wf := claiming()
	run, _ := begin(t, wf, nil)
	d := run.Apply(noon, ClaimsRefused{Message: quota, Transient: true})
	st := d.Status
	if st == nil || st.Phase != v1alpha1.WorkflowPending || st.Message != "Waiting for a PVC to be created. "+quota || !st.StartedAt.IsZero() {
		t.Fatalf("%+v", st)
	}
	if d.Labels[v1alpha1.LabelKeyPhase] != "Pending" || len(d.Nodes) > 0 || len(d.Claims) != 1 || !d.Wake.IsZero() {
		t.Errorf("%+v", d)
	}
	if again := run.Apply(noon, ClaimsRefused{Message: quota, Transient: true}); again.Status != nil || len(again.Labels) > 0 {
		t.Errorf("the same is stored again: %+v", again)
	}

	later := noon.Add(time.Hour)
	run, err := NewRun(stored(wf, d), nil, Options{}) // a restart
	if err != nil {
		t.Fatal(err)
	}
	if d = run.Apply(later); d.Status != nil || len(d.Claims) != 1 {
		t.Fatalf("after a restart: %+v", d)
	}
	d = run.Apply(later, ClaimsMade{})
	if d.Status == nil || d.Status.Phase != v1alpha1.WorkflowRunning || d.Status.Message != "" || !d.Status.StartedAt.Time.Equal(later) {
		t.Fatalf("%+v", d.Status)
	}
	if want := later.Add(5 * time.Second); !d.Wake.Equal(want) || len(d.Create) != 1 || !d.Create[0].Deadline.Equal(want) {
		t.Errorf("the deadline is not counted from the start: %+v", d)
	}
}

// VOL-02: what users do to a workflow that waits for its claims.
func TestUsersOfWaitingWorkflows_VOL02(t *testing.T) {
	yes := true
	for name, tc := range map[string]struct {
		change  func(*v1alpha1.Workflow)
		phase   v1alpha1.WorkflowPhase
		message string
		claims  int
	}{
		"stop":      {func(wf *v1alpha1.Workflow) { wf.Spec.Shutdown = v1alpha1.ShutdownStrategyStop }, v1alpha1.WorkflowFailed, "Stopped with strategy 'Stop'", 0},
		"terminate": {func(wf *v1alpha1.Workflow) { wf.Spec.Shutdown = v1alpha1.ShutdownStrategyTerminate }, v1alpha1.WorkflowFailed, "Stopped with strategy 'Terminate'", 0},
		"suspend":   {func(wf *v1alpha1.Workflow) { wf.Spec.Suspend = &yes }, v1alpha1.WorkflowPending, WaitingForClaims + " " + quota, 1},
	} {
		t.Run(name, func(t *testing.T) {
			wf := claiming()
			run, _ := begin(t, wf, nil)
			d := run.Apply(noon, ClaimsRefused{Message: quota, Transient: true})
			changed := stored(wf, d)
			tc.change(changed)
			told := run.Apply(noon, HeaderChanged{Workflow: changed})
			run, again := begin(t, changed, nil)
			for how, got := range map[string]Decision{"told": told, "after a restart": again} {
				st := got.Status
				if st == nil {
					st = &changed.Status
				}
				if st.Phase != tc.phase || st.Message != tc.message || len(got.Claims) != tc.claims || got.Done != (tc.claims == 0) || len(got.Nodes)+len(got.Create) > 0 {
					t.Errorf("%s: %+v %+v", how, st, got)
				}
			}
			if tc.claims > 0 { // it is held, with its claims
				d := run.Apply(noon, ClaimsMade{})
				if d.Status == nil || d.Status.Phase != v1alpha1.WorkflowRunning || len(d.Nodes)+len(d.Create) > 0 {
					t.Errorf("suspended: %+v", d)
				}
			}
		})
	}
}

// VOL-02, OPS-13: a run that is retried waits as well, and may still be ended.
func TestRetriedRunWaitsForClaims_VOL02(t *testing.T) {
	wf := claiming()
	wf.Status.Retries, wf.Status.StartedAt = 1, metav1.NewTime(noon)
	wf.Spec.Templates[0].RetryStrategy = &v1alpha1.RetryStrategy{}
	nodes := []v1alpha1.NodeStatus{{ID: "wf", Name: "wf", Type: v1alpha1.NodeTypeRetry, Phase: v1alpha1.NodeRunning, TemplateName: "main"}}
	run, _ := begin(t, wf, nodes)
	d := run.Apply(noon, ClaimsRefused{Message: quota, Transient: true})
	if d.Status == nil || d.Status.Phase != v1alpha1.WorkflowPending || !d.Status.StartedAt.IsZero() {
		t.Fatalf("%+v", d.Status)
	}
	ended := stored(wf, d)
	ended.Spec.Shutdown = v1alpha1.ShutdownStrategyTerminate
	if _, d := begin(t, ended, nodes); !d.Done || d.Status.Phase != v1alpha1.WorkflowFailed {
		t.Errorf("cannot be ended: %+v", d)
	}
	d = run.Apply(noon, ClaimsRefused{Message: "claim n/c exists and does not belong to this workflow"})
	if !d.Done || d.Status.Phase != v1alpha1.WorkflowError || len(d.Nodes) != 1 || d.Nodes[0].Phase != v1alpha1.NodeError {
		t.Errorf("a claim of somebody else: %+v", d)
	}
}

// V-255, V-256: claims that cannot be made end the workflow in Error, and nothing of it runs.
func TestImpossibleClaims_V255_V256(t *testing.T) {
	run, _ := begin(t, claiming(), nil)
	d := run.Apply(noon, ClaimsRefused{Message: "PersistentVolumeClaim n/c exists and does not belong to this workflow"})
	if !d.Done || d.Status.Phase != v1alpha1.WorkflowError || !strings.Contains(d.Status.Message, "does not belong") || len(d.Nodes) > 0 {
		t.Errorf("V-256: %+v", d)
	}
	wf := claiming()
	wf.Spec.VolumeClaimTemplates[0].Name = ""
	_, d = begin(t, wf, nil)
	if !d.Done || d.Status.Phase != v1alpha1.WorkflowError || d.Status.Message != "volumeClaimTemplates[0].metadata.name is required" {
		t.Errorf("V-255: %+v", d.Status)
	}
}
