package workflow

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// A run goes on when the containers of a pod have ended well. Such a pod is neither stopped nor cleaned up before Kubernetes
// says that it has ended, and then it is, also when the workflow was over by that time (PGC-01, POD-20).
func TestRunsGoOnBeforePodsSucceed(t *testing.T) {
	w := newWorld(t)
	wf := &wfv1.Workflow{Spec: wfv1.WorkflowSpec{Entrypoint: "run", Templates: []wfv1.Template{*runTemplate}, PodGC: &wfv1.PodGC{Strategy: wfv1.PodGCOnPodSuccess, DeleteDelayDuration: "0s"}}}
	wf.Name = "demo"
	key := w.submit(wf)
	p := w.start(Options{})
	p.handle(context.Background(), key)
	change := func(do func(*corev1.Pod)) {
		for _, pod := range p.podSet {
			if err := p.changePod(pod.Namespace, pod.Name, pod.UID, do); err != nil {
				t.Fatal(err)
			}
		}
		p.deliver()
		p.handle(context.Background(), key)
		p.deliver()
		p.handle(context.Background(), key)
	}
	change(func(pod *corev1.Pod) {
		setPhase(pod, corev1.PodRunning)
		pod.Status.StartTime = new(metav1.Now())
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}}
	})
	if got := w.stored[key].header.Status; got.Phase != wfv1.WorkflowSucceeded {
		t.Fatalf("%s: %s\n%s", got.Phase, got.Message, w.describe(key))
	}
	if p.counts["expire"]+p.counts["delete"]+p.counts["label"] != 0 {
		t.Errorf("writes to a pod that has not ended: %v", p.counts)
	}
	var uids []string
	for _, pod := range p.podSet {
		uids = append(uids, string(pod.UID))
	}
	change(func(pod *corev1.Pod) { setPhase(pod, corev1.PodSucceeded) })
	if len(uids) != 1 || p.cleaner.queue.Len() != 1 {
		t.Errorf("%d pods, %d of them are cleaned up", len(uids), p.cleaner.queue.Len())
	}
}
