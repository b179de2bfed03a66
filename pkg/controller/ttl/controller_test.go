package ttl

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
	"fairlead.dev/fairlead/pkg/controller/ended"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned/fake"
)

func over(name string, phase wfv1.WorkflowPhase, finished int64, ttl *wfv1.TTLStrategy) *wfv1.Workflow {
	return &wfv1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID(name), ResourceVersion: "1", Labels: map[string]string{wfv1.LabelKeyCompleted: "true"}},
		Spec:       wfv1.WorkflowSpec{TTLStrategy: ttl},
		Status:     wfv1.WorkflowStatus{Phase: phase, FinishedAt: metav1.Unix(finished, 0)},
	}
}

func TestExpiry_TTL01_Trap25(t *testing.T) {
	n := func(seconds int32) *int32 { return &seconds }
	all := &wfv1.TTLStrategy{SecondsAfterCompletion: n(10), SecondsAfterSuccess: n(20), SecondsAfterFailure: n(30)}
	cases := map[string]struct {
		wf   *wfv1.Workflow
		want int64 // 0: never
	}{
		"success":                  {over("a", wfv1.WorkflowSucceeded, 100, all), 121},
		"failure":                  {over("a", wfv1.WorkflowFailed, 100, all), 131},
		"error is not failure":     {over("a", wfv1.WorkflowError, 100, all), 111},
		"error, only afterFailure": {over("a", wfv1.WorkflowError, 100, &wfv1.TTLStrategy{SecondsAfterFailure: n(30)}), 0},
		"completion for all":       {over("a", wfv1.WorkflowFailed, 100, &wfv1.TTLStrategy{SecondsAfterCompletion: n(10)}), 111},
		"at once":                  {over("a", wfv1.WorkflowSucceeded, 100, &wfv1.TTLStrategy{SecondsAfterSuccess: n(0), SecondsAfterCompletion: n(10)}), 101},
		"nothing said":             {over("a", wfv1.WorkflowSucceeded, 100, nil), 0},
		"not yet archived":         {over("a", wfv1.WorkflowSucceeded, 100, all), 0},
	}
	cases["not yet archived"].wf.Labels[wfv1.LabelKeyWorkflowArchivingStatus] = wfv1.ArchivingStatusPending
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			at, ok := expiry(c.wf)
			if ok != (c.want != 0) || ok && at.Unix() != c.want {
				t.Errorf("%v %v, want %d", at, ok, c.want)
			}
		})
	}
}

// loop is a controller over these workflows, without an API watch.
func loop(t *testing.T, policy *config.RetentionPolicy, now int64, wfs ...*wfv1.Workflow) (*Controller, *fake.Clientset, *clocktesting.FakeClock) {
	t.Helper()
	client := fake.NewSimpleClientset()
	informer := cache.NewSharedIndexInformer(&cache.ListWatch{}, &wfv1.Workflow{}, 0, ended.Indexers())
	for _, wf := range wfs {
		if err := client.Tracker().Add(wf); err != nil {
			t.Fatal(err)
		}
		if err := informer.GetIndexer().Add(wf); err != nil {
			t.Fatal(err)
		}
	}
	clock := clocktesting.NewFakeClock(time.Unix(now, 0))
	c, err := NewController(client.ArgoprojV1alpha1(), informer, Options{Config: func() *config.Config { return &config.Config{RetentionPolicy: policy} }}, clock)
	if err != nil {
		t.Fatal(err)
	}
	return c, client, clock
}

func left(t *testing.T, client *fake.Clientset) string {
	t.Helper()
	list, err := client.ArgoprojV1alpha1().Workflows("ns").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	slices.Sort(names)
	return fmt.Sprint(names)
}

func TestDeletesWhenTimeIsOver_TTL01(t *testing.T) {
	ten := int32(10)
	c, client, clock := loop(t, nil, 105, over("due", wfv1.WorkflowSucceeded, 100, &wfv1.TTLStrategy{SecondsAfterCompletion: &ten}), over("kept", wfv1.WorkflowSucceeded, 100, nil))
	key := types.NamespacedName{Namespace: "ns", Name: "due"}
	if err := c.expire(t.Context(), key); err != nil || left(t, client) != "[due kept]" {
		t.Fatalf("too early: %v, left %s", err, left(t, client))
	}
	clock.SetTime(time.Unix(111, 0))
	if err := c.expire(t.Context(), key); err != nil || left(t, client) != "[kept]" {
		t.Errorf("%v, left %s", err, left(t, client))
	}
	if err := c.expire(t.Context(), key); err != nil {
		t.Errorf("already gone: %v", err)
	}
}

func TestKeepsTheNewest_TTL02(t *testing.T) {
	var wfs []*wfv1.Workflow
	for i := range 4 {
		wfs = append(wfs, over(fmt.Sprintf("s%d", i), wfv1.WorkflowSucceeded, int64(i), nil), over(fmt.Sprintf("f%d", i), wfv1.WorkflowFailed, int64(i), nil),
			over(fmt.Sprintf("e%d", i), wfv1.WorkflowError, int64(i), nil))
	}
	wfs[0].Labels[wfv1.LabelKeyWorkflowArchivingStatus] = wfv1.ArchivingStatusPending // s0
	c, client, _ := loop(t, &config.RetentionPolicy{Completed: 2, Failed: 3}, 100, wfs...)
	for _, phase := range []wfv1.WorkflowPhase{wfv1.WorkflowSucceeded, wfv1.WorkflowFailed, wfv1.WorkflowError} {
		if err := c.retain(t.Context(), phase); err != nil {
			t.Fatal(err)
		}
	}
	if got := left(t, client); got != "[e0 e1 e2 e3 f1 f2 f3 s0 s2 s3]" {
		t.Errorf("left %s", got)
	}
}

func TestKeep(t *testing.T) {
	ten := int32(10)
	wf := over("a", wfv1.WorkflowSucceeded, 5, nil)
	wf.Labels["user"] = "x"
	wf.Status.StoredWorkflowSpec = &wfv1.WorkflowSpec{TTLStrategy: &wfv1.TTLStrategy{SecondsAfterCompletion: &ten}, ArtifactGC: &wfv1.WorkflowLevelArtifactGC{ForceFinalizerRemoval: true}}
	wf.Status.Nodes = wfv1.Nodes{"a": {}}
	small := ended.Keep(wf)
	if small.Status.Nodes != nil || small.Labels["user"] != "" || !small.Spec.ArtifactGC.ForceFinalizerRemoval {
		t.Fatalf("%+v", small)
	}
	if at, ok := expiry(small); !ok || at.Unix() != 16 {
		t.Errorf("%v %v: the template's strategy counts", at, ok)
	}
}
