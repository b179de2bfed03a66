//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// only is a workflow of one template.
func only(name, template string) string {
	return `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: ` + name + `}
spec: {entrypoint: main, templates: [{name: main, ` + template + `}]}
`
}

// podIn waits for the one pod of a workflow to be as wanted.
func podIn(t *testing.T, namespace, workflow string, as func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	var found *corev1.Pod
	eventually(t, "the pod of "+workflow, func(context.Context) (bool, string, error) {
		pods := podsOf(t, namespace, workflow)
		if len(pods) != 1 || !as(&pods[0]) {
			return false, fmt.Sprintf("%d pods", len(pods)), nil
		}
		found = &pods[0]
		return true, "", nil
	})
	return found
}

// POD-21: a pod that somebody deletes or evicts ends its step in Error, however its containers took that; one that was deleted
// before anything in it ran is made again.
func TestDeletedPods(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	const serves = `container: {image: busybox, command: [sh, -c, "trap 'exit 9' TERM; sleep 600 & wait"]}`
	running := func(p *corev1.Pod) bool {
		return p.Status.Phase == corev1.PodRunning && p.Status.ContainerStatuses[0].State.Running != nil
	}
	for name, remove := range map[string]func(*corev1.Pod) error{
		"deleted": func(p *corev1.Pod) error {
			return kube.CoreV1().Pods(ns).Delete(t.Context(), p.Name, metav1.DeleteOptions{})
		},
		"forced": func(p *corev1.Pod) error {
			return kube.CoreV1().Pods(ns).Delete(t.Context(), p.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
		},
		"evicted": func(p *corev1.Pod) error {
			return kube.PolicyV1().Evictions(ns).Evict(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: ns}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			create(t, ns, only(name, serves))
			if err := remove(podIn(t, ns, name, running)); err != nil {
				t.Fatal(err)
			}
			wf := awaitEnd(t, ns, name, v1alpha1.WorkflowError)
			if n := nodeNamed(t, wf, name); n.Phase != v1alpha1.NodeError || n.Message != "pod deleted" {
				t.Errorf("%s %q", n.Phase, n.Message)
			}
		})
	}
	for name, template := range map[string]string{
		"unscheduled": `nodeSelector: {none: such}, container: {image: busybox, command: ["true"]}`,
		"no-image":    `container: {image: "none.example.com/none:v1", command: ["true"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			create(t, ns, only(name, template))
			// The UID of the pod is on record, and it says why it does not run.
			awaitWorkflow(t, ns, name, "to tell of its pod", func(wf *v1alpha1.Workflow) bool { return wf.Status.Nodes[name].Message != "" })
			first := podIn(t, ns, name, func(*corev1.Pod) bool { return true })
			if err := kube.CoreV1().Pods(ns).Delete(t.Context(), first.Name, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			second := podIn(t, ns, name, func(p *corev1.Pod) bool { return p.UID != first.UID })
			wf := awaitWorkflow(t, ns, name, "to record the other pod", func(wf *v1alpha1.Workflow) bool { return wf.Status.Nodes[name].PodUID == second.UID })
			if n := wf.Status.Nodes[name]; n.Phase != v1alpha1.NodePending || n.RestartingPodUID != string(first.UID) {
				t.Errorf("%s, instead of %s", n.Phase, n.RestartingPodUID)
			}
		})
	}
}

// EXE-04: what Kubernetes does to a pod is told in its words, and is a failure.
func TestPodsThatKubernetesEnds(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for _, test := range []struct{ name, template, message string }{
		{"no-command", `container: {image: busybox, command: [/no/such]}`, "main: StartError (exit code 128): "},
		{
			"too-much", `container: {image: busybox, command: [sh, -c, "dd if=/dev/zero of=/v/x bs=1M count=20; sleep 600"], volumeMounts: [{name: v, mountPath: /v}]}, volumes: [{name: v, emptyDir: {sizeLimit: 5Mi}}]`,
			`Usage of EmptyDir volume "v" exceeds the limit "5Mi"`,
		},
		{"rejected", `podSpecPatch: "{nodeName: ` + someNode(t) + `, nodeSelector: {none: such}}", container: {image: busybox, command: ["true"]}`, "Pod was rejected: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			create(t, ns, only(test.name, test.template))
			wf := awaitEnd(t, ns, test.name, v1alpha1.WorkflowFailed)
			if n := nodeNamed(t, wf, test.name); n.Phase != v1alpha1.NodeFailed || !strings.HasPrefix(n.Message, test.message) {
				t.Errorf("%s %q, want %q", n.Phase, n.Message, test.message)
			}
		})
	}
}

func someNode(t *testing.T) string {
	t.Helper()
	nodes, err := kube.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{Limit: 1})
	if err != nil || len(nodes.Items) == 0 {
		t.Fatalf("%d nodes, %v", len(nodes.Items), err)
	}
	return nodes.Items[0].Name
}

// injection is a policy that puts a container into every pod of a namespace, as a webhook of a service mesh does.
const injection = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: NAMESPACE-proxy}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  reinvocationPolicy: Never
  failurePolicy: Fail
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: >
        [JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{name: "proxy", image: "busybox",
        command: ["sh", "-c", "trap 'exit 0' TERM; touch /tmp/up; while [ -e /tmp/up ]; do sleep 0.2; done"]}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: NAMESPACE-proxy}
spec:
  policyName: NAMESPACE-proxy
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}}
`

// inject makes a namespace whose pods all get a container that nobody in them ends.
func inject(t *testing.T) string {
	t.Helper()
	if _, err := kube.AdmissionregistrationV1().MutatingAdmissionPolicies().List(t.Context(), metav1.ListOptions{Limit: 1}); err != nil {
		t.Skipf("this cluster has no policies that could put a container into pods: %v", err)
	}
	ns := newNamespace(t)
	text := strings.ReplaceAll(injection, "NAMESPACE", ns)
	if stdout, stderr, err := runKubectl(t.Context(), text, "create", "-f", "-"); err != nil {
		t.Fatalf("%s%s", stdout, stderr)
	}
	t.Cleanup(func() { _, _, _ = runKubectl(context.Background(), text, "delete", "--wait=false", "-f", "-") })
	// A policy comes into force a moment after it was made.
	eventually(t, "the policy to be in force", func(ctx context.Context) (bool, string, error) {
		p, err := kube.CoreV1().Pods(ns).Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "trial-"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "busybox"}}},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return false, "", err
		}
		return len(p.Spec.Containers) == 2, "no container was added", nil
	})
	return ns
}

// LIM-20, DMN-04, TPL-15: a container that somebody else puts into a pod keeps neither the step nor the pod.
func TestInjectedContainers(t *testing.T) {
	t.Parallel()
	ns := inject(t)
	for _, test := range []struct {
		name, template, message string
		phase                   v1alpha1.WorkflowPhase
	}{
		{"plain", `container: {image: busybox, command: ["true"]}`, "", v1alpha1.WorkflowSucceeded},
		{"fails", `container: {image: busybox, command: [sh, -c, "exit 3"]}`, "main: Error (exit code 3)", v1alpha1.WorkflowFailed},
		{"outputs", `container: {image: busybox, command: [sh, -c, "echo x >/tmp/x"]}, outputs: {parameters: [{name: x, valueFrom: {path: /tmp/x}}]}`, "", v1alpha1.WorkflowSucceeded},
		{"set", `containerSet: {containers: [{name: a, image: busybox, command: ["true"]}, {name: b, image: busybox, command: [sleep, "1"], dependencies: [a]}]}`, "", v1alpha1.WorkflowSucceeded},
		{"sidecar", `container: {image: busybox, command: [sleep, "1"]}, sidecars: [{name: own, image: busybox, command: [sleep, "600"]}]`, "", v1alpha1.WorkflowSucceeded},
		{"commanded", `metadata: {annotations: {workflows.argoproj.io/kill-cmd-proxy: '["rm", "/tmp/up"]'}}, container: {image: busybox, command: ["true"]}`, "", v1alpha1.WorkflowSucceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			create(t, ns, only(test.name, test.template))
			wf := awaitEnd(t, ns, test.name, test.phase)
			if n := nodeNamed(t, wf, test.name); n.Message != test.message {
				t.Errorf("%s %q", n.Phase, n.Message)
			}
			podIn(t, ns, test.name, func(p *corev1.Pod) bool {
				return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
			})
		})
	}
}

// PGC-01, LIM-20: nor does it keep podGC from telling a pod whose step succeeded from one whose step did not, whatever its containers
// are called: neither pod ever says that it succeeded.
func TestInjectedContainersAndPodGC(t *testing.T) {
	t.Parallel()
	ns := inject(t)
	set := func(name, command string) string {
		return `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: ` + name + `}
spec:
  entrypoint: main
  podGC: {strategy: OnPodSuccess, deleteDelayDuration: 0s}
  templates: [{name: main, containerSet: {containers: [{name: a, image: busybox, command: ["true"]}, {name: b, image: busybox, command: [sh, -c, "` + command + `"]}]}}]
`
	}
	create(t, ns, set("collected", "sleep 1"))
	create(t, ns, set("kept", "exit 3"))
	awaitEnd(t, ns, "collected", v1alpha1.WorkflowSucceeded)
	awaitEnd(t, ns, "kept", v1alpha1.WorkflowFailed)
	eventually(t, "the pod of the step that succeeded to be gone", func(context.Context) (bool, string, error) {
		left := len(podsOf(t, ns, "collected"))
		return left == 0, fmt.Sprintf("%d pods", left), nil
	})
	podIn(t, ns, "kept", func(p *corev1.Pod) bool {
		return p.Status.Phase == corev1.PodFailed && p.Labels[v1alpha1.LabelKeyCompleted] == "true"
	})
}
