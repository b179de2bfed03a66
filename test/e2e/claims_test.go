//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// POD-18, VOL-01, VOL-02, VOL-03, VOL-05: claims of the workflow's own and of others hold what steps leave for each other, and go as
// the workflow says.
func TestClaims(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	if _, err := kube.CoreV1().PersistentVolumeClaims(ns).Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "shared"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}},
		},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: claims}
spec:
  entrypoint: main
  podDisruptionBudget: {minAvailable: 9999}
  volumeClaimTemplates:
  - metadata: {name: own}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
  volumes: [{name: shared, persistentVolumeClaim: {claimName: "{{workflow.parameters.claim}}"}}]
  arguments: {parameters: [{name: claim, value: shared}]}
  templates:
  - name: main
    steps: [[{name: write, template: write}], [{name: read, template: read}]]
  - name: write
    container: {image: busybox, command: [sh, -c, "echo a >/own/x; echo b >/shared/x"], volumeMounts: [{name: own, mountPath: /own}, {name: shared, mountPath: /shared}]}
  - name: read
    container: {image: busybox, command: [sh, -c, "[ $(cat /own/x /shared/x | tr -d '\\n') = ab ]"], volumeMounts: [{name: own, mountPath: /own}, {name: shared, mountPath: /shared}]}
`)
	awaitEnd(t, ns, "claims", v1alpha1.WorkflowSucceeded)
	eventually(t, "the workflow's own claim and budget to be gone", func(ctx context.Context) (bool, string, error) {
		claims, err := kube.CoreV1().PersistentVolumeClaims(ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, "", err
		}
		budgets, err := kube.PolicyV1().PodDisruptionBudgets(ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, "", err
		}
		return len(claims.Items) == 1 && claims.Items[0].Name == "shared" && len(budgets.Items) == 0, fmt.Sprintf("%d claims, %d budgets", len(claims.Items), len(budgets.Items)), nil
	})
}

// claiming is a workflow with a claim of its own.
func claiming(name string) string {
	return `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: ` + name + `}
spec:
  entrypoint: main
  activeDeadlineSeconds: 120
  volumeClaimTemplates:
  - metadata: {name: own}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
  templates:
  - name: main
    container: {image: busybox, command: [touch, /own/x], volumeMounts: [{name: own, mountPath: /own}]}
`
}

// VOL-02, NOD-01: a workflow whose claims are over the quota is Pending, has not started, and can be stopped; another one begins as
// soon as there is room.
func TestClaimsOverQuota(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePersistentVolumeClaims: resource.MustParse("0")}},
	}
	if _, err := kube.CoreV1().ResourceQuotas(ns).Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the quota to count", func(ctx context.Context) (bool, string, error) {
		q, err := kube.CoreV1().ResourceQuotas(ns).Get(ctx, "none", metav1.GetOptions{})
		return err == nil && len(q.Status.Hard) > 0, "", err
	})
	for _, name := range []string{"waits", "stopped"} {
		create(t, ns, claiming(name))
		wf := awaitWorkflow(t, ns, name, "to wait for its claim", func(wf *v1alpha1.Workflow) bool { return wf.Status.Phase == v1alpha1.WorkflowPending })
		if !strings.HasPrefix(wf.Status.Message, "Waiting for a PVC to be created. ") || !strings.Contains(wf.Status.Message, "exceeded quota") ||
			!wf.Status.StartedAt.IsZero() || len(wf.Status.Nodes) > 0 {
			t.Errorf("%s: %q, started %v, %d nodes", name, wf.Status.Message, wf.Status.StartedAt, len(wf.Status.Nodes))
		}
	}
	do(t, ns, "workflows", "stopped", "stop", "{}")
	if wf := awaitEnd(t, ns, "stopped", v1alpha1.WorkflowFailed); wf.Status.Message != "Stopped with strategy 'Stop'" {
		t.Errorf("stopped: %q", wf.Status.Message)
	}
	more := []byte(`{"spec":{"hard":{"persistentvolumeclaims":"1"}}}`)
	if _, err := kube.CoreV1().ResourceQuotas(ns).Patch(t.Context(), "none", types.MergePatchType, more, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, ns, "waits", v1alpha1.WorkflowSucceeded)
}

// V-256: a claim of the name that somebody else has ends the workflow in Error, and stays.
func TestClaimOfSomebodyElse(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "taken-own"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}},
		},
	}
	if _, err := kube.CoreV1().PersistentVolumeClaims(ns).Create(t.Context(), claim, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	create(t, ns, claiming("taken"))
	if wf := awaitEnd(t, ns, "taken", v1alpha1.WorkflowError); !strings.Contains(wf.Status.Message, "taken-own exists and does not belong to this workflow") {
		t.Errorf("%q", wf.Status.Message)
	}
	if _, err := kube.CoreV1().PersistentVolumeClaims(ns).Get(t.Context(), "taken-own", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}
