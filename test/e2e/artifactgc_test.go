//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const configuration = "workflow-controller-configmap"

// AGC-01 to AGC-04, Trap 24: what goes with the end is deleted at the end; a workflow is deleted at once although its store
// refuses to delete; what is left is recorded, told of, tried again, and goes when the store lets it.
func TestArtifactGC(t *testing.T) {
	t.Parallel()
	needStore(t)
	ns := newNamespace(t)
	const manifest = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: NAME}
spec:
  entrypoint: main
  artifactGC: {strategy: OnWorkflowDeletion}
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c, "echo one >/tmp/a; echo two >/tmp/b"]}
    outputs:
      artifacts:
      - {name: a, path: /tmp/a}
      - {name: b, path: /tmp/b, artifactGC: {strategy: OnWorkflowCompletion}}
`
	name := create(t, ns, strings.ReplaceAll(manifest, "NAME", "gc"))
	awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	workflows := fairlead.ArgoprojV1alpha1().Workflows(ns)
	eventually(t, "the artifact that goes with the end to be marked deleted (ART-16)", func(ctx context.Context) (bool, string, error) {
		wf, err := workflows.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		a := wf.Status.Nodes[name].Outputs.Artifacts
		return a.GetArtifactByName("b").Deleted && !a.GetArtifactByName("a").Deleted, fmt.Sprintf("%+v", a), nil
	})

	// Take the way to the store away, then the workflow.
	secrets := kube.CoreV1().Secrets(ns)
	copied, err := secrets.Get(t.Context(), "fairlead-artifacts", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		t.Skip("the store's credentials are not this test's to take away")
	}
	if err != nil {
		t.Fatal(err)
	}
	broken := copied.DeepCopy()
	broken.Data["secretkey"] = []byte("not the key, not at all")
	if broken, err = secrets.Update(t.Context(), broken, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := workflows.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the workflow to go", func(ctx context.Context) (bool, string, error) {
		_, err := workflows.Get(ctx, name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), "", nil
	})
	tasks := fairlead.ArgoprojV1alpha1().WorkflowArtifactGCTasks(ns)
	eventually(t, "the failure to be recorded", func(ctx context.Context) (bool, string, error) {
		list, err := tasks.List(ctx, metav1.ListOptions{LabelSelector: v1alpha1.LabelKeyWorkflow + "=" + name})
		if err != nil || len(list.Items) == 0 {
			return false, "no task", err
		}
		failure := list.Items[0].Annotations[v1alpha1.AnnotationKeyArtifactGCLastFailure]
		return strings.Contains(failure, "1 of 1 artifacts could not be deleted"), failure, nil
	})

	broken.Data["secretkey"] = copied.Data["secretkey"]
	if _, err := secrets.Update(t.Context(), broken, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next attempt to succeed", func(ctx context.Context) (bool, string, error) {
		list, err := tasks.List(ctx, metav1.ListOptions{})
		return err == nil && len(list.Items) == 0, fmt.Sprintf("%d tasks", len(list.Items)), err
	})
}

// CFG-01, CTL-22: the controller looks at a changed ConfigMap at once, and says what it makes of it.
func TestConfigurationIsReloaded(t *testing.T) {
	configMaps := kube.CoreV1().ConfigMaps(systemNamespace)
	before, err := configMaps.Get(t.Context(), configuration, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, whole := before.Data["config"]; whole {
		t.Skip("all settings are in one key")
	}
	set := func(body string) {
		t.Helper()
		if _, err := configMaps.Patch(context.Background(), configuration, types.MergePatchType, []byte(body), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { set(`{"data":{"navColor":null,"paralelism":null}}`) })
	told := func(reason, text string) {
		t.Helper()
		eventually(t, "an Event "+reason, func(ctx context.Context) (bool, string, error) {
			list, err := kube.CoreV1().Events(systemNamespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=" + configuration})
			if err != nil {
				return false, "", err
			}
			for i := range list.Items {
				if list.Items[i].Reason == reason && strings.Contains(list.Items[i].Message, text) {
					return true, "", nil
				}
			}
			return false, fmt.Sprintf("%d Events", len(list.Items)), nil
		})
	}
	set(`{"data":{"navColor":"red"}}`)
	told("ConfigIgnored", "navColor has no effect here")
	set(`{"data":{"paralelism":"1"}}`)
	told("ConfigInvalid", "paralelism: unknown key; did you mean parallelism?")
}
