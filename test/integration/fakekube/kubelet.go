package fakekube

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// RunPods lets every pod run and succeed, each phase after a random part of the given time, until the test ends.
func (s *Server) RunPods(t testing.TB, atMost time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	pods := s.collection("pods")
	stopped := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		pods.mu.Lock()
		pods.changed.Broadcast()
		pods.mu.Unlock()
		<-stopped
	})
	go func() {
		defer close(stopped)
		version := 0
		for {
			changes := pods.since(version, func() bool { return ctx.Err() != nil })
			if changes == nil {
				return
			}
			for _, e := range changes {
				version = e.version
				if e.before == nil && e.after != nil {
					key := objectKey(access(e.after).GetNamespace(), access(e.after).GetName())
					uid := access(e.after).GetUID()
					time.AfterFunc(rand.N(atMost), func() {
						s.setPhase(key, uid, corev1.PodRunning)
						time.AfterFunc(rand.N(atMost), func() { s.setPhase(key, uid, corev1.PodSucceeded) })
					})
				}
			}
		}
	}()
}

// setPhase does what a kubelet does to the status of a pod when its one container starts and ends.
func (s *Server) setPhase(key string, uid types.UID, phase corev1.PodPhase) {
	_, _ = s.collection("pods").modify(key, func(obj runtime.Object) (runtime.Object, error) {
		pod := obj.(*corev1.Pod)
		if pod.UID != uid {
			return nil, errConflict
		}
		SetPodPhase(pod, phase)
		return pod, nil
	})
}

// SetPodPhase gives a pod the status that goes with a phase.
func SetPodPhase(pod *corev1.Pod, phase corev1.PodPhase) {
	now := metav1.Now()
	pod.Spec.NodeName = "fake-host"
	pod.Status.Phase = phase
	if pod.Status.StartTime == nil {
		pod.Status.StartTime = &now
	}
	pod.Status.ContainerStatuses = nil
	for _, c := range pod.Spec.Containers {
		state := corev1.ContainerStatus{Name: c.Name}
		switch phase {
		case corev1.PodRunning:
			state.State.Running = &corev1.ContainerStateRunning{StartedAt: now}
		case corev1.PodSucceeded:
			state.State.Terminated = &corev1.ContainerStateTerminated{Reason: "Completed", FinishedAt: now}
		case corev1.PodFailed:
			state.State.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: now}
		}
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, state)
	}
}

// CreatedPods tells the UIDs of all pods that were ever created under each name, as "namespace/name".
func (s *Server) CreatedPods() map[string][]types.UID {
	pods := s.collection("pods")
	pods.mu.Lock()
	defer pods.mu.Unlock()
	all := make(map[string][]types.UID, len(pods.created))
	for key, uids := range pods.created {
		all[key] = append([]types.UID(nil), uids...)
	}
	return all
}

// Pods are the pods that exist.
func (s *Server) Pods() []*corev1.Pod {
	objects, _ := s.collection("pods").list("")
	pods := make([]*corev1.Pod, 0, len(objects))
	for _, obj := range objects {
		pods = append(pods, obj.(*corev1.Pod))
	}
	return pods
}

// DeletePod deletes a pod as a user would.
func (s *Server) DeletePod(namespace, name string) error {
	if _, err := s.collection("pods").remove(objectKey(namespace, name), nil); err != nil {
		return fmt.Errorf("delete pod %s/%s: %w", namespace, name, err)
	}
	return nil
}
