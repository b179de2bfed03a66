package validation

import "testing"

// What Kubernetes refuses when a pod is made is refused before anything runs.
func TestFieldsOfPods(t *testing.T) {
	template := func(fields string) string { return `{entrypoint: t, templates: [{name: t, ` + fields + `}]}` }
	container := func(fields string) string { return template(`container: {image: i, ` + fields + `}`) }
	const at, main = "spec.templates[0].", "spec.templates[0].container."
	runSpecCases(t, []specCase{
		{name: "everything right", spec: template(`container: {image: i, imagePullPolicy: Always, env: [{name: A.b-c, value: v}, {name: P, valueFrom: {fieldRef: {fieldPath: "metadata.labels['x']"}}}], envFrom: [{secretRef: {name: s}}],
			ports: [{containerPort: 80, name: http, protocol: TCP}], readinessProbe: {httpGet: {port: http}, successThreshold: 2}, resources: {requests: {cpu: 1}, limits: {cpu: 1}}, securityContext: {runAsUser: 0, allowPrivilegeEscalation: false}},
			metadata: {labels: {a/b: c}, annotations: {A/b: any text}}, tolerations: [{operator: Exists}, {key: k, operator: Exists, effect: NoExecute, tolerationSeconds: 3}], nodeSelector: {a: b}, hostAliases: [{ip: 127.0.0.1, hostnames: [h]}]`)},
		{name: "what is put together later", spec: template(`container: {image: "{{workflow.name}} ", imagePullPolicy: "{{workflow.name}}", env: [{name: "{{workflow.name}}"}]}, metadata: {labels: {"{{workflow.name}}": "{{workflow.name}}"}}, tolerations: [{key: k, operator: "{{workflow.name}}", effect: "{{workflow.name}}"}]`),
			errors: []string{main + "image"}},
		{name: "pull policy", spec: container(`imagePullPolicy: Sometimes`), errors: []string{main + "imagePullPolicy"}},
		{name: "termination message", spec: container(`terminationMessagePolicy: Shout`), errors: []string{main + "terminationMessagePolicy"}},
		{name: "restart policy", spec: container(`restartPolicy: Sometimes`), errors: []string{main + "restartPolicy"}},
		{name: "names of variables", spec: container(`env: [{value: v}, {name: "a=b"}]`), errors: []string{main + "env[0].name", main + "env[1].name"}},
		{name: "sources of variables", spec: container(`env: [{name: a, value: v, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: b, valueFrom: {}}, {name: c, valueFrom: {secretKeyRef: {name: s}}}, {name: d, valueFrom: {fieldRef: {fieldPath: metadata.nam}}}]`),
			errors: []string{main + "env[0].valueFrom", main + "env[1].valueFrom", main + "env[2].valueFrom.secretKeyRef.key", main + "env[3].valueFrom.fieldRef.fieldPath"}},
		{name: "all variables of nothing", spec: container(`envFrom: [{}, {configMapRef: {}}]`), errors: []string{main + "envFrom[0]", main + "envFrom[1].configMapRef.name"}},
		{name: "ports", spec: container(`ports: [{containerPort: 70000, protocol: HTTP}, {containerPort: 1, name: Not_A_Port}, {containerPort: 2, name: a}, {containerPort: 3, name: a}]`),
			errors: []string{main + "ports[0].containerPort", main + "ports[0].protocol", main + "ports[1].name", main + "ports[3].name"}},
		{name: "mounts", spec: template(`volumes: [{name: v}], container: {image: i, volumeMounts: [{name: v}, {mountPath: /a}, {name: v, mountPath: /b, subPath: ../c}]}`),
			errors: []string{main + "volumeMounts[0].mountPath", main + "volumeMounts[1].name", main + "volumeMounts[2].subPath"}},
		{name: "mounts of a script at one place", spec: template(`volumes: [{name: v}], script: {image: i, source: s, volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /a}]}`), errors: []string{at + "script.volumeMounts[1].mountPath"}},
		{name: "amounts", spec: container(`resources: {requests: {cpu: 2, memory: -1}, limits: {cpu: 1}}`), errors: []string{main + "resources.requests[memory]", main + "resources.requests[cpu]"}},
		{name: "probes", spec: container(`livenessProbe: {periodSeconds: 3}, readinessProbe: {exec: {command: [a]}, tcpSocket: {port: 80}, timeoutSeconds: -1}, startupProbe: {httpGet: {port: 0}, successThreshold: 2}, lifecycle: {preStop: {}}`),
			errors: []string{main + "livenessProbe", main + "readinessProbe", main + "readinessProbe.timeoutSeconds", main + "startupProbe.httpGet.port", main + "startupProbe.successThreshold", main + "lifecycle.preStop"}},
		{name: "security", spec: template(`container: {image: i, securityContext: {runAsUser: -1, privileged: true, allowPrivilegeEscalation: false, seccompProfile: {type: Localhost}}}, securityContext: {fsGroup: -1, fsGroupChangePolicy: Sometimes}`),
			errors: []string{at + "securityContext.fsGroup", at + "securityContext.fsGroupChangePolicy", main + "securityContext.runAsUser", main + "securityContext.seccompProfile.localhostProfile", main + "securityContext"}},
		{name: "labels and annotations", spec: template(`container: {image: i}, metadata: {labels: {"a b": c, d: "not a value"}, annotations: {"x/y/z": v}}`),
			errors: []string{at + "metadata.labels[a b]", at + "metadata.labels[d]", at + "metadata.annotations[x/y/z]"}},
		{name: "placement", spec: template(`container: {image: i}, nodeSelector: {a: "b c"}, hostAliases: [{ip: here}], tolerations: [{key: k, operator: Like}, {operator: Equal}, {key: k, operator: Exists, value: v}, {key: k, effect: Never}, {key: k, tolerationSeconds: 3}]`),
			errors: []string{at + "nodeSelector[a]", at + "tolerations[0].operator", at + "tolerations[1].operator", at + "tolerations[2].value", at + "tolerations[3].effect", at + "tolerations[4].effect", at + "hostAliases[0].ip"}},
		{name: "volumes", spec: template(`container: {image: i}, volumes: [{name: A_b}, {name: v, emptyDir: {}, hostPath: {path: /}}, {name: c, configMap: {}}, {name: s, secret: {}}]`),
			errors: []string{at + "volumes[0].name", at + "volumes[1]", at + "volumes[2].configMap.name", at + "volumes[3].secret.secretName"}},
		{name: "a volume twice", spec: template(`container: {image: i}, volumes: [{name: v}, {name: v}]`), warnings: []string{at + "volumes[1].name: there is another"}},
		{name: "V-260 volumes of every container", spec: template(`container: {image: i}, initContainers: [{name: a, image: i, volumeMounts: [{name: v, mountPath: /v}]}], sidecars: [{name: b, image: i, volumeMounts: [{name: v, mountPath: /v}]}]`),
			errors: []string{at + "initContainers[0].volumeMounts[0].name", at + "sidecars[0].volumeMounts[0].name"}},
		{name: "V-260 volumes of a patch", spec: template(`podSpecPatch: "volumes: [{name: v}]", container: {image: i, volumeMounts: [{name: v, mountPath: /v}]}`)},
		{name: "other containers", spec: template(`container: {image: i}, initContainers: [{name: a}, {name: b, image: i, livenessProbe: {exec: {command: [a]}}}], sidecars: [{name: a, image: i}, {name: main, image: i}, {name: Upper, image: i}, {image: i}]`),
			errors: []string{at + "initContainers[0].image", at + "initContainers[1].livenessProbe", at + "sidecars[0].name", at + "sidecars[1].name", at + "sidecars[2].name", at + "sidecars[3].name"}},
		{name: "V-104 containers of a set", spec: template(`containerSet: {containers: [{name: Upper, image: i}, {name: b}]}`),
			errors: []string{at + "containerSet.containers[0].name", at + "containerSet.containers[1].image"}},
		{name: "a patch may put it right", spec: template(`podSpecPatch: "containers: [{name: main, imagePullPolicy: Always}]", container: {image: i, imagePullPolicy: Sometimes}`),
			warnings: []string{main + "imagePullPolicy: Unsupported value"}},
		{name: "of the workflow", spec: `{entrypoint: t, podMetadata: {labels: {"a b": c}}, dnsPolicy: Maybe, securityContext: {runAsUser: -1}, tolerations: [{key: k, operator: Like}], volumes: [{emptyDir: {}}], templates: [{name: t, container: {image: i}}]}`,
			errors: []string{"spec.podMetadata.labels[a b]", "spec.tolerations[0].operator", "spec.securityContext.runAsUser", "spec.dnsPolicy", "spec.volumes[0].name"}},
		{name: "TPL-18 defaults may complete it", spec: `{entrypoint: t, templateDefaults: {container: {image: i, livenessProbe: {exec: {command: [a]}}}}, templates: [{name: t, container: {livenessProbe: {periodSeconds: 3}}}]}`},
	})
}

// POD-13, V-261
func TestFieldsOfPatches(t *testing.T) {
	patch := func(text string) string {
		return `{entrypoint: t, templates: [{name: t, podSpecPatch: '` + text + `', container: {image: i}}]}`
	}
	const at = "spec.templates[0].podSpecPatch"
	runSpecCases(t, []specCase{
		{name: "fine", spec: patch(`{"containers": [{"name": "main", "livenessProbe": {"periodSeconds": 3}}], "tolerations": [{"$patch": "replace"}]}`)},
		{name: "a field that pods do not have", spec: patch(`{"container": [], "restartPolicy": "Never"}`), warnings: []string{at + ": pods have no such field"}},
		{name: "a container without name", spec: patch(`containers: [{image: j}]`), errors: []string{at + ".containers[0].name"}},
		{name: "values that pods do not have", spec: patch(`{restartPolicy: Sometimes, dnsPolicy: Maybe, containers: [{name: main, imagePullPolicy: Sometimes}]}`),
			errors: []string{at + ".containers[0].imagePullPolicy", at + ".restartPolicy", at + ".dnsPolicy"}},
		{name: "put together later", spec: patch(`{restartPolicy: "{{workflow.name}}"}`)},
	})
}

func TestNumbersAndEmptyLists(t *testing.T) {
	retry := func(limit string) string {
		return `{entrypoint: t, templates: [{name: t, retryStrategy: {limit: ` + limit + `}, container: {image: i}}]}`
	}
	loop := func(format string) string {
		return `{entrypoint: t, templates: [{name: leaf, suspend: {}}, {name: t, steps: [[{name: s, template: leaf, withSequence: {count: 2, format: "` + format + `"}}]]}]}`
	}
	steps := func(groups string) string {
		return `{entrypoint: t, templates: [{name: leaf, suspend: {}}, {name: t, steps: ` + groups + `}]}`
	}
	const limit, format = "spec.templates[0].retryStrategy.limit", "spec.templates[1].steps[0][0].withSequence.format"
	runSpecCases(t, []specCase{
		{name: "RTY-02 negative", spec: retry(`-1`), errors: []string{limit}},
		{name: "RTY-02 negative text", spec: retry(`"-1"`), errors: []string{limit}},
		{name: "RTY-02 none and later", spec: retry(`"0"`)},
		{name: "RTY-02 later", spec: retry(`"{{workflow.parameters.n}}"`)},
		{name: "LOOP-03 a text", spec: loop(`%s`), errors: []string{format}},
		{name: "LOOP-03 no verb of printf", spec: loop(`%z`), errors: []string{format}},
		{name: "LOOP-03 none", spec: loop(`host`), errors: []string{format}},
		{name: "LOOP-03 two", spec: loop(`%d-%d`), errors: []string{format}},
		{name: "LOOP-03 numbers", spec: loop(`a%03d%%`)},
		{name: "LOOP-03 hexadecimal", spec: loop(`%02X`)},
		{name: "LOOP-03 put together later", spec: loop(`{{workflow.name}}`)},
		{name: "V-203 no steps", spec: steps(`[]`), errors: []string{"spec.templates[1]"}},
		{name: "V-203 one empty group", spec: steps(`[[]]`), errors: []string{"spec.templates[1].steps[0]"}},
		{name: "V-203 an empty group among others", spec: steps(`[[], [{name: s, template: leaf}]]`), warnings: []string{"spec.templates[1].steps[0]: the group is empty"}},
		{name: "TPL-09 no URL", spec: `{entrypoint: t, templates: [{name: t, http: {}}]}`, errors: []string{"spec.templates[0].http.url"}},
		{name: "TPL-09 URL of the defaults", spec: `{entrypoint: t, templateDefaults: {http: {url: u}}, templates: [{name: t, http: {}}]}`},
	})
}
