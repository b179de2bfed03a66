//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// driverManifest is the public example artifact-passing-explicit-plugin, with the store of the installation, a directory, and
// deletion at the end.
const driverManifest = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: driver}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - name: use
        template: use
        arguments: {artifacts: [{name: file, from: "{{steps.make.outputs.artifacts.file}}"}, {name: tree, from: "{{steps.make.outputs.artifacts.tree}}"}]}
  - name: make
    container: {image: busybox, command: [sh, -c], args: ["echo hello world >/tmp/file; mkdir -p /tmp/tree/a/empty; echo b >/tmp/tree/a/b"]}
    outputs:
      artifacts:
      - name: file
        path: /tmp/file
        plugin: &location
          name: test
          configuration: |
            bucket: artifacts
            endpoint: fairlead-store.fairlead-system.svc:9000
            insecure: true
            accessKeySecret: {name: fairlead-artifacts, key: accesskey}
            secretKeySecret: {name: fairlead-artifacts, key: secretkey}
            key: NAMESPACE/by-driver
      - {name: tree, path: /tmp/tree, archive: {none: {}}, plugin: *location}
      - {name: passing, path: /tmp/file, plugin: *location, artifactGC: {strategy: OnWorkflowCompletion}}
  - name: use
    inputs: {artifacts: [{name: file, path: /tmp/file}, {name: tree, path: /tmp/tree}, {name: none, path: /tmp/none, optional: true, plugin: {name: test, configuration: "bucket: artifacts\nendpoint: fairlead-store.fairlead-system.svc:9000\ninsecure: true\naccessKeySecret: {name: fairlead-artifacts, key: accesskey}\nsecretKeySecret: {name: fairlead-artifacts, key: secretkey}", key: nothing}}]}
    container: {image: busybox, command: [sh, -ec], args: ["test -z \"$(ls -A /tmp/none)\"; test -d /tmp/tree/a/empty; cat /tmp/file /tmp/tree/a/b"]}
    outputs: {parameters: [{name: both, valueFrom: {path: /tmp/file}}]}
`

// DRV-10: a driver of others keeps artifacts: to and fro, a directory, one that is optional, one that goes at the end; no word of
// it is left in a pod that does not need it; a driver that nobody has set up is an error of the node, at once.
func TestArtifactDriver(t *testing.T) {
	image := os.Getenv("FAIRLEAD_ARTIFACT_DRIVER")
	if image == "" {
		t.Skip("FAIRLEAD_ARTIFACT_DRIVER names no image of test/artifactdriver that this cluster has")
	}
	needStore(t)
	ns := newNamespace(t)
	setKey(t, "artifactDrivers", fmt.Sprintf("- {name: test, image: %q, connectionTimeoutSeconds: %d}", image, int(patience.Seconds())))
	kubectl(t, "-n", ns, "create", "role", "driver", "--verb=get", "--resource=secrets", "--resource-name=fairlead-artifacts")
	kubectl(t, "-n", ns, "create", "rolebinding", "driver", "--role=driver", "--serviceaccount="+ns+":default")
	keys, err := kube.CoreV1().Secrets(systemNamespace).Get(t.Context(), "fairlead-artifacts", metav1.GetOptions{})
	if err != nil {
		t.Skipf("this installation's store is not that of the quick-start: %v", err)
	}
	if _, err := kube.CoreV1().Secrets(ns).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: keys.Name}, Data: keys.Data}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}

	name := create(t, ns, strings.ReplaceAll(driverManifest, "NAMESPACE", ns))
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	if v := nodeNamed(t, wf, "use").Outputs.Parameters[0].Value; v == nil || strings.TrimSpace(string(*v)) != "hello world" {
		t.Errorf("the artifact came as %v", v)
	}
	for _, a := range nodeNamed(t, wf, "make").Outputs.Artifacts {
		if a.Plugin == nil || a.Plugin.Name != "test" || a.Plugin.Key == "" {
			t.Errorf("recorded: %+v", a)
		}
	}
	for _, p := range podsOf(t, ns, name) {
		if p.Labels[v1alpha1.LabelKeyComponent] == "artifact-gc" {
			continue
		}
		if first := p.Spec.InitContainers[0]; first.Name != "artifact-plugin-test" || first.Image != image {
			t.Errorf("pod %s begins with container %s", p.Name, first.Name)
		}
		for _, m := range p.Spec.Containers[len(p.Spec.Containers)-1].VolumeMounts {
			if strings.HasPrefix(m.Name, "artifact-plugin-") {
				t.Errorf("main of pod %s mounts %s", p.Name, m.Name)
			}
		}
	}
	eventually(t, "the artifact that goes with the end to be deleted by the driver (AGC-02)", func(ctx context.Context) (bool, string, error) {
		wf, err := fairlead.ArgoprojV1alpha1().Workflows(ns).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		for _, n := range wf.Status.Nodes {
			if n.DisplayName == "make" {
				return n.Outputs.Artifacts.GetArtifactByName("passing").Deleted && !n.Outputs.Artifacts.GetArtifactByName("file").Deleted, fmt.Sprint(n.Outputs.Artifacts), nil
			}
		}
		return false, "no node", nil
	})
	_, stderr, err := runKubectl(t.Context(), "", "get", "--raw", fmt.Sprintf("/apis/%s/namespaces/%s/workflows/%s/artifacts/%s/file", v1alpha1.SchemeGroupVersion, ns, name, nodeNamed(t, wf, "make").ID))
	if err == nil || !strings.Contains(stderr, "artifact driver test, which does not run beside this server") {
		t.Errorf("a download without the driver: %v %s", err, stderr)
	}

	create(t, ns, strings.NewReplacer("NAMESPACE", ns, "name: driver}", "name: nobody}", "name: test\n", "name: nosuch\n").Replace(driverManifest))
	if wf := awaitEnd(t, ns, "nobody", v1alpha1.WorkflowError); !strings.Contains(nodeNamed(t, wf, "make").Message, "artifact driver nosuch not found") {
		t.Errorf("a driver that is not configured: %q", nodeNamed(t, wf, "make").Message)
	}
}

// setKey changes a setting of the controller for the time of a test, and returns when the controller works by it.
func setKey(t *testing.T, key, value string) {
	t.Helper()
	configMaps := kube.CoreV1().ConfigMaps(systemNamespace)
	before, err := configMaps.Get(t.Context(), configuration, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if before.Data["config"] != "" {
		t.Skip("all settings of this installation are in one key, which this test leaves alone")
	}
	set := func(ctx context.Context, value any) (version string) {
		patch, err := json.Marshal(map[string]any{"data": map[string]any{key: value}})
		if err != nil {
			t.Error(err)
			return ""
		}
		changed, err := configMaps.Patch(ctx, configuration, types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			t.Error(err)
			return ""
		}
		return changed.ResourceVersion
	}
	awaitConfiguration(t, set(t.Context(), value))
	old, had := before.Data[key]
	t.Cleanup(func() {
		if had {
			set(context.Background(), old)
		} else {
			set(context.Background(), nil)
		}
	})
}

// awaitConfiguration waits until the controller says that it works by this version of its configuration, or a later one.
func awaitConfiguration(t *testing.T, version string) {
	t.Helper()
	eventually(t, "the controller to work by version "+version+" of its configuration", func(ctx context.Context) (bool, string, error) {
		events, err := kube.CoreV1().Events(systemNamespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=" + configuration + ",reason=ConfigLoaded"})
		if err != nil {
			return false, "", err
		}
		for i := range events.Items {
			words := strings.Fields(events.Items[i].Message)
			later, err := resourceversion.CompareResourceVersion(words[len(words)-1], version)
			if err == nil && later >= 0 {
				return true, "", nil
			}
		}
		return false, fmt.Sprintf("%d Events", len(events.Items)), nil
	})
}
