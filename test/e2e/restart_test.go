//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const chain = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: chain-
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
        - - {name: a, template: work}
        - - {name: b, template: work}
        - - {name: c, template: work}
        - - {name: d, template: work}
        - - {name: e, template: work}
    - name: work
      container: {image: busybox, command: [sleep, "1"]}
`

// These are not parallel: they run while no other test does, because requests fail for as long as the server is away.
func TestRunsGoOnWhenAPartIsKilled(t *testing.T) {
	for _, deployment := range []string{"fairlead-controller", "fairlead-apiserver"} {
		t.Run(deployment, func(t *testing.T) {
			ns := newNamespace(t)
			name := create(t, ns, chain)
			awaitWorkflow(t, ns, name, "to have finished its first step", func(wf *v1alpha1.Workflow) bool {
				for _, node := range wf.Status.Nodes {
					if node.DisplayName == "a" && node.Phase == v1alpha1.NodeSucceeded {
						return true
					}
				}
				return false
			})
			kill(t, deployment)
			wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)

			// Each step had one pod, and it is the one that the node remembers.
			pods := podsOf(t, ns, name)
			if len(pods) != 5 {
				t.Errorf("%d pods for 5 steps", len(pods))
			}
			seen := map[types.UID]bool{}
			for _, pod := range pods {
				seen[pod.UID] = true
			}
			for _, node := range wf.Status.Nodes {
				if node.Type == v1alpha1.NodeTypePod && !seen[node.PodUID] {
					t.Errorf("node %s has pod UID %q, which no pod has", node.DisplayName, node.PodUID)
				}
			}
		})
	}
}

// kill deletes the pods of a deployment without any grace, and waits until new ones are ready.
func kill(t *testing.T, deployment string) {
	t.Helper()
	selector := metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + deployment}
	before, err := kube.CoreV1().Pods(systemNamespace).List(t.Context(), selector)
	if err != nil {
		t.Fatal(err)
	}
	old := map[types.UID]bool{}
	now := int64(0)
	for _, pod := range before.Items {
		old[pod.UID] = true
		if err := kube.CoreV1().Pods(systemNamespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a new pod of "+deployment, func(ctx context.Context) (bool, string, error) {
		pods, err := kube.CoreV1().Pods(systemNamespace).List(ctx, selector)
		if err != nil {
			return false, "", err
		}
		ready := 0
		for _, pod := range pods.Items {
			for _, c := range pod.Status.Conditions {
				if c.Type == "Ready" && c.Status == "True" && !old[pod.UID] {
					ready++
				}
			}
		}
		return ready >= len(old), fmt.Sprintf("%d of %d ready", ready, len(old)), nil
	})
}
