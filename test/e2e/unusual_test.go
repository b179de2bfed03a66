//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// POD-04 to POD-14, TPL-12, TPL-15, TPL-16: steps that are written as few are, each with outputs or sidecars, for which our containers come
// into the pod.
func TestUnusualSpecs(t *testing.T) {
	t.Parallel()
	const (
		succeeded = v1alpha1.WorkflowSucceeded
		prints    = `container: {image: busybox, command: [sh, -c, "umask 077; echo x > /tmp/x"]}`
		output    = `, outputs: {parameters: [{name: out, valueFrom: {path: /tmp/x}}]}`
		stubborn  = `sidecars: [{name: side, image: busybox, command: [sh, -c, "trap '' TERM; while true; do sleep 1; done"]}]`
	)
	ns := newNamespace(t)
	for _, test := range []struct {
		name, spec, template, message string
		phase                         v1alpha1.WorkflowPhase
	}{
		{"host-network", `hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet`, prints + output, "", succeeded},
		{"one-pid-space", `podSpecPatch: "{shareProcessNamespace: true, terminationGracePeriodSeconds: 2}"`, prints + output + ", " + stubborn, "", succeeded},
		{"native-sidecar", ``, prints + output + `, initContainers: [{name: proxy, image: busybox, restartPolicy: Always, command: [sh, -c, "trap 'exit 7' TERM; sleep 600 & wait"]}]`, "", succeeded},
		{
			"hooks-and-probes", ``, `container: {image: busybox, command: [sh, -c, "sleep 2; cp /tmp/started /tmp/x"],
      lifecycle: {postStart: {exec: {command: [sh, -c, "echo x > /tmp/started"]}}}, startupProbe: {exec: {command: [test, -f, /tmp/started]}, periodSeconds: 1}}` + output, "", succeeded,
		},
		{
			"patches", `volumes: [{name: later, emptyDir: {}}], podSpecPatch: '{"containers": [{"name": "main", "env": [{"name": "GONE", "$patch": "delete"}], "volumeMounts": [{"name": "later", "mountPath": "/later"}]}]}'`,
			`podSpecPatch: "{volumes: [{name: own, emptyDir: {}}]}", container: {image: busybox, command: [sh, -c, "[ -z $GONE ] && touch /later/x /own/x && echo x > /tmp/x"], env: [{name: GONE, value: a}], volumeMounts: [{name: own, mountPath: /own}]}` + output, "", succeeded,
		},
		{
			"mirrored-subpath", ``, `volumes: [{name: v, emptyDir: {}}], initContainers: [{name: prepare, image: busybox, mirrorVolumeMounts: true, command: [sh, -c, "echo x > /v/x"]}],
    container: {image: busybox, command: [cp, /v/x, /tmp/x], env: [{name: SUB, value: deep}], volumeMounts: [{name: v, mountPath: /v, subPathExpr: $(SUB)}]}` + output, "", succeeded,
		},
		{"root-pod", `securityContext: {runAsUser: 0}`, prints + output, "", succeeded},
		{"root-main", ``, `container: {image: busybox, command: [sh, -c, "umask 077; echo x > /tmp/x"], securityContext: {runAsUser: 0}}, outputs: {artifacts: [{name: f, path: /tmp/x}]}`, "", succeeded},
		{
			"set-retries", ``, `volumes: [{name: v, emptyDir: {}}], containerSet: {retryStrategy: {retries: 3}, volumeMounts: [{name: v, mountPath: /v}], containers: [
      {name: a, image: busybox, command: [sh, -c, "echo x >> /v/x; [ $(wc -l < /v/x) = 3 ]"]}, {name: main, image: busybox, command: ["true"], dependencies: [a]}]}`, "", succeeded,
		},
		{"without-wait", ``, prints + output + `, podSpecPatch: '{"containers": [{"name": "wait", "$patch": "delete"}]}'`, "podSpecPatch removes the container wait", v1alpha1.WorkflowError},
		{"sidecar-restarts", ``, `container: {image: busybox, command: ["true"]}, sidecars: [{name: side, image: busybox, command: [sleep, "600"], restartPolicy: Always}]`, "container side: restartPolicy", v1alpha1.WorkflowError},
		{"no-runtime", ``, prints + `, podSpecPatch: "runtimeClassName: none-such"`, `RuntimeClass "none-such" not found`, v1alpha1.WorkflowError},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			spec := test.spec
			if spec != "" {
				spec += ", "
			}
			create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: `+test.name+`}
spec: {`+spec+`entrypoint: main, templates: [{name: main, `+test.template+`}]}
`)
			wf := awaitEnd(t, ns, test.name, test.phase)
			if !strings.Contains(wf.Status.Message, test.message) {
				t.Errorf("%q, want %q", wf.Status.Message, test.message)
			}
			if n := wf.Status.Nodes[test.name]; strings.Contains(test.template, output) && test.phase == succeeded &&
				(n.Outputs == nil || len(n.Outputs.Parameters) != 1 || *n.Outputs.Parameters[0].Value != "x") {
				t.Errorf("outputs %+v", n.Outputs)
			}
		})
	}
}

// POD-10, AGC-02: a namespace with the Pod Security Standard "restricted" and limits for every container takes our containers although
// only the user's say that they are not root.
func TestRestrictedByContainer(t *testing.T) {
	t.Parallel()
	needStore(t)
	ns := newNamespace(t)
	kubectl(t, "label", "namespace", ns, "pod-security.kubernetes.io/enforce=restricted")
	limits := `{"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "each"}, "spec": {"limits": [{"type": "Container", "default": {"memory": "64Mi"}, "max": {"memory": "128Mi"}}]}}`
	if stdout, stderr, err := runKubectl(t.Context(), limits, "create", "-n", ns, "-f", "-"); err != nil {
		t.Fatalf("%s%s", stdout, stderr)
	}
	const confined = `securityContext: {runAsNonRoot: true, runAsUser: 1234, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}`
	create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: confined}
spec:
  entrypoint: main
  automountServiceAccountToken: false
  artifactGC: {strategy: OnWorkflowCompletion}
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: f, from: "{{steps.make.outputs.artifacts.f}}"}]}}
  - name: make
    volumes: [{name: w, emptyDir: {}}]
    container: {image: busybox, command: [sh, -c, "echo data > /w/f"], volumeMounts: [{name: w, mountPath: /w}], `+confined+`}
    outputs: {artifacts: [{name: f, path: /w/f}], parameters: [{name: p, valueFrom: {path: /w/f}}]}
  - name: use
    inputs: {artifacts: [{name: f, path: /in/f}]}
    sidecars: [{name: side, image: busybox, command: [sleep, "600"], `+confined+`}]
    container: {image: busybox, command: [grep, data, /in/f], `+confined+`}
`)
	awaitEnd(t, ns, "confined", v1alpha1.WorkflowSucceeded)
	eventually(t, "the artifact to be deleted", func(ctx context.Context) (bool, string, error) {
		deleted := 0
		wf := awaitWorkflow(t, ns, "confined", "to be there", func(*v1alpha1.Workflow) bool { return true })
		for _, n := range wf.Status.Nodes {
			if n.Outputs != nil && len(n.Outputs.Artifacts) == 1 && n.Outputs.Artifacts[0].Deleted {
				deleted++
			}
		}
		return deleted == 1, fmt.Sprintf("%d deleted", deleted), nil
	})
}
