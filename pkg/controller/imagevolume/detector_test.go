package imagevolume

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	testclock "k8s.io/utils/clock/testing"
)

func node(name, kubelet, containers, system string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{
		KubeletVersion: kubelet, ContainerRuntimeVersion: containers, OperatingSystem: system,
	}}}
}

// DESIGN 7: image volumes are used where the API server, all kubelets and all runtimes have them, and nowhere else.
func TestCheck(t *testing.T) {
	good := node("good", "v1.37.1", "containerd://2.1.0", "linux")
	for name, test := range map[string]struct {
		nodes  []runtime.Object
		answer func(*corev1.Pod) error
		why    string
		failed bool
	}{
		"all do":                        {nodes: []runtime.Object{good, node("other", "v1.36.0+k3s1", "containerd://2.3.7+k3s1", "linux"), node("win", "v1.30.0", "containerd://1.7.0", "windows")}},
		"pre-releases count":            {nodes: []runtime.Object{node("a", "v1.36.0-rc.1", "containerd://2.3.7-rc.1", "linux")}},
		"no node":                       {why: "there is no node"},
		"an old runtime":                {nodes: []runtime.Object{good, node("old", "v1.37.1", "containerd://1.6.20", "linux")}, why: "node old has containerd://1.6.20, and image volumes come with 2.1"},
		"an old kubelet":                {nodes: []runtime.Object{node("old", "v1.34.9", "containerd://2.1.0", "linux")}, why: "node old has kubelet v1.34.9, and image volumes come with 1.35"},
		"an unknown runtime":            {nodes: []runtime.Object{node("odd", "v1.37.1", "docker://29.0", "linux")}, why: "node odd has the container runtime docker://29.0, of which it is not known that programs run from its image volumes"},
		"a runtime that restricts them": {nodes: []runtime.Object{good, node("crio", "v1.37.1", "cri-o://1.37.0", "linux")}, why: "node crio has the container runtime cri-o://1.37.0, of which it is not known that programs run from its image volumes"},
		"a node that says nothing":      {nodes: []runtime.Object{node("virtual", "v1.37.1", "", "linux")}, why: "node virtual has the container runtime , of which it is not known that programs run from its image volumes"},
		"the server drops the field":    {nodes: []runtime.Object{good}, answer: func(p *corev1.Pod) error { p.Spec.Volumes[0].Image = nil; return nil }, why: "the API server drops image volumes from pods"},
		"the server refuses":            {nodes: []runtime.Object{good}, answer: func(*corev1.Pod) error { return errors.New("no") }, failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(test.nodes...)
			client.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
				create, ok := action.(clienttesting.CreateActionImpl)
				if !ok || len(create.CreateOptions.DryRun) != 1 || create.CreateOptions.DryRun[0] != metav1.DryRunAll {
					t.Errorf("a pod is created in earnest: %+v", action)
				}
				pod := create.Object.(*corev1.Pod).DeepCopy()
				if test.answer == nil {
					return true, pod, nil
				}
				err := test.answer(pod)
				return true, pod, err
			})
			why, err := New(Options{Client: client, Namespace: "own", Image: "executor:v1"}).check(t.Context())
			if why != test.why || (err != nil) != test.failed {
				t.Errorf("%q, %v, want %q", why, err, test.why)
			}
		})
	}
}

// A node that does not know them ends their use at the next look.
func TestNodesAreLookedAtAgain(t *testing.T) {
	client := fake.NewClientset(node("good", "v1.37.1", "containerd://2.1.0", "linux"))
	ticks := testclock.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	lists := make(chan struct{}, 8)
	client.PrependReactor("list", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		lists <- struct{}{}
		return false, nil, nil
	})
	d := New(Options{Client: client, Namespace: "own", Image: "executor:v1", Clock: ticks})
	if d.Supported() {
		t.Error("supported before anybody looked")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	await := func(want bool) {
		t.Helper()
		<-lists
		deadline := time.After(time.Minute)
		for d.Supported() != want {
			select {
			case <-deadline:
				t.Fatalf("supported: %v", !want)
			default:
			}
		}
	}
	await(true)
	if err := client.Tracker().Add(node("old", "v1.37.1", "containerd://1.7.1", "linux")); err != nil {
		t.Fatal(err)
	}
	ticks.Step(recheck)
	await(false)
	stop()
	<-ended
}
