//go:build e2e

package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// needStore skips a test on an installation without a default artifact repository.
func needStore(t *testing.T) {
	t.Helper()
	c, err := kube.CoreV1().ConfigMaps(systemNamespace).Get(t.Context(), "workflow-controller-configmap", metav1.GetOptions{})
	if err != nil || c.Data["artifactRepository"] == "" {
		t.Skipf("the installation has no artifact repository (%v)", err)
	}
}

func artifactKeys(outputs *v1alpha1.Outputs) map[string]string {
	keys := map[string]string{}
	if outputs == nil {
		return keys
	}
	for _, a := range outputs.Artifacts {
		keys[a.Name], _ = a.GetKey()
	}
	return keys
}

const flowManifest = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: flow}
spec:
  entrypoint: main
  hooks: {exit: {template: last, arguments: {artifacts: [{name: tree, from: "{{workflow.outputs.artifacts.everywhere}}"}]}}}
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: {type: RuntimeDefault}}
  arguments: {artifacts: [{name: given, raw: {data: "given {{workflow.name}}"}}]}
  volumes: [{name: work, emptyDir: {}}]
  templates:
  - name: main
    inputs: {artifacts: [{name: given}]}
    steps:
    - - {name: make, template: make}
    - - name: check
        template: check
        arguments:
          artifacts:
          - {name: tree, from: "{{steps.make.outputs.artifacts.tree}}"}
          - {name: plain, from: "{{steps.make.outputs.artifacts.plain}}"}
          - {name: part, from: "{{steps.make.outputs.artifacts.plain}}", subPath: sub/b}
          - {name: zipped, from: "{{steps.make.outputs.artifacts.zipped}}"}
          - {name: volume, from: "{{steps.make.outputs.artifacts.volume}}"}
          - {name: empty, from: "{{steps.make.outputs.artifacts.empty}}"}
          - {name: none, from: "{{steps.make.outputs.artifacts.none}}"}
          - {name: given, from: "{{inputs.artifacts.given}}"}
  - name: make
    outputs:
      artifacts:
      - {name: tree, path: /tmp/tree, globalName: everywhere}
      - {name: plain, path: /tmp/plain, archive: {none: {}}}
      - {name: zipped, path: /tmp/tree, archive: {zip: {}}}
      - {name: volume, path: /work/out}
      - {name: empty, path: /tmp/empty, archive: {tar: {compressionLevel: 0}}}
      - {name: none, path: /tmp/none, optional: true}
    script:
      image: busybox
      command: [sh, -e]
      volumeMounts: [{name: work, mountPath: /work}]
      source: |
        mkdir -p /tmp/tree/sub /tmp/tree/hollow /tmp/plain/sub /work/out
        echo one > /tmp/tree/one; echo '#!/bin/sh' > /tmp/tree/sub/run; chmod 750 /tmp/tree/sub/run
        : > /tmp/tree/nothing; ln -s ../one /tmp/tree/sub/link; chmod 500 /tmp/tree/hollow
        echo a > /tmp/plain/a; echo b > /tmp/plain/sub/b
        echo shut > /work/out/shut; chmod 600 /work/out/shut
        : > /tmp/empty
  - name: check
    inputs:
      artifacts:
      - {name: tree, path: /in/tree}
      - {name: plain, path: /in/plain}
      - {name: part, path: /in/part, mode: 329}
      - {name: zipped, path: /work/zipped, archive: {zip: {}}}
      - {name: volume, path: /work}
      - {name: empty, path: /in/empty}
      - {name: none, path: /in/none, optional: true}
      - {name: given, path: /in/given}
    script:
      image: busybox
      command: [sh, -e, -x]
      volumeMounts: [{name: work, mountPath: /work}]
      source: |
        for tree in /in/tree /work/zipped; do
          [ "$(cat $tree/one)" = one ]; [ -x $tree/sub/run ]; [ "$(stat -c %a $tree/sub/run)" = 750 ]
          [ -f $tree/nothing ]; [ ! -s $tree/nothing ]; [ "$(readlink $tree/sub/link)" = ../one ]
          [ -d $tree/hollow ]; [ "$(stat -c %a $tree/hollow)" = 500 ]
        done
        [ "$(cat /in/plain/a)$(cat /in/plain/sub/b)" = ab ]
        [ "$(cat /in/part)" = b ]; [ "$(stat -c %a /in/part)" = 511 ]
        [ "$(cat /work/shut)" = shut ]; [ -f /in/empty ]; [ ! -s /in/empty ]; [ ! -e /in/none ]
        [ "$(cat /in/given)" = "given {{workflow.name}}" ]
        [ ! -e /argo/secret ]; echo whole
  - name: last
    inputs: {artifacts: [{name: tree, path: /t}]}
    container: {image: busybox, command: [ls, /t]}
`

// ART-01 to ART-09, ART-11, ART-12, ART-14, VOL-06, POD-04: artifacts of every form flow between steps in a namespace where
// nothing was set up, whose pods have no rights and are not root.
func TestArtifactsFlow(t *testing.T) {
	t.Parallel()
	needStore(t)
	ns := newNamespace(t)
	name := create(t, ns, flowManifest)
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	keys := artifactKeys(nodeNamed(t, wf, "make").Outputs)
	if len(keys) != 5 || !strings.HasSuffix(keys["tree"], "/tree.tgz") || !strings.HasSuffix(keys["plain"], "/plain") || !strings.HasSuffix(keys["zipped"], "/zipped.zip") {
		t.Errorf("outputs %v (ART-06, ART-09)", keys)
	}
	if a := nodeNamed(t, wf, "make").Outputs.Artifacts.GetArtifactByName("tree"); a == nil || a.S3 == nil || a.S3.Endpoint != "" || a.S3.Bucket != "" {
		t.Errorf("what the repository gives is not recorded: %+v (ART-08)", a)
	}
	if global := artifactKeys(wf.Status.Outputs); global["everywhere"] != keys["tree"] {
		t.Errorf("global outputs %v (ART-12)", global)
	}
}

// ART-02, ART-13, ART-19: what a failed step left is stored, its log too; what cannot be had ends the node with the reason.
func TestArtifactsOfFailures(t *testing.T) {
	t.Parallel()
	needStore(t)
	ns := newNamespace(t)
	for _, test := range []struct {
		name, template string
		phase          v1alpha1.NodePhase
		message        string
		stored         string // names of artifacts
	}{
		{"main-fails", `{name: main, archiveLocation: {archiveLogs: true}, container: {image: busybox, command: [sh, -c, "echo said; echo x > /tmp/x; exit 3"]}, outputs: {artifacts: [{name: x, path: /tmp/x}, {name: other, path: /tmp/y}]}}`,
			v1alpha1.NodeFailed, "main: Error (exit code 3)", "x main-logs"},
		{"main-killed", `{name: main, archiveLocation: {archiveLogs: true}, volumes: [{name: v, emptyDir: {}}], container: {image: "python:alpine3.6", command: [python, -c, "open('/v/x', 'w').write('x'); b = [bytearray(10**7) for _ in range(10**6)]"], resources: {limits: {memory: 32Mi}}, volumeMounts: [{name: v, mountPath: /v}]}, outputs: {artifacts: [{name: x, path: /v/x}, {name: other, path: /tmp/y}]}}`,
			v1alpha1.NodeFailed, "main: OOMKilled (exit code 137)", "x main-logs"},
		{"no-output", `{name: main, container: {image: busybox, command: [sh, -c, "echo x > /tmp/x"]}, outputs: {artifacts: [{name: other, path: /tmp/y}, {name: x, path: /tmp/x}]}}`,
			v1alpha1.NodeError, "wait: Error (exit code 1): output artifact 'other': /tmp/y: there is no file or directory", "x"},
		{"no-input", `{name: main, container: {image: busybox, command: [ls]}, inputs: {artifacts: [{name: other, path: /tmp/y, s3: {key: nobody/made/it}}]}}`,
			v1alpha1.NodeError, "init: Error (exit code 1): artifact other failed to load: could not ", ""},
		{"optional-input", `{name: main, container: {image: busybox, command: [ls]}, inputs: {artifacts: [{name: other, path: /tmp/y, optional: true, s3: {key: nobody/made/it}}]}}`,
			v1alpha1.NodeSucceeded, "", ""},
		{"refused-input", `{name: main, container: {image: busybox, command: [ls]}, inputs: {artifacts: [{name: other, path: /tmp/y, http: {url: "http://fairlead-store.fairlead-system.svc:9000/"}}]}}`,
			v1alpha1.NodeError, "init: Error (exit code 1): artifact other failed to load: ", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wf := runs(t, ns, test.name, "  - "+test.template+"\n")
			n := nodeNamed(t, wf, test.name)
			if n.Phase != test.phase || !strings.HasPrefix(n.Message, test.message) {
				t.Errorf("%s %q, want %s %q", n.Phase, n.Message, test.phase, test.message)
			}
			var names []string
			if n.Outputs != nil {
				for _, a := range n.Outputs.Artifacts {
					names = append(names, a.Name)
				}
			}
			if got := strings.Join(names, " "); got != test.stored {
				t.Errorf("stored %q, want %q", got, test.stored)
			}
		})
	}
}

// DRV-03, ART-05, ART-15: inputs from a server in the cluster, and a choice among artifacts.
func TestArtifactsFromServer(t *testing.T) {
	t.Parallel()
	needStore(t)
	ns := newNamespace(t)
	wf := runs(t, ns, "served", `
  - name: main
    steps:
    - - {name: serve, template: serve}
    - - name: get
        template: get
        arguments: {artifacts: [{name: file, http: {url: "http://{{steps.serve.ip}}:8000/a.txt"}}]}
      - {name: skipped, template: get, when: "1 == 2", arguments: {artifacts: [{name: file, raw: {data: x}}]}}
    - - name: choose
        template: get
        arguments: {artifacts: [{name: file, fromExpression: "steps.skipped.status == 'Skipped' ? steps.get.outputs.artifacts.copy : steps.skipped.outputs.artifacts.copy"}]}
  - name: serve
    daemon: true
    container:
      image: "python:alpine3.6"
      command: [sh, -c, "mkdir /tmp/w && cd /tmp/w && echo served > a.txt && exec python3 -m http.server 8000"]
      readinessProbe: {httpGet: {path: /a.txt, port: 8000}, periodSeconds: 1}
  - name: get
    inputs: {artifacts: [{name: file, path: /tmp/file}]}
    container: {image: busybox, command: [sh, -c, "cp /tmp/file /tmp/copy; cat /tmp/copy"]}
    outputs: {artifacts: [{name: copy, path: /tmp/copy}]}
`)
	if wf.Status.Phase != v1alpha1.WorkflowSucceeded {
		t.Fatalf("%s %s", wf.Status.Phase, wf.Status.Message)
	}
	if text := kubectl(t, "get", "--raw", logPath(ns, "served")+"?nodeID="+nodeNamed(t, wf, "choose").ID); !strings.Contains(text, "served") {
		t.Errorf("log %q", text)
	}
}
