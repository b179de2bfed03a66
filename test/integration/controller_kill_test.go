package integration

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	apiserver "fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/fakekube"
	"fairlead.dev/fairlead/test/integration/harness"
)

const noElection = "--leader-elect=false"

// killAtRandom keeps one controller running and kills it again and again, after a random while, until so many have died.
func killAtRandom(t *testing.T, kubeconfig string, deaths int) (tick func(), died func() int) {
	process := startController(t, kubeconfig, noElection)
	count := 0
	soon := func() <-chan time.Time { return time.After(150*time.Millisecond + rand.N(900*time.Millisecond)) }
	next := soon()
	return func() {
		select {
		case <-process.ended:
			t.Fatalf("the controller ended by itself:\n%s", process.output)
		case <-next:
			if count < deaths {
				process.kill()
				process = startController(t, kubeconfig, noElection)
				count++
				next = soon()
			}
		default:
		}
	}, func() int { return count }
}

// The restart guarantee: a controller is killed at random moments through 50 runs of 30 steps, and each step's pod is
// created exactly once and each run succeeds (issue 2, section 5).
func TestKilledControllerContinuesEveryRun(t *testing.T) {
	for name, inline := range map[string]int64{"nodes inside the object": 64 << 10, "nodes in pages": 2000} {
		t.Run(name, func(t *testing.T) {
			runs := 50
			if inline < 64<<10 {
				runs = 10
			}
			server := harness.StartServer(t, harness.WithOptions(func(o *apiserver.Options) { o.Storage.InlineNodesBytes = inline }))
			kube := fakekube.Start(t, server.Config)
			kube.RunPods(t, 200*time.Millisecond)
			createRuns(t, server.Client, runs, func(i int) *wfv1.Workflow { return diamondRun(fmt.Sprintf("run-%d", i), 6) })

			tick, died := killAtRandom(t, kube.Kubeconfig(t), 60)
			awaitRuns(t, server.Client, runs, tick)
			if died() == 0 {
				t.Error("no controller was killed, so nothing was tested")
			}
			t.Logf("%d controllers were killed", died())
			verifyRuns(t, server.Client, kube, runs, 30)
		})
	}
}

// Two controllers that both believe to be alone never make two pods for one attempt.
func TestTwoControllersAtOnce(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	kube := fakekube.Start(t, server.Config)
	kube.RunPods(t, 100*time.Millisecond)
	kubeconfig := kube.Kubeconfig(t)
	both := alive(t, startController(t, kubeconfig, noElection), startController(t, kubeconfig, noElection))
	createRuns(t, server.Client, 10, func(i int) *wfv1.Workflow { return diamondRun(fmt.Sprintf("run-%d", i), 6) })
	awaitRuns(t, server.Client, 10, both)
	verifyRuns(t, server.Client, kube, 10, 30)
}

// A leader that is frozen, loses its Lease to another one and wakes up later creates no pod, although the names of ended
// pods are free again by then.
func TestDeposedLeaderCreatesNothing(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	kube := fakekube.Start(t, server.Config)
	kube.RunPods(t, 100*time.Millisecond)
	kubeconfig := kube.Kubeconfig(t)
	lease := []string{"--lease-namespace=default", "--lease-duration=3s", "--lease-renew-deadline=2s", "--lease-retry-period=200ms"}
	first := startController(t, kubeconfig, lease...)

	const runs = 10
	createRuns(t, server.Client, runs, func(i int) *wfv1.Workflow {
		wf := diamondRun(fmt.Sprintf("run-%d", i), 6)
		wf.Spec.PodGC = &wfv1.PodGC{Strategy: wfv1.PodGCOnPodCompletion, DeleteDelayDuration: "0s"}
		return wf
	})
	awaitCondition(t, "the first controller to create pods", func() bool { alive(t, first)(); return len(kube.CreatedPods()) > runs*5 })
	first.signal(syscall.SIGSTOP)
	awaitRuns(t, server.Client, runs, alive(t, startController(t, kubeconfig, lease...)))
	requests := kube.Requests("POST pods")
	first.signal(syscall.SIGCONT)
	<-first.ended
	if now := kube.Requests("POST pods"); now != requests {
		t.Errorf("the deposed leader made %d requests to create pods", now-requests)
	}
	verifyRuns(t, server.Client, kube, runs, 30)
}

// A controller that is asked to end gives its Lease back, and another one goes on at once.
func TestControllerHandsOver(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	kube := fakekube.Start(t, server.Config)
	kube.RunPods(t, 100*time.Millisecond)
	kubeconfig := kube.Kubeconfig(t)
	lease := []string{"--lease-namespace=default", "--lease-duration=1h", "--lease-renew-deadline=30s", "--lease-retry-period=100ms"}
	first := startController(t, kubeconfig, lease...)
	createRuns(t, server.Client, 5, func(i int) *wfv1.Workflow { return diamondRun(fmt.Sprintf("run-%d", i), 6) })
	awaitCondition(t, "the first controller to create pods", func() bool { alive(t, first)(); return len(kube.CreatedPods()) > 10 })
	second := startController(t, kubeconfig, lease...)
	first.signal(syscall.SIGTERM)
	<-first.ended
	awaitRuns(t, server.Client, 5, alive(t, second))
	verifyRuns(t, server.Client, kube, 5, 30)
}
