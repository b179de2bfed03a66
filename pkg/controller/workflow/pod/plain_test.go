package pod

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// DESIGN 7: whatever a user writes about a step that needs nothing from us, its pod has the user's containers as written, and no
// volume, variable or container of ours.
func TestPlainStepsGetNothing(t *testing.T) {
	const main = `{image: busybox, command: ["true"], args: [a, $(HOME)], env: [{name: HOST, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}, {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory}}}],
		lifecycle: {postStart: {exec: {command: ["true"]}}, preStop: {exec: {command: ["true"]}}}, livenessProbe: {exec: {command: ["true"]}}, startupProbe: {exec: {command: ["true"]}},
		securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true}, resources: {requests: {ephemeral-storage: 1Mi}}, volumeMounts: [{name: v, mountPath: /v, subPathExpr: $(HOST)}],
		restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42]}}]}`
	for name, text := range map[string]string{
		"container":              `{container: MAIN}`,
		"no command":             `{container: {image: busybox}}`,
		"init containers":        `{container: MAIN, initContainers: [{name: prepare, image: busybox, mirrorVolumeMounts: true}, {name: proxy, image: busybox, restartPolicy: Always}]}`,
		"containers in parallel": `{containerSet: {containers: [{name: a, image: busybox}, {name: b, image: busybox, command: ["true"]}]}}`,
		"patch":                  `{container: MAIN, podSpecPatch: "{shareProcessNamespace: true, runtimeClassName: r, hostPID: true, containers: [{name: main, tty: true}, {name: wait, resources: {}}], initContainers: [{name: init, resources: {}}]}"}`,
		"daemon":                 `{daemon: true, container: MAIN}`,
		"deadlines and retries":  `{container: MAIN, activeDeadlineSeconds: 5, timeout: 5s, pendingTimeout: 5s, retryStrategy: {limit: 3}}`,
		"placement":              `{container: MAIN, nodeSelector: {a: b}, tolerations: [{operator: Exists}], schedulerName: s, priorityClassName: p, hostAliases: [{ip: 1.2.3.4, hostnames: [h]}], serviceAccountName: s, automountServiceAccountToken: false, executor: {serviceAccountName: e}, podResources: {limits: {memory: 1Gi}}}`,
		"parameters and metrics": `{container: MAIN, inputs: {parameters: [{name: p, value: v}]}, metrics: {prometheus: [{name: m, help: h, counter: {value: "1"}}]}, metadata: {annotations: {a: b}}}`,
		"optional, not given":    `{container: MAIN, inputs: {artifacts: [{name: a, path: /a, optional: true}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			template := wfv1.Template{}
			if err := yaml.UnmarshalStrict([]byte(strings.ReplaceAll(text, "MAIN", strings.ReplaceAll(main, "\t", " "))), &template); err != nil {
				t.Fatal(err)
			}
			in := inputFor(template)
			if err := yaml.UnmarshalStrict([]byte(`{hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet, dnsConfig: {searches: [a]}, imagePullSecrets: [{name: s}],
  securityContext: {fsGroup: 1}, volumes: [{name: v, emptyDir: {}}, {name: unused, emptyDir: {}}]}`), in.Spec); err != nil {
				t.Fatal(err)
			}
			pod, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			wanted := []corev1.Container{}
			if c := template.Container; c != nil {
				c.Name, c.TTY = "main", name == "patch"
				wanted = append(wanted, *c)
			}
			if set := template.ContainerSet; set != nil {
				for i := range set.Containers {
					wanted = append(wanted, set.Containers[i].Container)
				}
			}
			if !equality.Semantic.DeepEqual(pod.Spec.Containers, wanted) {
				t.Errorf("the containers are\n%+v\nwanted\n%+v", pod.Spec.Containers, wanted)
			}
			if got := len(pod.Spec.InitContainers); got != len(template.InitContainers) {
				t.Errorf("%d init containers, %d are the user's", got, len(template.InitContainers))
			}
			for _, v := range pod.Spec.Volumes {
				if v.Name != "v" {
					t.Errorf("volume %s", v.Name)
				}
			}
		})
	}
}
