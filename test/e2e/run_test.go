//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// The first thing that anybody does.
func TestHelloWorld(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := createExample(t, ns, "hello-world.yaml")
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	if wf.Status.Progress != "1/1" {
		t.Errorf("progress %q, want 1/1 (NOD-08)", wf.Status.Progress)
	}

	if text := kubectl(t, "get", "--raw", logPath(ns, name)); !strings.Contains(text, "hello world") {
		t.Errorf("log = %q", text)
	}

	narrow, wide := kubectl(t, "get", "workflows", "-n", ns), kubectl(t, "get", "wf", "-n", ns, "-o", "wide")
	header, row, _ := strings.Cut(narrow, "\n")
	for _, column := range []string{"NAME", "STATUS", "AGE", "DURATION", "PROGRESS", "MESSAGE"} {
		if !strings.Contains(header, column) {
			t.Errorf("no column %s in %q", column, header)
		}
	}
	if !strings.HasPrefix(row, name) || !strings.Contains(row, "Succeeded") || !strings.Contains(row, "1/1") {
		t.Errorf("row = %q", row)
	}
	if wideHeader, _, _ := strings.Cut(wide, "\n"); len(strings.Fields(wideHeader)) <= len(strings.Fields(header)) {
		t.Errorf("-o wide shows no more columns: %q", wideHeader)
	}

	pods := podsOf(t, ns, name)
	if len(pods) != 1 {
		t.Fatalf("%d pods, want 1", len(pods))
	}
	// Pay as you go: a step that needs nothing from Fairlead gets nothing from it.
	if spec := pods[0].Spec; len(spec.InitContainers) != 0 || len(spec.Containers) != 1 || spec.Containers[0].Name != "main" {
		t.Errorf("init containers %d, containers %d (%s); want the user's container alone", len(spec.InitContainers), len(spec.Containers), spec.Containers[0].Name)
	}
}

const failingSteps = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: failing-
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
        - - name: good
            template: exit
            arguments: {parameters: [{name: code, value: "0"}]}
        - - name: bad
            template: exit
            arguments: {parameters: [{name: code, value: "3"}]}
        - - name: never
            template: exit
            arguments: {parameters: [{name: code, value: "0"}]}
    - name: exit
      inputs: {parameters: [{name: code}]}
      container:
        image: busybox
        command: [sh, -c, "exit {{inputs.parameters.code}}"]
`

func TestFailingStepEndsTheWorkflow(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, failingSteps)
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowFailed)
	bad := nodeNamed(t, wf, "bad")
	if bad.Phase != v1alpha1.NodeFailed || !strings.Contains(bad.Message, "exit code 3") {
		t.Errorf("bad is %s (%q), want Failed with its exit code", bad.Phase, bad.Message)
	}
	if wf.Status.Message == "" {
		t.Error("the workflow does not say why it failed")
	}
	if pods := podsOf(t, ns, name); len(pods) != 2 {
		t.Errorf("%d pods, want 2: the step after the failed one must not start", len(pods))
	}
}

const selectsNodes = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: selector-
spec:
  entrypoint: main
  nodeSelector:
    kubernetes.io/os: linux
  templates:
    - name: main
      nodeSelector:
        kubernetes.io/arch: "{{workflow.parameters.arch}}"
      container: {image: busybox, command: ["true"]}
  arguments:
    parameters: [{name: arch, value: ARCH}]
`

// A template's node selector replaces the workflow's (POD rules), and may be a parameter.
func TestNodeSelector(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	arch := strings.Fields(kubectl(t, "get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.architecture}"))[0]
	name := create(t, ns, strings.ReplaceAll(selectsNodes, "ARCH", arch))
	awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	if selector := podsOf(t, ns, name)[0].Spec.NodeSelector; selector["kubernetes.io/arch"] != arch {
		t.Errorf("nodeSelector = %v", selector)
	}
}
