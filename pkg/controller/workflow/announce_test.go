package workflow

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/executor/task"
)

// DESIGN 7 (ends are never missed): a pod in which something may still wait for a container that was killed is told so once, by
// whichever controller sees it.
func TestPodIsToldOfAnEnd(t *testing.T) {
	w := newWorld(t)
	key := w.submit(diamonds("demo", 1))
	p := w.start(Options{})
	p.handle(context.Background(), key)
	for _, pod := range p.podSet {
		_ = p.changePod(pod.Namespace, pod.Name, pod.UID, func(pod *corev1.Pod) {
			setPhase(pod, corev1.PodRunning)
			pod.Spec.Containers = []corev1.Container{{Name: "main"}, {Name: "wait"}}
			pod.Status.StartTime = new(metav1.Now())
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{
				{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}}},
				{Name: "wait", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
			}
		})
	}
	p.deliver()
	p.handle(context.Background(), key)
	if p.counts["announce"] != 0 {
		t.Errorf("told at once: %v", p.counts)
	}
	p = w.start(Options{})
	for range 3 {
		p.deliver()
		p.handle(context.Background(), key)
		w.now.Step(6 * time.Second)
	}
	told := 0
	for _, pod := range w.podSet {
		if pod.Annotations[task.EndedAnnotation] == "main" {
			told++
		}
	}
	if w.counts["announce"] != 1 || told != 1 {
		t.Errorf("writes: %v, %d pods know\n%s", w.counts, told, w.describe(key))
	}
}
