//go:build e2e

package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// spoiled has main of a step end as if it were killed before our wrapper does anything. The input makes sure that the wrapper is
// there before the user's init containers run.
const spoiled = `
    inputs: {artifacts: [{name: x, path: /tmp/x, raw: {data: x}}]}
    initContainers:
    - name: spoil
      image: busybox
      command: [sh, -c]
      args:
      - |
        cd /v && mv fairlead-run real && chmod 755 real && printf '#!/bin/sh\n[ "$1" = main ] && exit 137\nexec /var/run/argo/real "$@"\n' >fairlead-run && chmod 755 fairlead-run
      volumeMounts: [{name: var-run-argo, mountPath: /v}]`

// EXE-01, DESIGN 7: ends are never missed: not that of a main container that was killed before it could take the lock by which
// the others in its pod see its end.
func TestMainKilledBeforeItsLock(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for name, template := range map[string]string{
		"helper":  `{image: busybox, command: [sleep, "600"]}` + "\n    outputs: {parameters: [{name: f, valueFrom: {path: /tmp/f, default: none}}]}",
		"sidecar": `{image: busybox, command: [sleep, "600"]}` + "\n    sidecars: [{name: side, image: busybox, command: [sleep, \"600\"]}]",
	} {
		t.Run(name, func(t *testing.T) {
			wf := runs(t, ns, name, "  - name: main\n    container: "+template+spoiled)
			node := nodeNamed(t, wf, name)
			if node.Phase != v1alpha1.NodeFailed || !strings.Contains(node.Message, "main: Error (exit code 137)") {
				t.Errorf("%s: %s", node.Phase, node.Message)
			}
			for _, p := range podsOf(t, ns, wf.Name) {
				if p.Status.Phase != corev1.PodFailed {
					t.Errorf("pod %s is %s", p.Name, p.Status.Phase)
				}
			}
		})
	}
}

// TPL-03, ART-13, POD-01: a resource template whose log is archived has its outputs and its log.
func TestLogOfResourceTemplate(t *testing.T) {
	t.Parallel()
	needStore(t)
	ns := newNamespace(t)
	kubectl(t, "-n", ns, "create", "rolebinding", "maker", "--clusterrole=edit", "--serviceaccount="+ns+":default")
	wf := runs(t, ns, "made", `  - name: main
    archiveLocation: {archiveLogs: true}
    resource: {action: create, manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-}}"}
    outputs: {parameters: [{name: kind, valueFrom: {jsonPath: "{.kind}"}}]}`)
	node := nodeNamed(t, wf, "made")
	if node.Phase != v1alpha1.NodeSucceeded || node.Outputs == nil || artifactKeys(node.Outputs)["main-logs"] == "" {
		t.Fatalf("%s: %s, outputs %+v", node.Phase, node.Message, node.Outputs)
	}
	if p := node.Outputs.GetParameterByName("kind"); p == nil || p.Value == nil || *p.Value != "ConfigMap" {
		t.Errorf("outputs %+v", node.Outputs.Parameters)
	}
	kubectl(t, "-n", ns, "delete", "pod", "--all", "--wait")
	if text := kubectl(t, "get", "--raw", logPath(ns, "made")); !strings.Contains(text, "kubectl [") {
		t.Errorf("the log that is left: %q", text)
	}
}
