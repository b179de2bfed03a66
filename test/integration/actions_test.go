package integration

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// The verbs work on runs of every size, inside the object and in pages, through the generated clientset (issue 5, OPS-08…14).
func TestVerbsOnRunsOfEverySize(t *testing.T) {
	server := harness.StartServer(t, harness.WithOptions(func(o *app.Options) { o.Storage.InlineNodesBytes = 16 << 10 }))
	workflows := server.Client.ArgoprojV1alpha1().Workflows("default")
	options := metav1.CreateOptions{}
	for _, count := range []int{10, 65, 1_200, 10_000} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			name := fmt.Sprintf("acts-%d", count)
			largeRun(t, server, name, count)
			must := func(wf *v1alpha1.Workflow, err error) *v1alpha1.Workflow {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				return wf
			}
			wf := must(workflows.Suspend(t.Context(), name, &v1alpha1.SuspendOptions{}, options))
			if len(wf.Status.Nodes) != count || !*wf.Spec.Suspend {
				t.Errorf("suspend: %d nodes", len(wf.Status.Nodes))
			}
			wf = must(workflows.Set(t.Context(), name, &v1alpha1.SetOptions{NodeFieldSelector: "id=" + name + "-1", Message: "soon"}, options))
			if wf.Status.Nodes[name+"-1"].Message != "soon" {
				t.Errorf("set: %+v", wf.Status.Nodes[name+"-1"])
			}
			wf = must(workflows.Resume(t.Context(), name, &v1alpha1.ResumeOptions{}, options))
			if n := wf.Status.Nodes[name+"-1"]; n.Phase != v1alpha1.NodeSucceeded || n.Message != "soon; Resumed by: map[User:admin]" || wf.Spec.Suspend != nil {
				t.Errorf("resume: %+v", n)
			}
			// A controller that writes meanwhile is no conflict for the user, and a user none that the controller does not notice.
			stale := header(t, server, name).ResourceVersion
			must(workflows.Stop(t.Context(), name, &v1alpha1.StopOptions{}, options))
			update := &v1alpha1.NodesUpdate{Metadata: metav1.ObjectMeta{UID: wf.UID, ResourceVersion: stale}}
			if _, err := workflows.UpdateNodes(t.Context(), name, update, options); !apierrors.IsConflict(err) {
				t.Errorf("a write of the controller that has not seen the stop: %v", err)
			}
			finish(t, server, name)
			wf = must(workflows.Retry(t.Context(), name, &v1alpha1.RetryOptions{}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}))
			left := len(wf.Status.Nodes)
			if left >= count || left < 2 || len(must(workflows.Get(t.Context(), name, metav1.GetOptions{})).Status.Nodes) != count {
				t.Errorf("dry run: %d nodes would be left of %d", left, count)
			}
			memoized := must(workflows.Resubmit(t.Context(), name, &v1alpha1.ResubmitOptions{Memoized: true}, options))
			if len(memoized.Status.Nodes) != count || memoized.Status.Phase != "" {
				t.Errorf("resubmit: %d nodes", len(memoized.Status.Nodes))
			}
			wf = must(workflows.Retry(t.Context(), name, &v1alpha1.RetryOptions{}, options))
			if len(wf.Status.Nodes) != left || wf.Status.Phase != "" || wf.Status.Retries != 1 || wf.Spec.Shutdown != "" {
				t.Errorf("retry: %d nodes, phase %q, %d retries", len(wf.Status.Nodes), wf.Status.Phase, wf.Status.Retries)
			}
			if stored := must(workflows.Get(t.Context(), name, metav1.GetOptions{})); len(stored.Status.Nodes) != left {
				t.Errorf("%d nodes stored", len(stored.Status.Nodes))
			}
		})
	}
}

// Users who act at the same time all succeed; each change is kept.
func TestVerbsAtTheSameTime(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "busy")
	workflows := server.Client.ArgoprojV1alpha1().Workflows(namespace)
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			if i%2 == 0 {
				_, errs[i] = workflows.Suspend(t.Context(), "busy", &v1alpha1.SuspendOptions{}, metav1.CreateOptions{})
			} else {
				_, errs[i] = workflows.Terminate(t.Context(), "busy", &v1alpha1.TerminateOptions{}, metav1.CreateOptions{})
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	wf, err := workflows.Get(t.Context(), "busy", metav1.GetOptions{})
	if err != nil || wf.Spec.Suspend == nil || wf.Spec.Shutdown != v1alpha1.ShutdownStrategyTerminate {
		t.Errorf("%+v, %v", wf.Spec, err)
	}
}

// Bodies are read strictly when asked, and wrong ones are refused with the field.
func TestBodiesOfVerbs(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "one")
	for body, want := range map[string]string{
		`{"nodeFieldSelector": 5}`:      "nodeFieldSelector",
		`{"nodeFieldSelektor": "id=x"}`: `unknown field "nodeFieldSelektor"`,
		``:                              "",
		`{"kind": "Workflow", "apiVersion": "v1"}`:         "",
		`{"nodeFieldSelector": "id=x", "phase": "Nearly"}`: `supported values: "Succeeded", "Failed", "Error"`,
		`{"metadata": {"namespace": "elsewhere"}}`:         "namespace",
	} {
		err := server.REST(t).Post().AbsPath(path("workflows", "one", "set")).Param("fieldValidation", "Strict").Body([]byte(body)).Do(t.Context()).Error()
		if err == nil || !strings.Contains(err.Error(), want) || apierrors.IsInternalError(err) {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
	answer, err := server.REST(t).Get().AbsPath(path("workflows", "one", "retry")).DoRaw(t.Context())
	if !apierrors.IsMethodNotSupported(err) {
		t.Errorf("GET of a verb: %v %s", err, answer)
	}
}
