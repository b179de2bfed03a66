package integration

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/test/integration/fakekube"
)

// runsDeadline is how long all runs of a test may take on a busy machine.
const runsDeadline = 4 * time.Minute

// diamondRun is a DAG of diamonds in a row, five steps each: one, three beside each other, one.
func diamondRun(name string, diamonds int) *wfv1.Workflow {
	dag := &wfv1.DAGTemplate{}
	task := func(n string, after ...string) string {
		dag.Tasks = append(dag.Tasks, wfv1.DAGTask{Name: n, Template: "run", Dependencies: after})
		return n
	}
	var before []string
	for i := range diamonds {
		first := task(fmt.Sprintf("first-%d", i), before...)
		var middle []string
		for j := range 3 {
			middle = append(middle, task(fmt.Sprintf("middle-%d-%d", i, j), first))
		}
		before = []string{task(fmt.Sprintf("last-%d", i), middle...)}
	}
	return &wfv1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault},
		Spec: wfv1.WorkflowSpec{Entrypoint: "main", Templates: []wfv1.Template{
			{Name: "main", DAG: dag},
			{Name: "run", Container: &corev1.Container{Image: "busybox", Command: []string{"true"}}},
		}},
	}
}

func createRuns(t testing.TB, client versioned.Interface, runs int, make func(i int) *wfv1.Workflow) {
	t.Helper()
	for i := range runs {
		wf := make(i)
		if _, err := client.ArgoprojV1alpha1().Workflows(wf.Namespace).Create(context.Background(), wf, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitRuns waits until all runs are over, calling tick between looks.
func awaitRuns(t testing.TB, client versioned.Interface, runs int, tick func()) {
	t.Helper()
	over := 0
	err := wait.PollUntilContextTimeout(context.Background(), 50*time.Millisecond, runsDeadline, true, func(ctx context.Context) (bool, error) {
		list, err := client.ArgoprojV1alpha1().Workflows(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{LabelSelector: wfv1.LabelKeyCompleted + "=true"})
		if err != nil {
			return false, err
		}
		over = len(list.Items)
		tick()
		return over == runs, nil
	})
	if err != nil {
		t.Fatalf("%d of %d runs are over: %v\n%s", over, runs, err, describeOpenRuns(client))
	}
}

// describeOpenRuns tells for people what the runs that are not over wait for.
func describeOpenRuns(client versioned.Interface) string {
	workflows := client.ArgoprojV1alpha1().Workflows(metav1.NamespaceDefault)
	list, err := workflows.List(context.Background(), metav1.ListOptions{LabelSelector: wfv1.LabelKeyCompleted + "!=true"})
	if err != nil {
		return err.Error()
	}
	text := ""
	for i := range list.Items {
		wf, err := workflows.Get(context.Background(), list.Items[i].Name, metav1.GetOptions{})
		if err != nil {
			text += err.Error() + "\n"
			continue
		}
		text += fmt.Sprintf("%s %s %s %s\n", wf.Name, wf.ResourceVersion, wf.Status.Phase, wf.Status.Message)
		for _, n := range wf.Status.Nodes {
			if !n.Fulfilled() {
				text += fmt.Sprintf("  %s %s %s pod %q: %s\n", n.Name, n.Type, n.Phase, n.PodUID, n.Message)
			}
		}
	}
	return text
}

// verifyRuns checks that each run succeeded and that each of its steps had exactly one pod, the one that is recorded.
func verifyRuns(t *testing.T, client versioned.Interface, kube *fakekube.Server, runs, steps int) {
	t.Helper()
	created := kube.CreatedPods()
	if len(created) != runs*steps {
		t.Errorf("pods of %d names were created, want %d", len(created), runs*steps)
	}
	for name, uids := range created {
		if len(uids) != 1 {
			t.Errorf("pod %s was created %d times", name, len(uids))
		}
	}
	byUID := map[types.UID]bool{}
	for _, uids := range created {
		byUID[uids[0]] = true
	}
	list, err := client.ArgoprojV1alpha1().Workflows(metav1.NamespaceDefault).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		wf, err := client.ArgoprojV1alpha1().Workflows(metav1.NamespaceDefault).Get(context.Background(), list.Items[i].Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if wf.Status.Phase != wfv1.WorkflowSucceeded {
			t.Errorf("%s is %s: %s", wf.Name, wf.Status.Phase, wf.Status.Message)
		}
		pods := 0
		for _, n := range wf.Status.Nodes {
			if n.Type != wfv1.NodeTypePod {
				continue
			}
			pods++
			if n.Phase != wfv1.NodeSucceeded || !byUID[n.PodUID] {
				t.Errorf("node %s is %s with pod %q: %s", n.Name, n.Phase, n.PodUID, n.Message)
			}
		}
		if pods != steps {
			t.Errorf("%s ran %d steps, want %d", wf.Name, pods, steps)
		}
	}
}

func awaitCondition(t *testing.T, what string, met func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(context.Background(), 10*time.Millisecond, runsDeadline, true, func(context.Context) (bool, error) {
		return met(), nil
	})
	if err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}
