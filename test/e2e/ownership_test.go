//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// waits runs until it is told to stop, and then stops at once.
const waits = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: waits-
spec:
  entrypoint: main
  templates:
    - name: main
      container:
        image: busybox
        command: [sh, -c, "trap 'exit 0' TERM; sleep 3600 & wait"]
`

// awaitPod waits until the workflow has a pod that runs.
func awaitPod(t *testing.T, namespace, workflow string) {
	t.Helper()
	eventually(t, "a running pod of "+workflow, func(context.Context) (bool, string, error) {
		pods := podsOf(t, namespace, workflow)
		return len(pods) > 0 && pods[0].Status.Phase == corev1.PodRunning, fmt.Sprintf("%d pods", len(pods)), nil
	})
}

func TestDeletingAWorkflowDeletesItsPods(t *testing.T) {
	t.Parallel()
	for _, propagation := range []string{"background", "foreground"} {
		t.Run(propagation, func(t *testing.T) {
			t.Parallel()
			ns := newNamespace(t)
			name := create(t, ns, waits)
			awaitPod(t, ns, name)
			kubectl(t, "delete", "workflow", name, "-n", ns, "--cascade="+propagation, "--timeout=3m")
			eventually(t, "the pods to be gone", func(context.Context) (bool, string, error) {
				n := len(podsOf(t, ns, name))
				return n == 0, fmt.Sprintf("%d pods", n), nil
			})
			_, err := fairlead.ArgoprojV1alpha1().Workflows(ns).Get(t.Context(), name, metav1.GetOptions{})
			if !apierrors.IsNotFound(err) {
				t.Errorf("the workflow is still there (%v)", err)
			}
		})
	}
}

// Pitfall 8: namespaces with workflows, running ones too, can be deleted as any other.
func TestNamespaceWithWorkflowsIsDeleted(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	awaitEnd(t, ns, createExample(t, ns, "script.yaml"), v1alpha1.WorkflowSucceeded)
	awaitPod(t, ns, create(t, ns, waits))
	if err := kube.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace to be gone", func(ctx context.Context) (bool, string, error) {
		found, err := kube.CoreV1().Namespaces().Get(ctx, ns, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, "", nil
		}
		if err != nil {
			return false, "", err
		}
		return false, fmt.Sprintf("%+v", found.Status), nil
	})
}
