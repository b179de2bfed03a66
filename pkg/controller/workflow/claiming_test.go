package workflow

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// claiming is a workflow of one pod with two volume claims.
func claiming() *wfv1.Workflow {
	wf := diamonds("demo", 1)
	for _, name := range []string{"one", "two"} {
		wf.Spec.VolumeClaimTemplates = append(wf.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	return wf
}

func claimsOverQuota(claims ...string) func(*corev1.PersistentVolumeClaim) error {
	return func(c *corev1.PersistentVolumeClaim) error {
		if slices.Contains(claims, c.Name) {
			return apierrors.NewForbidden(corev1.Resource("persistentvolumeclaims"), c.Name, errors.New("exceeded quota: storage"))
		}
		return nil
	}
}

// VOL-02: claims over a quota keep the workflow Pending, and keep nothing from others meanwhile; it begins when there is room, also
// with another controller.
func TestClaimsOverQuota_VOL02(t *testing.T) {
	w := newWorld(t)
	key := w.submit(claiming())
	w.denyClaim = claimsOverQuota("demo-two")
	p := w.start(Options{})
	p.handle(context.Background(), key)
	st := &w.stored[key].header.Status
	if st.Phase != wfv1.WorkflowPending || !strings.HasPrefix(st.Message, "Waiting for a PVC to be created. ") || !st.StartedAt.IsZero() {
		t.Fatalf("%+v", st)
	}
	if len(w.volumes) > 0 || len(w.podSet) > 0 {
		t.Errorf("keeps %v", w.volumes)
	}
	tries := w.calls
	p.deliver()
	p.handle(context.Background(), key)
	if w.calls != tries {
		t.Errorf("%d calls before it is time", w.calls-tries)
	}

	w.denyClaim = nil
	w.now.Step(firstCreateBackoff)
	p.handle(context.Background(), key)
	st = &w.stored[key].header.Status
	if st.Phase != wfv1.WorkflowRunning || len(st.PersistentVolumeClaims) != 2 || len(w.volumes) != 2 || len(w.podSet) != 1 {
		t.Errorf("%+v, claims %v, pods %v", st, w.volumes, slices.Collect(maps.Keys(w.podSet)))
	}

	w = newWorld(t)
	key = w.submit(claiming())
	w.denyClaim = claimsOverQuota("demo-one")
	w.start(Options{}).handle(context.Background(), key)
	w.denyClaim = nil
	w.start(Options{}).handle(context.Background(), key)
	if st := w.stored[key].header.Status; st.Phase != wfv1.WorkflowRunning || len(w.volumes) != 2 {
		t.Errorf("after a restart: %+v", st)
	}
}

// VOL-02: claims that were there before, from an earlier round of the workflow, are never given back.
func TestClaimsOfEarlierRoundStay_VOL02(t *testing.T) {
	w := newWorld(t)
	wf := claiming()
	wf.Status.Retries = 1
	key := w.submit(wf)
	w.volumes["demo-one"] = true
	w.denyClaim = claimsOverQuota("demo-two")
	w.start(Options{}).handle(context.Background(), key)
	if !w.volumes["demo-one"] {
		t.Error("the claim and what is in it are gone")
	}
}

// VOL-02: a claim that a controller made which died before the next one was refused is given back as well: two workflows
// that each hold one under a quota for two would wait for each other for ever.
func TestClaimsOfControllerThatDied_VOL02(t *testing.T) {
	for _, refused := range []string{"demo-one", "demo-two"} {
		w := newWorld(t)
		key := w.submit(claiming())
		w.volumes["demo-one"], w.volumes["demo-two"] = refused != "demo-one", refused != "demo-two"
		w.denyClaim = claimsOverQuota(refused)
		w.start(Options{}).handle(context.Background(), key)
		if w.volumes["demo-one"] || w.volumes["demo-two"] {
			t.Errorf("%s is refused, and kept are %v", refused, w.volumes)
		}
	}
}

// V-256: a claim that will never be made ends the workflow in Error.
func TestImpossibleClaim_V256(t *testing.T) {
	w := newWorld(t)
	key := w.submit(claiming())
	w.denyClaim = func(*corev1.PersistentVolumeClaim) error { return permanent{errors.New("belongs to somebody else")} }
	w.start(Options{}).handle(context.Background(), key)
	if st := w.stored[key].header.Status; st.Phase != wfv1.WorkflowError || st.Message != "belongs to somebody else" || len(w.podSet) > 0 {
		t.Errorf("%+v", st)
	}
}

// VOL-02, VOL-03: a workflow that waits for its claims can be stopped, and leaves none behind that are to go with it.
func TestStoppedWhileWaiting_VOL02(t *testing.T) {
	w := newWorld(t)
	wf := claiming()
	wf.Spec.VolumeClaimGC = &wfv1.VolumeClaimGC{Strategy: wfv1.VolumeClaimGCOnCompletion}
	key := w.submit(wf)
	w.denyClaim = claimsOverQuota("demo-two")
	p := w.start(Options{})
	p.handle(context.Background(), key)
	w.volumes["demo-one"] = true // made at the moment when it is stopped
	w.edit(key, func(wf *wfv1.Workflow) { wf.Spec.Shutdown = wfv1.ShutdownStrategyStop })
	p.deliver()
	w.now.Step(time.Second)
	p.handle(context.Background(), key)
	if st := w.stored[key].header.Status; st.Phase != wfv1.WorkflowFailed || st.Message != "Stopped with strategy 'Stop'" || len(w.volumes) > 0 {
		t.Errorf("%+v, claims left %v", st, w.volumes)
	}
}
