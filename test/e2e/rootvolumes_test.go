//go:build e2e

package e2e

import (
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ART-01, VOL-06: an input goes into a claim that belongs to root, of a pod that says nothing of users. TPL-12, OPS-16: the node of a
// container in a set has that container's log.
func TestInputIntoClaimOfRootAndLogsOfMembers(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: members}
spec:
  entrypoint: main
  volumeClaimTemplates: [{metadata: {name: work}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}]
  templates:
  - name: main
    steps: [[{name: fill, template: fill}], [{name: set, template: set}]]
  - name: fill
    inputs: {artifacts: [{name: a, path: /data/deep/in, raw: {data: "IN\n"}}]}
    container: {image: busybox, command: [sh, -c, "cat /data/deep/in; stat -c '%a %u' /data"], volumeMounts: [{name: work, mountPath: /data}]}
    outputs: {parameters: [{name: p, valueFrom: {path: /data/deep/in}}]}
  - name: set
    containerSet:
      containers:
      - {name: main, image: busybox, command: [echo, of main]}
      - {name: other, image: busybox, command: [echo, of other]}
`)
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	for node, want := range map[string]string{"fill": "IN\n750 0\n", "main": "of main\n", "other": "of other\n"} {
		if got := kubectl(t, "get", "--raw", logPath(ns, name)+"?nodeID="+nodeNamed(t, wf, node).ID); got != want {
			t.Errorf("log of %s: %q, want %q", node, got, want)
		}
	}
}
