package artifactgc

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// syncAll looks at all tasks once.
func (w *world) syncAll() (errs []error) {
	w.t.Helper()
	tasks, _ := w.deliver()
	for i := range tasks {
		if err := w.c.syncTask(w.t.Context(), types.NamespacedName{Namespace: "ns", Name: tasks[i].Name}); err != nil {
			errs = append(errs, err)
		}
	}
	w.deliver()
	return errs
}

func (w *world) pods() []corev1.Pod {
	w.t.Helper()
	_, pods := w.deliver()
	return pods
}

// marked lists the artifacts that are marked deleted.
func (w *world) marked() string {
	names := ""
	for _, n := range w.nodes {
		for _, a := range n.Outputs.Artifacts {
			if a.Deleted {
				names += a.Name
			}
		}
	}
	return names
}

// failing lets one kind of write fail once.
func (w *world) failing(write string) (failed *bool) {
	failed = new(bool)
	once := func(verb, resource, subresource string) {
		fail := func(action clienttesting.Action) (bool, runtime.Object, error) {
			if *failed || action.GetSubresource() != subresource {
				return false, nil, nil
			}
			*failed = true
			return true, nil, errors.New("the API is away")
		}
		w.client.PrependReactor(verb, resource, fail)
		w.kube.PrependReactor(verb, resource, fail)
	}
	switch write {
	case "workflow":
		w.failNodes = func() error {
			if *failed {
				return nil
			}
			*failed = true
			return errors.New("the API is away")
		}
	case "status":
		once("update", "workflowartifactgctasks", "status")
	case "annotations":
		once("update", "workflowartifactgctasks", "")
	case "pod":
		once("delete", "pods", "")
	case "task":
		once("delete", "workflowartifactgctasks", "")
	}
	return failed
}

// A report stays about the artifacts that its pod was given, whichever of the writes that follow from it has to be done again.
func TestReportIsTakenInAgain_ART16(t *testing.T) {
	for _, write := range []string{"workflow", "status", "annotations", "pod"} {
		t.Run("some left/"+write, func(t *testing.T) {
			w := newWorld(t, finished(completion), Options{})
			w.syncWorkflow()
			_, p := w.sync()
			w.end(p, corev1.PodFailed, `{"failed":"1","failures":[{"artifact":1,"message":"access denied"}],"complete":true}`)
			failed := w.failing(write)
			if errs := w.syncAll(); len(errs) != 1 || !*failed {
				t.Fatalf("%v", errs)
			}
			for range 3 {
				if errs := w.syncAll(); len(errs) > 0 {
					t.Fatal(errs)
				}
				if strings.Contains(w.marked(), "b") {
					t.Fatalf("marked deleted: %s", w.marked())
				}
			}
			tasks, pods := w.deliver()
			if len(tasks) != 1 || len(pods) != 0 || w.marked() != "ac" || tasks[0].Annotations[annotationAttempts] != "1" {
				t.Fatalf("marked %s, %d pods, tasks %+v", w.marked(), len(pods), tasks)
			}
			w.now.Step(firstPause)
			_, p = w.sync()
			w.end(p, corev1.PodSucceeded, "")
			if task, _ := w.sync(); task != nil || w.marked() != "abc" {
				t.Errorf("marked %s, left %+v", w.marked(), task)
			}
		})
	}
	for _, write := range []string{"workflow", "status", "task"} {
		t.Run("none left/"+write, func(t *testing.T) {
			w := newWorld(t, finished(completion), Options{})
			w.syncWorkflow()
			_, p := w.sync()
			w.end(p, corev1.PodSucceeded, "")
			failed := w.failing(write)
			if errs := w.syncAll(); len(errs) != 1 || !*failed {
				t.Fatalf("%v", errs)
			}
			if task, _ := w.sync(); task != nil || w.marked() != "abc" {
				t.Errorf("marked %s, left %+v", w.marked(), task)
			}
		})
	}
}

// A pod whose list cannot be told has deleted nothing that anybody could vouch for.
func TestReportAboutAnotherList(t *testing.T) {
	for name, spoil := range map[string]func(p *corev1.Pod){
		"no places":           func(p *corev1.Pod) { delete(p.Annotations, annotationPlaces) },
		"another place":       func(p *corev1.Pod) { p.Annotations[annotationPlaces] = "[0,2,1]" },
		"no such place":       func(p *corev1.Pod) { p.Annotations[annotationPlaces] = "[0,1,9]" },
		"fewer than the list": func(p *corev1.Pod) { p.Annotations[annotationPlaces] = "[0]" },
	} {
		w := newWorld(t, finished(completion), Options{})
		w.syncWorkflow()
		_, p := w.sync()
		spoil(p)
		w.end(p, corev1.PodSucceeded, "")
		if task, p := w.sync(); task == nil || p != nil || w.marked() != "" || task.Annotations[annotationAttempts] != "1" {
			t.Errorf("%s: marked %q, %+v", name, w.marked(), task)
		}
	}
	w := newWorld(t, finished(completion), Options{})
	w.syncWorkflow()
	_, p := w.sync()
	w.end(p, corev1.PodFailed, `{"failed":"7","complete":true}`)
	if w.sync(); w.marked() != "" {
		t.Errorf("a report about places beyond the list marks %s", w.marked())
	}
}

// A pod may have been built when the informer did not know yet what the one before it had done.
func TestReportOfPodWithOldList(t *testing.T) {
	w := newWorld(t, finished(completion), Options{})
	w.syncWorkflow()
	task, p := w.sync()
	task.Status.ArtifactResultsByNode = map[string]wfv1.ArtifactResultNodeStatus{"n1": {ArtifactResults: map[string]wfv1.ArtifactResult{"a": {Name: "a", Success: true}}}}
	if err := w.client.Tracker().Update(wfv1.SchemeGroupVersion.WithResource("workflowartifactgctasks"), task, "ns"); err != nil {
		t.Fatal(err)
	}
	w.end(p, corev1.PodFailed, `{"failed":"0-1","failures":[],"complete":true}`)
	task, _ = w.sync()
	if r := task.Status.ArtifactResultsByNode["n1"].ArtifactResults; w.marked() != "ac" || !r["a"].Success || r["b"].Success {
		t.Errorf("marked %s, %+v", w.marked(), task.Status)
	}
}

// change changes the workflow as a user or its controller would.
func (w *world) change(f func(wf *wfv1.Workflow)) *wfv1.Workflow {
	w.t.Helper()
	wf, err := w.client.ArgoprojV1alpha1().Workflows("ns").Get(w.t.Context(), "wf", metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	f(wf)
	if err := w.client.Tracker().Update(wfv1.SchemeGroupVersion.WithResource("workflows"), wf, "ns"); err != nil {
		w.t.Fatal(err)
	}
	return wf
}

// A retried workflow leaves artifacts again, which a task of before must neither delete under its hands nor mark (AGC-03).
func TestRetriedWorkflow_AGC03(t *testing.T) {
	recorded := metav1.NewTime(time.Unix(900, 0))
	for name, ends := range map[string]bool{"at work": false, "has ended": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, finished(completion), Options{})
			w.client.PrependReactor("create", "workflowartifactgctasks", func(a clienttesting.Action) (bool, runtime.Object, error) {
				a.(clienttesting.CreateAction).GetObject().(*wfv1.WorkflowArtifactGCTask).CreationTimestamp = recorded
				return false, nil, nil
			})
			w.nodes[1].StartedAt = metav1.NewTime(recorded.Add(-time.Minute))
			w.syncWorkflow()
			first, p := w.sync()
			if ends {
				w.end(p, corev1.PodSucceeded, "")
			}
			wf := w.change(func(wf *wfv1.Workflow) {
				wf.Status = wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning, Retries: 1, ArtifactRepositoryRef: wf.Status.ArtifactRepositoryRef}
			})
			w.nodes[0].StartedAt = metav1.NewTime(recorded.Add(time.Minute))
			w.deliver()
			if w.c.noteWorkflow(wf); w.c.queue.Len() != 1 {
				t.Fatal("the retry is not noticed")
			}
			for range 2 {
				if errs := w.syncAll(); len(errs) > 0 {
					t.Fatal(errs)
				}
				if n := len(w.pods()); ends != (n == 1) || w.marked() != "" {
					t.Fatalf("%d pods while the workflow runs, marked %q", n, w.marked())
				}
			}

			// The informer may be the first to know, and the last.
			if err := w.c.Headers.GetIndexer().Add(wf); err != nil {
				t.Fatal(err)
			}
			w.change(func(wf *wfv1.Workflow) { wf.Status.Phase = wfv1.WorkflowSucceeded })
			if errs := w.syncAll(); len(errs) > 0 || !ends && len(w.pods()) > 0 {
				t.Fatalf("%v, %d pods", errs, len(w.pods()))
			}
			if err := w.c.Headers.GetIndexer().Delete(wf); err != nil {
				t.Fatal(err)
			}

			if ends {
				if errs := w.syncAll(); len(errs) > 0 || w.marked() != "c" {
					t.Fatalf("%v: marked %q, where only n2 is of before the retry", errs, w.marked())
				}
			}
			w.syncWorkflow()
			tasks, _ := w.deliver()
			var second *wfv1.WorkflowArtifactGCTask
			for i := range tasks {
				if tasks[i].Name != first.Name {
					second = &tasks[i]
				}
			}
			if second == nil || !strings.Contains(second.Name, "-wfcomp-1-") || roundOf(second) != 1 {
				t.Fatalf("what the retry left is not recorded: %+v", tasks)
			}
			for range 2 {
				if errs := w.syncAll(); len(errs) > 0 {
					t.Fatal(errs)
				}
				for _, p := range w.pods() {
					w.end(&p, corev1.PodSucceeded, "")
				}
			}
			if errs := w.syncAll(); len(errs) > 0 || w.marked() != "abc" {
				t.Errorf("%v: marked %q", errs, w.marked())
			}
			if tasks, _ := w.deliver(); len(tasks) > 0 {
				t.Errorf("left: %+v", tasks)
			}
		})
	}
}
