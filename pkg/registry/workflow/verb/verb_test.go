package verb_test

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestSuspendAndResume_OPS08_OPS09_OPS17(t *testing.T) {
	f := newFixture(t)
	f.run("wf", v1alpha1.WorkflowRunning, 0)
	wf := f.do("workflows/suspend", "wf", &v1alpha1.SuspendOptions{}, metav1.DryRunAll)
	if wf.Spec.Suspend == nil || f.get("wf").Spec.Suspend != nil {
		t.Error("a dry run answers as if, and changes nothing")
	}
	wf = f.do("workflows/suspend", "wf", &v1alpha1.SuspendOptions{})
	if !*wf.Spec.Suspend || wf.Generation != 2 || wf.Labels[v1alpha1.LabelKeyActor] != "jane.at.example.com" || wf.Labels[v1alpha1.LabelKeyAction] != "Suspend" ||
		!strings.Contains(wf.Annotations[v1alpha1.AnnotationKeyActor], `"groups":["dev"]`) {
		t.Errorf("generation %d, %v %v", wf.Generation, wf.Labels, wf.Annotations)
	}
	if again := f.do("workflows/suspend", "wf", &v1alpha1.SuspendOptions{}); again.ResourceVersion != wf.ResourceVersion {
		t.Error("suspending twice changes something")
	}
	wf = f.do("workflows/resume", "wf", &v1alpha1.ResumeOptions{})
	n := wf.Status.Nodes["wait"]
	if wf.Spec.Suspend != nil || n.Phase != v1alpha1.NodeSucceeded || n.Message != "Resumed by: map[User:jane@example.com]" ||
		*n.Outputs.Parameters[0].Value != "d" || *wf.Status.Outputs.GetParameterByName("global").Value != "d" {
		t.Errorf("%+v, outputs %+v", n, wf.Status.Outputs)
	}
	version := wf.ResourceVersion
	if wf = f.do("workflows/resume", "wf", &v1alpha1.ResumeOptions{}); wf.ResourceVersion != version || len(f.takeWarnings()) != 1 {
		t.Error("resuming what is not suspended changes nothing and warns")
	}
	_, err := f.post("workflows/resume", "wf", &v1alpha1.ResumeOptions{NodeFieldSelector: "displayName=wait"})
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), "no suspend nodes matching nodeFieldSelector: displayName=wait") {
		t.Errorf("nothing matches: %v", err)
	}
}

func TestResumeByNode_OPS09(t *testing.T) {
	f := newFixture(t)
	f.run("wf", v1alpha1.WorkflowRunning, 0)
	f.do("workflows/suspend", "wf", &v1alpha1.SuspendOptions{})
	wf := f.do("workflows/resume", "wf", &v1alpha1.ResumeOptions{NodeFieldSelector: "displayName=wait"})
	if n := wf.Status.Nodes["wait"]; n.Phase != v1alpha1.NodeSucceeded || n.Outputs.Parameters[0].Value != nil || !*wf.Spec.Suspend {
		t.Errorf("with a selector outputs and the workflow's own suspension stay: %+v", n)
	}
}

func TestStopAndTerminate_OPS10_OPS11(t *testing.T) {
	f := newFixture(t)
	f.run("wf", v1alpha1.WorkflowRunning, 0)
	wf := f.do("workflows/stop", "wf", &v1alpha1.StopOptions{NodeFieldSelector: "id=wait", Message: "no"})
	if n := wf.Status.Nodes["wait"]; n.Phase != v1alpha1.NodeFailed || n.Message != "no" || wf.Spec.Shutdown != "" {
		t.Errorf("%+v, shutdown %q", n, wf.Spec.Shutdown)
	}
	if wf = f.do("workflows/stop", "wf", &v1alpha1.StopOptions{}); wf.Spec.Shutdown != v1alpha1.ShutdownStrategyStop {
		t.Errorf("shutdown %q", wf.Spec.Shutdown)
	}
	f.do("workflows/stop", "wf", &v1alpha1.StopOptions{})
	if wf = f.do("workflows/terminate", "wf", &v1alpha1.TerminateOptions{}); wf.Spec.Shutdown != v1alpha1.ShutdownStrategyTerminate || wf.Labels[v1alpha1.LabelKeyAction] != "Terminate" {
		t.Errorf("shutdown %q", wf.Spec.Shutdown)
	}
	if wf = f.do("workflows/stop", "wf", &v1alpha1.StopOptions{}); wf.Spec.Shutdown != v1alpha1.ShutdownStrategyTerminate || len(f.takeWarnings()) != 1 {
		t.Error("a termination does not become a stop")
	}
}

func TestSet_OPS12(t *testing.T) {
	f := newFixture(t)
	f.run("wf", v1alpha1.WorkflowRunning, 0)
	set := &v1alpha1.SetOptions{NodeFieldSelector: "displayName=wait", Message: "m", OutputParameters: map[string]v1alpha1.AnyString{"o": "x"}}
	wf := f.do("workflows/set", "wf", set)
	n := wf.Status.Nodes["wait"]
	if n.Phase != v1alpha1.NodeRunning || n.Message != "m" || *n.Outputs.Parameters[0].Value != "x" || *wf.Status.Outputs.GetParameterByName("global").Value != "x" {
		t.Errorf("%+v", n)
	}
	if _, err := f.post("workflows/set", "wf", set); !apierrors.IsConflict(err) || !strings.Contains(err.Error(), "is set already") {
		t.Errorf("an output is set once: %v", err)
	}
}

func TestRetry_OPS13(t *testing.T) {
	for _, failed := range []int{2, 150} { // inside the object, and in pages
		t.Run(fmt.Sprint(failed), func(t *testing.T) {
			f := newFixture(t)
			created := f.run("wf", v1alpha1.WorkflowFailed, failed)
			if paged := created.Status.NodeStorage != nil; paged != (failed > 2) {
				t.Fatalf("paged %v", paged)
			}
			dry := f.do("workflows/retry", "wf", &v1alpha1.RetryOptions{}, metav1.DryRunAll)
			warned := f.takeWarnings()
			if len(dry.Status.Nodes) != 2 || len(f.get("wf").Status.Nodes) != failed+2 || len(warned) != 1 ||
				!strings.Contains(warned[0], fmt.Sprintf("would reset %d of %d nodes and delete %d pods", failed+1, failed+2, failed)) {
				t.Errorf("dry run: %d nodes, warnings %q", len(dry.Status.Nodes), warned)
			}
			wf := f.do("workflows/retry", "wf", &v1alpha1.RetryOptions{Parameters: []string{"p=new"}})
			if len(wf.Status.Nodes) != 2 || wf.Status.Phase != "" || wf.Status.Retries != 1 || wf.Status.Nodes["wf"].Phase != v1alpha1.NodeRunning ||
				wf.Labels[v1alpha1.LabelKeyCompleted] != "" || *wf.Spec.Arguments.Parameters[0].Value != "new" || !wf.Status.FinishedAt.IsZero() || wf.Generation != 2 {
				t.Errorf("%d nodes, status %+v, labels %v", len(wf.Status.Nodes), wf.Status, wf.Labels)
			}
			got := f.get("wf")
			if len(got.Status.Nodes) != 2 || got.Status.Nodes["done"].PodUID != "kept" || got.Status.NodeStorage != nil && got.Status.NodeStorage.Nodes != 2 {
				t.Errorf("stored: %+v", got.Status)
			}
			if _, err := f.post("workflows/retry", "wf", &v1alpha1.RetryOptions{}); !apierrors.IsConflict(err) || !strings.Contains(err.Error(), "Cannot retry a workflow in phase") {
				t.Errorf("a second retry: %v", err)
			}
		})
	}
}

// What is wrong with a request is said with its field; what the state of the workflow does not allow is a conflict.
func TestRefusals(t *testing.T) {
	f := newFixture(t)
	over := f.run("over", v1alpha1.WorkflowSucceeded, 0)
	running := f.run("running", v1alpha1.WorkflowRunning, 0)
	invalid := func(err error) bool { return apierrors.IsInvalid(err) }
	for name, tc := range map[string]struct {
		resource, workflow string
		body               runtime.Object
		is                 func(error) bool
		text               string
	}{
		"suspend completed":       {"workflows/suspend", "over", &v1alpha1.SuspendOptions{}, apierrors.IsConflict, "cannot suspend completed workflows"},
		"stop completed":          {"workflows/stop", "over", &v1alpha1.StopOptions{}, apierrors.IsConflict, "cannot shutdown a completed workflow"},
		"retry succeeded":         {"workflows/retry", "over", &v1alpha1.RetryOptions{}, apierrors.IsConflict, "To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector"},
		"retry running":           {"workflows/retry", "running", &v1alpha1.RetryOptions{}, apierrors.IsConflict, "Cannot retry a workflow in phase Running"},
		"retry without selector":  {"workflows/retry", "over", &v1alpha1.RetryOptions{RestartSuccessful: true}, invalid, "nodeFieldSelector: Invalid value"},
		"retry with bad pair":     {"workflows/retry", "over", &v1alpha1.RetryOptions{Parameters: []string{"x"}}, invalid, "parameters[0]: Invalid value"},
		"memoized of a success":   {"workflows/resubmit", "over", &v1alpha1.ResubmitOptions{Memoized: true}, apierrors.IsConflict, "workflow must be Failed/Error to resubmit in memoized mode"},
		"set without selector":    {"workflows/set", "running", &v1alpha1.SetOptions{Message: "m"}, invalid, "nodeFieldSelector: Required value"},
		"set of nothing":          {"workflows/set", "running", &v1alpha1.SetOptions{NodeFieldSelector: "id=wait"}, invalid, "phase: Required value"},
		"set to a wrong phase":    {"workflows/set", "running", &v1alpha1.SetOptions{NodeFieldSelector: "id=wait", Phase: "Done"}, invalid, `supported values: "Succeeded", "Failed", "Error"`},
		"set of an unknown":       {"workflows/set", "running", &v1alpha1.SetOptions{NodeFieldSelector: "id=wait", OutputParameters: map[string]v1alpha1.AnyString{"z": "1"}}, apierrors.IsConflict, `no output parameter "z"`},
		"selector of no field":    {"workflows/resume", "running", &v1alpha1.ResumeOptions{NodeFieldSelector: "colour=red"}, invalid, `nodes have no field "colour"`},
		"message for nobody":      {"workflows/stop", "running", &v1alpha1.StopOptions{Message: "m"}, invalid, "message: Forbidden"},
		"no such workflow":        {"workflows/stop", "gone", &v1alpha1.StopOptions{}, apierrors.IsNotFound, `"gone" not found`},
		"nothing to resubmit":     {"workflows/resubmit", "gone", &v1alpha1.ResubmitOptions{}, apierrors.IsNotFound, `"gone" not found`},
		"another name":            {"workflows/stop", "running", &v1alpha1.StopOptions{ObjectMeta: metav1.ObjectMeta{Name: "other"}}, invalid, "must be the name in the URL"},
		"another UID":             {"workflows/stop", "running", &v1alpha1.StopOptions{ObjectMeta: metav1.ObjectMeta{UID: "u"}}, apierrors.IsConflict, "it has UID " + string(running.UID)},
		"another version":         {"workflows/resume", "running", &v1alpha1.ResumeOptions{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "1"}}, apierrors.IsConflict, "it has resource version " + running.ResourceVersion},
		"resubmit of another UID": {"workflows/resubmit", "over", &v1alpha1.ResubmitOptions{ObjectMeta: metav1.ObjectMeta{UID: "u"}}, apierrors.IsConflict, "it has UID " + string(over.UID)},
		"body of another verb":    {"workflows/stop", "running", &v1alpha1.SuspendOptions{}, apierrors.IsBadRequest, "not the body of this subresource"},
	} {
		t.Run(name, func(t *testing.T) {
			f.t = t
			if _, err := f.post(tc.resource, tc.workflow, tc.body); err == nil || !tc.is(err) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("got %v, want %q", err, tc.text)
			}
		})
	}
	if f.get("running").ResourceVersion != running.ResourceVersion || f.get("over").ResourceVersion != over.ResourceVersion {
		t.Error("a refused request changed something")
	}
	if wf := f.do("workflows/resume", "over", &v1alpha1.ResumeOptions{}); wf.ResourceVersion != over.ResourceVersion || len(f.takeWarnings()) != 1 {
		t.Error("resuming what is over changes nothing and warns")
	}
}
