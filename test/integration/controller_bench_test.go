package integration

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/fakekube"
	"fairlead.dev/fairlead/test/integration/harness"
)

// BenchmarkOnePodWorkflows runs workflows of one pod, 100 at once, against the real API server and a fake cluster. It reports
// the CPU time of the controller, a process of its own, and that of this process: API server, etcd, the fake cluster and
// this client together.
func BenchmarkOnePodWorkflows(b *testing.B) {
	const atOnce = 100
	server := harness.StartServer(b)
	kube := fakekube.Start(b, server.Config)
	kube.RunPods(b, 20*time.Millisecond)
	controller := startController(b, kube.Kubeconfig(b), noElection)

	total := 0
	before := cpuTime(b, syscall.RUSAGE_SELF)
	started := time.Now()
	for b.Loop() {
		createRuns(b, server.Client, atOnce, func(i int) *wfv1.Workflow {
			return &wfv1.Workflow{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("run-%d", total+i), Namespace: metav1.NamespaceDefault},
				Spec: wfv1.WorkflowSpec{Entrypoint: "main", Templates: []wfv1.Template{
					{Name: "main", Container: &corev1.Container{Image: "busybox", Command: []string{"true"}}},
				}},
			}
		})
		total += atOnce
		awaitRuns(b, server.Client, total, alive(b, controller))
	}
	elapsed := time.Since(started)
	others := cpuTime(b, syscall.RUSAGE_SELF) - before
	controller.signal(syscall.SIGTERM)
	<-controller.ended
	usage := controller.command.ProcessState
	n := float64(total)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(n/elapsed.Seconds(), "workflows/s")
	b.ReportMetric((usage.UserTime()+usage.SystemTime()).Seconds()*1000/n, "controller-ms/workflow")
	b.ReportMetric(others.Seconds()*1000/n, "others-ms/workflow")
	b.ReportMetric(float64(kube.Requests("POST pods")+kube.Requests("PATCH pods")+kube.Requests("DELETE pods"))/n, "pod-writes/workflow")
	b.ReportMetric(float64(kube.Requests("POST events")+kube.Requests("PATCH events"))/n, "event-writes/workflow")
}

func cpuTime(b *testing.B, who int) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(who, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
