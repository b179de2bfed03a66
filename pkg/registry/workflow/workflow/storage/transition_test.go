package storage

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

const (
	testRoot      = "wf"
	testSuspended = "wf-0000001"
	testPod       = "wf-0000002"
	testOther     = "wf-0000003"
)

// transitionRun stores a run of a root, a suspended step that publishes its output g, a failed pod and one that runs.
func transitionRun(f *fixture, phase v1alpha1.WorkflowPhase) {
	f.tb.Helper()
	records := []v1alpha1.NodeStatus{
		record("wf", 0, v1alpha1.NodeFailed), record("wf", 1, v1alpha1.NodeRunning), record("wf", 2, v1alpha1.NodeFailed), record("wf", 3, v1alpha1.NodeSucceeded),
	}
	records[0].Inputs = &v1alpha1.Inputs{Parameters: []v1alpha1.Parameter{{Name: "i", Value: v1alpha1.AnyStringPtr("stored")}}}
	records[1].Outputs = &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "o", GlobalName: "g"}}}
	update := updateOf(f.create(newWorkflow("wf")), firstPages(records)...)
	update.Status = &v1alpha1.WorkflowStatus{
		Phase: phase, StartedAt: metav1.NewTime(time.Unix(1, 0)),
		StoredWorkflowSpec:     &v1alpha1.WorkflowSpec{Entrypoint: "stored", ServiceAccountName: "sa", Shutdown: v1alpha1.ShutdownStrategyStop},
		Conditions:             v1alpha1.Conditions{{Type: v1alpha1.ConditionTypeCompleted, Status: metav1.ConditionTrue}, {Type: v1alpha1.ConditionTypeMetricsError, Status: metav1.ConditionTrue}},
		PersistentVolumeClaims: []corev1.Volume{{Name: "own"}},
	}
	if phase.Completed() {
		update.Status.FinishedAt = metav1.NewTime(time.Unix(2, 0))
	}
	f.mustPost(update)
}

func change(w *v1alpha1.Workflow, id string, how func(*v1alpha1.NodeStatus)) {
	n := w.Status.Nodes[id]
	how(&n)
	w.Status.Nodes[id] = n
}

// resetRoot is the retry that clients of Argo write: the failed pod is forgotten, the root goes on.
func resetRoot(w *v1alpha1.Workflow) {
	w.Status.Phase, w.Status.StartedAt, w.Status.FinishedAt = v1alpha1.WorkflowRunning, metav1.NewTime(time.Unix(3, 0)), metav1.Time{}
	delete(w.Status.Nodes, testPod)
	change(w, testRoot, func(n *v1alpha1.NodeStatus) { n.Phase, n.FinishedAt = v1alpha1.NodeRunning, metav1.Time{} })
}

// A plain update that looks like a recognised transition and does more is not taken (DESIGN §6, OPS-09…13).
func TestForgedTransitions(t *testing.T) {
	fixtures := map[string]*fixture{
		"inside":   newFixture(t, Options{InlineNodesBytes: 1 << 20}, nodes.Options{}),
		"in pages": newFixture(t, Options{InlineNodesBytes: 1}, nodes.Options{}),
	}
	retried := func(how func(w *v1alpha1.Workflow)) func(w *v1alpha1.Workflow) {
		return func(w *v1alpha1.Workflow) { resetRoot(w); how(w) }
	}
	node := func(id string, how func(*v1alpha1.NodeStatus)) func(w *v1alpha1.Workflow) {
		return func(w *v1alpha1.Workflow) { change(w, id, how) }
	}
	supplied := func(globalName string) func(*v1alpha1.NodeStatus) {
		return func(n *v1alpha1.NodeStatus) {
			n.Outputs = &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "o", GlobalName: globalName, Value: v1alpha1.AnyStringPtr("x")}}}
		}
	}
	failed, running := v1alpha1.WorkflowFailed, v1alpha1.WorkflowRunning
	for name, tc := range map[string]struct {
		phase  v1alpha1.WorkflowPhase
		change func(*v1alpha1.Workflow)
		stored bool
	}{
		"retry": {failed, resetRoot, true},
		"retry, a result with its synchronisation outstanding": {failed, retried(node(testRoot, func(n *v1alpha1.NodeStatus) {
			n.Phase, n.TaskResultSynced = v1alpha1.NodeSucceeded, new(false)
		})), false},
		"retry, a made-up phase":  {failed, retried(node(testRoot, func(n *v1alpha1.NodeStatus) { n.Phase = "Strange" })), false},
		"retry, a daemon":         {failed, retried(node(testRoot, func(n *v1alpha1.NodeStatus) { n.Daemoned = new(true) })), false},
		"retry, another synced":   {failed, retried(node(testRoot, func(n *v1alpha1.NodeStatus) { n.TaskResultSynced = new(false) })), false},
		"retry, a pod of others":  {failed, retried(node(testOther, func(n *v1alpha1.NodeStatus) { n.Phase, n.PodUID = v1alpha1.NodeRunning, "foreign" })), false},
		"retry, another template": {failed, retried(node(testRoot, func(n *v1alpha1.NodeStatus) { n.TemplateName = "other" })), false},
		"retry, new outputs":      {failed, retried(node(testRoot, supplied("g"))), false},
		"retry, a new node":       {failed, retried(func(w *v1alpha1.Workflow) { w.Status.Nodes["x"] = v1alpha1.NodeStatus{ID: "x"} }), false},
		"nothing but the phase":   {failed, func(w *v1alpha1.Workflow) { w.Status.Phase = v1alpha1.WorkflowRunning }, false},
		"the phase, no nodes":     {failed, func(w *v1alpha1.Workflow) { w.Status = v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning} }, false},
		"all nodes gone":          {failed, func(w *v1alpha1.Workflow) { resetRoot(w); w.Status.Nodes = nil }, false},
		"set":                     {running, node(testSuspended, supplied("g")), true},
		"skipped":                 {running, node(testSuspended, func(n *v1alpha1.NodeStatus) { n.Phase = v1alpha1.NodeSkipped }), true},
		"set, a made-up phase":    {running, node(testSuspended, func(n *v1alpha1.NodeStatus) { n.Phase = "Strange" }), false},
		"set, omitted":            {running, node(testSuspended, func(n *v1alpha1.NodeStatus) { n.Phase = v1alpha1.NodeOmitted }), false},
		"set, another global":     {running, node(testSuspended, supplied("other")), false},
		"set, nameless workflow output": {running, func(w *v1alpha1.Workflow) {
			change(w, testSuspended, supplied(""))
			w.Status.Outputs = &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Value: v1alpha1.AnyStringPtr("x")}}}
		}, false},
		"set, an artifact": {running, node(testSuspended, func(n *v1alpha1.NodeStatus) {
			n.Outputs.Artifacts = v1alpha1.Artifacts{{Name: "a", ArtifactLocation: v1alpha1.ArtifactLocation{Raw: &v1alpha1.RawArtifact{Data: "x"}}}}
		}), false},
		"set, a result":  {running, node(testSuspended, func(n *v1alpha1.NodeStatus) { n.Outputs.Result = new("x") }), false},
		"set, a new pod": {running, node(testSuspended, func(n *v1alpha1.NodeStatus) { n.PodUID = "foreign" }), false},
	} {
		for form, f := range fixtures {
			t.Run(name+"/"+form, func(t *testing.T) {
				defer f.remove("wf")
				transitionRun(f, tc.phase)
				before := f.get("wf")
				body := asOldClient(before)
				tc.change(body)
				if _, err := f.put(f.Workflow, body); err != nil {
					t.Fatal(err)
				}
				if changed := !apiequality.Semantic.DeepEqual(before.Status, f.get("wf").Status); changed != tc.stored {
					t.Errorf("status changed: %v", changed)
				}
				if warned := f.takeWarnings(); (len(warned) == 0) != tc.stored {
					t.Errorf("warnings: %v", warned)
				}
			})
		}
	}
}

// Of a retry only that is taken which a retry changes (OPS-13).
func TestRetryByPlainUpdate_OPS13(t *testing.T) {
	for form, inline := range map[string]int64{"inside": 1 << 20, "in pages": 1} {
		t.Run(form, func(t *testing.T) {
			clock := clocktesting.NewFakeClock(time.Unix(1_000, 5))
			f := newFixture(t, Options{InlineNodesBytes: inline, Clock: clock}, nodes.Options{})
			transitionRun(f, v1alpha1.WorkflowFailed)
			body := asOldClient(f.get("wf"))
			resetRoot(body)
			body.Status.Message = "the client's"
			change(body, testRoot, func(n *v1alpha1.NodeStatus) { n.Inputs.Parameters[0].Value = v1alpha1.AnyStringPtr("forged") })
			body.Status.StoredWorkflowSpec = &v1alpha1.WorkflowSpec{
				Entrypoint: "evil", ServiceAccountName: "admin", Arguments: v1alpha1.Arguments{Parameters: []v1alpha1.Parameter{{Name: "a", Value: v1alpha1.AnyStringPtr("b")}}},
			}
			body.Status.Conditions = v1alpha1.Conditions{{Type: v1alpha1.ConditionTypeCompleted, Status: metav1.ConditionFalse}, {Type: v1alpha1.ConditionTypeSpecWarning, Message: "forged"}}
			body.Status.PersistentVolumeClaims = []corev1.Volume{{Name: "others"}}
			if _, err := f.put(f.Workflow, body); err != nil {
				t.Fatal(err)
			}
			got := f.get("wf").Status
			if got.Phase != "" || got.Retries != 1 || len(got.Nodes) != 3 || got.Nodes[testRoot].Phase != v1alpha1.NodeRunning || got.Message != "" || !got.FinishedAt.IsZero() {
				t.Errorf("not retried: %+v, warnings %v", got, f.takeWarnings())
			}
			// Deadlines count from here: the client's clock has no say in it.
			if root := got.Nodes[testRoot]; got.StartedAt.Unix() != 1_000 || root.StartedAt.Unix() != 1_000 {
				t.Errorf("started at %s, the root at %s", got.StartedAt, root.StartedAt)
			}
			if inputs := got.Nodes[testRoot].Inputs; inputs != nil {
				t.Errorf("inputs %+v", inputs)
			}
			spec := got.StoredWorkflowSpec
			if spec.Entrypoint != "stored" || spec.ServiceAccountName != "sa" || spec.Shutdown != "" || len(spec.Arguments.Parameters) != 1 {
				t.Errorf("stored spec %+v", spec)
			}
			if len(got.PersistentVolumeClaims) != 1 || got.PersistentVolumeClaims[0].Name != "own" {
				t.Errorf("volume claims %+v", got.PersistentVolumeClaims)
			}
			if want := (v1alpha1.Conditions{{Type: v1alpha1.ConditionTypeMetricsError, Status: metav1.ConditionTrue}, {Type: v1alpha1.ConditionTypeCompleted, Status: metav1.ConditionFalse}}); !apiequality.Semantic.DeepEqual(got.Conditions, want) {
				t.Errorf("conditions %+v", got.Conditions)
			}
		})
	}
}

// A workflow that is one pod is retried by forgetting it; a client that does not speak of nodes forgets nothing.
func TestRetryOfTheOnlyNode_OPS13(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	pod := record("wf", 0, v1alpha1.NodeFailed)
	pod.Type = v1alpha1.NodeTypePod
	update := updateOf(f.create(newWorkflow("wf")), firstPages([]v1alpha1.NodeStatus{pod})...)
	update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowFailed, StartedAt: metav1.NewTime(time.Unix(1, 0)), FinishedAt: metav1.NewTime(time.Unix(2, 0))}
	f.mustPost(update)
	body := f.get("wf")
	body.Status = v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning}
	if _, err := f.put(f.Workflow, body); err != nil {
		t.Fatal(err)
	}
	if got := f.get("wf"); len(got.Status.Nodes) != 1 || got.Status.Phase != v1alpha1.WorkflowFailed {
		t.Errorf("no nodes given: %+v", got.Status)
	}
	body = f.get("wf")
	body.Status.Phase, body.Status.StartedAt, body.Status.FinishedAt, body.Status.Nodes = v1alpha1.WorkflowRunning, metav1.NewTime(time.Unix(3, 0)), metav1.Time{}, nil
	if _, err := f.put(f.Workflow, body); err != nil {
		t.Fatal(err)
	}
	if got := f.get("wf"); len(got.Status.Nodes) != 0 || got.Status.Phase != "" || got.Status.Retries != 1 {
		t.Errorf("not retried: %+v", got.Status)
	}
}

// Who acted on a workflow is the server's to say, and it says so when a plain update does what a verb would (OPS-17).
func TestActorOfAPlainUpdate_OPS17(t *testing.T) {
	for name, tc := range map[string]struct {
		phase  v1alpha1.WorkflowPhase
		change func(*v1alpha1.Workflow)
		action string
	}{
		"retry":      {v1alpha1.WorkflowFailed, resetRoot, "Retry"},
		"resumed":    {v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { resume(w, testSuspended) }, "Resume"},
		"set":        {v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { change(w, testSuspended, func(n *v1alpha1.NodeStatus) { n.Message = "m" }) }, "Set"},
		"suspended":  {v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { w.Spec.Suspend = new(true) }, "Suspend"},
		"stopped":    {v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { w.Spec.Shutdown = v1alpha1.ShutdownStrategyStop }, "Stop"},
		"terminated": {v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { w.Spec.Shutdown = v1alpha1.ShutdownStrategyTerminate }, "Terminate"},
		"nothing":    {v1alpha1.WorkflowRunning, func(*v1alpha1.Workflow) {}, ""},
		"forged":     {v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { w.Status.Message = "m" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Options{}, nodes.Options{})
			transitionRun(f, tc.phase)
			f.ctx = genericapirequest.WithUser(f.ctx, &user.DefaultInfo{Name: "jane"})
			body := asOldClient(f.get("wf"))
			tc.change(body)
			body.Labels = map[string]string{v1alpha1.LabelKeyActor: "forged", v1alpha1.LabelKeyAction: "Forged", v1alpha1.LabelKeyActorEmail: "forged", "l": "1"}
			body.Annotations = map[string]string{v1alpha1.AnnotationKeyActor: "forged"}
			if _, err := f.put(f.Workflow, body); err != nil {
				t.Fatal(err)
			}
			actor := map[bool]string{true: "jane"}[tc.action != ""]
			got := f.get("wf")
			if got.Labels[v1alpha1.LabelKeyAction] != tc.action || got.Labels[v1alpha1.LabelKeyActor] != actor || got.Labels[v1alpha1.LabelKeyActorEmail] != "" || got.Labels["l"] != "1" {
				t.Errorf("labels %v", got.Labels)
			}
			if noted := got.Annotations[v1alpha1.AnnotationKeyActor]; noted == "forged" || (noted == "") != (tc.action == "") {
				t.Errorf("annotation %s", noted)
			}
			body = got.DeepCopy()
			body.Labels, body.Annotations = nil, nil
			if _, err := f.put(f.Workflow, body); err != nil {
				t.Fatal(err)
			}
			if got := f.get("wf"); got.Labels[v1alpha1.LabelKeyAction] != tc.action || got.Labels["l"] != "" {
				t.Errorf("after another write: %v", got.Labels)
			}
		})
	}
}
