package workflow

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// A user who sets spec.shutdown stops the pods that run, and the run ends, although the engine was told of no pod (OPS-03).
func TestShutdownByUser(t *testing.T) {
	for _, strategy := range []wfv1.ShutdownStrategy{wfv1.ShutdownStrategyStop, wfv1.ShutdownStrategyTerminate} {
		t.Run(string(strategy), func(t *testing.T) {
			w := newWorld(t)
			key := w.submit(diamonds("demo", 1))
			p := w.start(Options{})
			p.handle(context.Background(), key)
			for _, pod := range p.podSet {
				_ = p.changePod(pod.Namespace, pod.Name, pod.UID, func(pod *corev1.Pod) {
					setPhase(pod, corev1.PodRunning)
					pod.Status.StartTime = new(metav1.Now())
				})
			}
			p.deliver()
			p.handle(context.Background(), key)
			p.edit(key, func(wf *wfv1.Workflow) { wf.Spec.Shutdown = strategy })
			p.deliver()
			p.handle(context.Background(), key)
			if p.counts["expire"] != 1 {
				t.Errorf("writes: %v\n%s", p.counts, w.describe(key))
			}
			p.deliver()
			p.handle(context.Background(), key)
			if got := w.stored[key].header.Status; got.Phase != wfv1.WorkflowFailed {
				t.Errorf("%s: %s\n%s", got.Phase, got.Message, w.describe(key))
			}
		})
	}
}
