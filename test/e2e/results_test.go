//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
)

// EXE-02, RES-07, POD-05: outputs come back from a namespace whose service accounts have no roles and whose pods get no token.
func TestOutputsNeedNoRights(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: outputs}
spec:
  entrypoint: main
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  volumes:
  - {name: data, emptyDir: {}}
  templates:
  - name: main
    steps:
    - - {name: file, template: file}
      - {name: script, template: script}
    - - name: use
        template: use
        arguments: {parameters: [{name: a, value: "{{steps.file.outputs.parameters.image}}"}, {name: b, value: "{{steps.script.outputs.result}}"}]}
  - name: file
    container:
      image: busybox
      command: [sh, -c]
      args: ["echo one > /tmp/one; echo two > /data/two"]
      volumeMounts: [{name: data, mountPath: /data}]
    outputs:
      parameters:
      - {name: image, valueFrom: {path: /tmp/one}}
      - {name: volume, globalName: everywhere, valueFrom: {path: /data/two}}
      - {name: none, valueFrom: {path: /none, default: "nothing"}}
  - name: script
    script: {image: busybox, command: [sh], source: "echo 1; echo 2"}
  - name: use
    inputs: {parameters: [{name: a}, {name: b}]}
    script: {image: busybox, command: [sh], source: "ls /var/run/secrets/kubernetes.io 2>&1; echo '{{inputs.parameters.a}}/{{inputs.parameters.b}}'"}
`)
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	file := nodeNamed(t, wf, "file")
	for parameter, want := range map[string]string{"image": "one", "volume": "two", "none": "nothing"} {
		if p := file.Outputs.GetParameterByName(parameter); p == nil || p.Value == nil || string(*p.Value) != want {
			t.Errorf("output %s is %+v, want %q (PRM-05, PRM-11, POD-04)", parameter, p, want)
		}
	}
	if p := wf.Status.Outputs.GetParameterByName("everywhere"); p == nil || p.Value == nil || *p.Value != "two" {
		t.Errorf("global output %+v (PRM-13)", p)
	}
	if result := nodeNamed(t, wf, "script").Outputs.Result; result == nil || *result != "1\n2" {
		t.Errorf("result %v (PRM-14)", result)
	}
	if text := kubectl(t, "get", "--raw", logPath(ns, name)); !strings.Contains(text, "one/1\n") || !strings.Contains(text, "No such file") {
		t.Errorf("log = %q", text)
	}
	eventually(t, "the results to be removed", func(ctx context.Context) (bool, string, error) {
		list, err := fairlead.ArgoprojV1alpha1().WorkflowTaskResults(ns).List(ctx, metav1.ListOptions{})
		return err == nil && len(list.Items) == 0, "", err
	})
}

// EXE-04, DESIGN 7: however main ends, the node ends, and with the right words.
func TestEndsOfWrappedSteps(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	step := func(t *testing.T, name, container string) v1alpha1.NodeStatus {
		created := create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: `+name+`}
spec:
  entrypoint: main
  templates:
  - name: main
    container: `+container+`
    outputs: {parameters: [{name: x, valueFrom: {path: /tmp/x}}]}
`)
		wf := awaitWorkflow(t, ns, created, "ends", func(wf *v1alpha1.Workflow) bool { return wf.Status.Phase.Completed() })
		return nodeNamed(t, wf, name)
	}
	for _, test := range []struct {
		name, container string
		phase           v1alpha1.NodePhase
		message         string
	}{
		{"no-file", `{image: busybox, command: ["true"]}`, v1alpha1.NodeError, "wait: Error (exit code 1): output parameter 'x': there is no file /tmp/x in main"},
		{"fails", `{image: busybox, command: [sh, -c, "exit 3"]}`, v1alpha1.NodeFailed, "main: Error (exit code 3)"},
		{"no-program", `{image: busybox, command: [nothing]}`, v1alpha1.NodeFailed, `main: Error (exit code 64): fairlead: the command cannot be started: exec: "nothing": executable file not found in $PATH`},
		{"no-start", `{image: busybox, command: ["true"], workingDir: /etc/passwd}`, v1alpha1.NodeFailed, "main: StartError (exit code 128): "},
		{"no-memory", `{image: "python:alpine3.6", command: [python, -c, "b = [bytearray(10**7) for _ in range(10**6)]"], resources: {limits: {memory: 32Mi}}}`, v1alpha1.NodeFailed, "main: OOMKilled (exit code 137)"},
		{"killed", `{image: busybox, command: [sh, -c, "kill -KILL $$$$"]}`, v1alpha1.NodeFailed, "main: Error (exit code 137)"},
		{"no-command", `{image: "none.example.com/tool:v1"}`, v1alpha1.NodeError, "you must either explicitly specify the command"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := step(t, test.name, test.container)
			if n.Phase != test.phase || !strings.Contains(n.Message, test.message) {
				t.Errorf("%s %q, want %s %q", n.Phase, n.Message, test.phase, test.message)
			}
		})
	}
}

// RES-07: the right to create results is everybody's; what counts is the pod that the token is bound to.
func TestForgedResultsAreRefused(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: forged}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: a, template: sleep}
      - {name: b, template: sleep}
  - name: sleep
    container: {image: busybox, command: [sleep, "600"]}
`)
	awaitWorkflow(t, ns, name, "has pods that run", func(wf *v1alpha1.Workflow) bool {
		running := 0
		for _, n := range wf.Status.Nodes {
			if n.Type == v1alpha1.NodeTypePod && n.Phase == v1alpha1.NodeRunning {
				running++
			}
		}
		return running == 2
	})
	pods := podsOf(t, ns, name)
	if len(pods) != 2 {
		t.Fatalf("%d pods", len(pods))
	}
	nodeOf := func(pod *corev1.Pod) string { return pod.Annotations[v1alpha1.AnnotationKeyNodeID] }
	bound, unbound := holderOf(t, ns, &pods[0]), holderOf(t, ns, nil)
	report := func(client versioned.Interface, node string) error {
		_, err := client.ArgoprojV1alpha1().WorkflowTaskResults(ns).Create(t.Context(), &v1alpha1.WorkflowTaskResult{
			ObjectMeta: metav1.ObjectMeta{Name: node, Labels: map[string]string{v1alpha1.LabelKeyWorkflow: name}},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := report(bound, nodeOf(&pods[0])); err != nil {
		t.Errorf("for its own node: %v", err)
	}
	if err := report(bound, nodeOf(&pods[1])); !apierrors.IsForbidden(err) {
		t.Errorf("for another node: %v", err)
	}
	if err := report(unbound, nodeOf(&pods[0])); !apierrors.IsForbidden(err) {
		t.Errorf("with a token that is bound to no pod: %v", err)
	}
	if _, err := bound.ArgoprojV1alpha1().WorkflowTaskResults(ns).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("reading results: %v", err)
	}
}

// holderOf is a client with a token of the default service account, bound to a pod if one is given.
func holderOf(t *testing.T, namespace string, pod *corev1.Pod) versioned.Interface {
	t.Helper()
	request := &authenticationv1.TokenRequest{}
	if pod != nil {
		request.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}
	}
	token, err := kube.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "default", request, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	anonymous := rest.AnonymousClientConfig(config)
	anonymous.BearerToken = token.Status.Token
	client, err := versioned.NewForConfig(anonymous)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
