package validation

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestWorkflowSettings(t *testing.T) {
	spec := func(fields string) string {
		return `{entrypoint: a, templates: [{name: a, suspend: {}}], ` + fields + `}`
	}
	const plugin = "spec.executorPlugins[0]."
	const container = plugin + "spec.sidecar.container."
	const ports, requests = `name: c, ports: [{containerPort: 80}]`, `resources: {requests: {cpu: 1}, limits: {cpu: 1}}`
	runSpecCases(t, []specCase{
		{name: "V-015 claims of a pod", spec: spec(`podResources: {claims: [{name: c}]}`), errors: []string{"spec.podResources.claims"}},
		{name: "V-016 resources of a pod", spec: spec(`podResources: {limits: {cpu: 1, memory: 1Gi, hugepages-2Mi: 1Mi, nvidia.com/gpu: 1}, requests: {ephemeral-storage: 1Gi}}`),
			errors: []string{"spec.podResources.limits[nvidia.com/gpu]", "spec.podResources.requests[ephemeral-storage]"}},
		{name: "V-017 to V-021 plugins", spec: spec(`executorPlugins: [{metadata: {}, spec: {sidecar: {container: {name: c}}}}]`),
			errors: []string{plugin + "metadata.name", container + "ports", container + "resources.requests", container + "resources.limits", container + "securityContext"}},
		{name: "V-017 to V-021 a whole plugin", spec: spec(`executorPlugins: [{metadata: {name: p}, spec: {sidecar: {container: {name: c, ports: [{containerPort: 80}], resources: {requests: {cpu: 1}, limits: {cpu: 1}}, securityContext: {}}}}}]`)},
		{name: "V-017 a plugin without name", spec: spec(`executorPlugins: [{metadata: {}, spec: {sidecar: {container: {` + ports + `, ` + requests + `, securityContext: {}}}}}]`), errors: []string{plugin + "metadata.name"}},
		{name: "V-018 a plugin without port", spec: spec(`executorPlugins: [{metadata: {name: p}, spec: {sidecar: {container: {` + requests + `, securityContext: {}}}}}]`), errors: []string{container + "ports"}},
		{name: "V-019 a plugin without requests", spec: spec(`executorPlugins: [{metadata: {name: p}, spec: {sidecar: {container: {` + ports + `, resources: {limits: {cpu: 1}}, securityContext: {}}}}}]`), errors: []string{container + "resources.requests"}},
		{name: "V-020 a plugin without limits", spec: spec(`executorPlugins: [{metadata: {name: p}, spec: {sidecar: {container: {` + ports + `, resources: {requests: {cpu: 1}}, securityContext: {}}}}}]`), errors: []string{container + "resources.limits"}},
		{name: "V-021 a plugin without security context", spec: spec(`executorPlugins: [{metadata: {name: p}, spec: {sidecar: {container: {` + ports + `, ` + requests + `}}}}]`), errors: []string{container + "securityContext"}},
		{name: "V-202 parallelism", spec: spec(`parallelism: 0`), errors: []string{"spec.parallelism"}},
		{name: "V-207 choices", spec: spec(`artifactGC: {strategy: Sometimes}, volumeClaimGC: {strategy: Sometimes}`), errors: []string{"spec.artifactGC.strategy", "spec.volumeClaimGC.strategy"}},
		{name: "V-255 claim without name", spec: spec(`volumeClaimTemplates: [{metadata: {name: v}, spec: {}}, {spec: {}}]`), errors: []string{"spec.volumeClaimTemplates[1].metadata.name"}},
		{name: "V-261 patches", spec: spec(`podSpecPatch: "{a", artifactGC: {podSpecPatch: "containers: 3"}`), errors: []string{"spec.podSpecPatch", "spec.artifactGC.podSpecPatch"}},
		{name: "V-261 fine patches", spec: spec(`podSpecPatch: '{"containers":[{"name":"main","resources":{"limits":{"memory":"{{x}}"}}}]}', artifactGC: {podSpecPatch: "terminationGracePeriodSeconds: 3"}`)},
		{name: "V-264 labels", spec: spec(`workflowMetadata: {labels: {a: "not a value", b: "{{workflow.name}}", "b a d": c}, annotations: {"x/y/z": any value}, labelsFrom: {c: {expression: ""}}}`),
			errors: []string{"spec.workflowMetadata.labels[b a d]", "spec.workflowMetadata.labels[a]", "spec.workflowMetadata.annotations[x/y/z]", "spec.workflowMetadata.labelsFrom[c].expression"}},
		{name: "V-014 delay", spec: spec(`podGC: {deleteDelayDuration: soon}`), errors: []string{"spec.podGC.deleteDelayDuration"}},
	})
}

func TestFieldsOfTemplates(t *testing.T) {
	template := func(fields string) string {
		return `{entrypoint: leaf, templates: [{name: leaf, container: {image: i}}, {name: t, ` + fields + `}]}`
	}
	const (
		at    = "spec.templates[1]."
		steps = `steps: [[{name: s, template: leaf}]], `
		leaf  = `container: {image: i}, `
	)
	runSpecCases(t, []specCase{
		{name: "V-056 deadline", spec: template(leaf + `activeDeadlineSeconds: soon`), errors: []string{at + "activeDeadlineSeconds"}},
		{name: "V-056 deadline with a text around the variable", spec: template(leaf + `activeDeadlineSeconds: "1{{inputs.parameters.x}}"`), errors: []string{at + "activeDeadlineSeconds"}},
		{name: "V-056 variable", spec: template(leaf + `activeDeadlineSeconds: "{{inputs.parameters.x}}"`)},
		{name: "V-057 negative", spec: template(leaf + `activeDeadlineSeconds: -1`), errors: []string{at + "activeDeadlineSeconds"}},
		{name: "V-057 zero and text", spec: template(leaf + `activeDeadlineSeconds: "0"`)},
		{name: "V-059 resources of what has no pod", spec: template(`http: {url: u}, podResources: {limits: {cpu: 1}}`), errors: []string{at + "podResources"}},
		{name: "V-060 resources", spec: template(leaf + `podResources: {limits: {gpu: 1}, claims: [{name: c}]}`), errors: []string{at + "podResources.claims", at + "podResources.limits[gpu]"}},
		{name: "V-061 claims of what has no pod", spec: template(steps + `resourceClaims: [{name: c}]`), errors: []string{at + "resourceClaims"}},
		{name: "V-061 claims of a pod", spec: template(leaf + `resourceClaims: [{name: c}]`)},
		{name: "V-064 retry", spec: template(leaf + `retryStrategy: {limit: few, backoff: {factor: x, duration: soon, maxDuration: "1", cap: 1m}}`),
			errors: []string{at + "retryStrategy.limit", at + "retryStrategy.backoff.duration", at + "retryStrategy.backoff.factor"}},
		{name: "RTY-04 back-off without duration", spec: template(leaf + `retryStrategy: {backoff: {cap: 1m}}`), warnings: []string{at + "retryStrategy.backoff.duration: is missing"}},
		{name: "V-065 V-066 names of metrics", spec: template(leaf + `metrics: {prometheus: [{name: a-b, help: h, labels: [{key: "a b", value: v}], counter: {value: "1"}}, {name: 1a, help: h, counter: {value: "1"}}]}`),
			errors: []string{at + "metrics.prometheus[0].name", at + "metrics.prometheus[0].labels[0].key", at + "metrics.prometheus[1].name"}},
		{name: "V-067 V-068 metrics without help and values", spec: template(leaf + `metrics: {prometheus: [{name: a, help: "", gauge: {value: "", realtime: false}}, {name: b, help: h, counter: {value: ""}}, {name: c, help: h, histogram: {value: "", buckets: [1]}}]}`),
			errors: []string{at + "metrics.prometheus[0].help", at + "metrics.prometheus[0].gauge.value", at + "metrics.prometheus[1].counter.value", at + "metrics.prometheus[2].histogram.value"}},
		{name: "V-069 realtime", spec: template(leaf + `metrics: {prometheus: [{name: a, help: h, gauge: {realtime: true, value: "{{resourcesDuration.cpu}}"}}, {name: b, help: h, gauge: {realtime: true, value: "{{duration}}"}}]}`),
			errors: []string{at + "metrics.prometheus[0].gauge.value"}},
		{name: "V-211 metrics", spec: template(leaf + `metrics: {prometheus: [{name: a, help: h, gauge: {realtime: false, operation: Mul, value: "` + strings.Repeat("1", 257) + `"}}]}`),
			errors: []string{at + "metrics.prometheus[0].gauge.value", at + "metrics.prometheus[0].gauge.operation"}},
		{name: "V-070 archive", spec: template(leaf + `archiveLocation: {git: {repo: ""}, hdfs: {path: /p, hdfsUser: u}}`), errors: []string{at + "archiveLocation", at + "archiveLocation.git.repo", at + "archiveLocation.hdfs.addresses"}},
		{name: "V-202 parallelism", spec: template(steps + `parallelism: 0`), errors: []string{at + "parallelism"}},
		{name: "V-265 display name", spec: template(leaf + `annotations: {workflows.argoproj.io/display-name: "not this one!"}`), errors: []string{at + "annotations[workflows.argoproj.io/display-name]"}},
		{name: "V-265 with a tag", spec: template(leaf + `annotations: {workflows.argoproj.io/display-name: "a {{inputs.parameters.x}}"}`)},
		{name: "V-269 memoize", spec: template(leaf + `memoize: {key: "a b", maxAge: long, cache: {configMap: {name: ""}}}`), errors: []string{at + "memoize.key", at + "memoize.cache.configMap.name", at + "memoize.maxAge"}},
		{name: "V-269 with tags", spec: template(leaf + `memoize: {key: "{{inputs.parameters.x}}", maxAge: 10s, cache: {configMap: {name: c}}}`)},
		{name: "SYN-05 locks", spec: template(leaf + `synchronization: {mutexes: [{name: m}, {name: m}, {name: ""}], semaphores: [{}, {configMapKeyRef: {name: c, key: k}}, {configMapKeyRef: {name: c, key: k}}]}`),
			errors: []string{at + "synchronization.semaphores[0]", at + "synchronization.semaphores[2]", at + "synchronization.mutexes[1]", at + "synchronization.mutexes[2].name"}},
		{name: "V-261 patch", spec: template(leaf + `podSpecPatch: "a: ["`), errors: []string{at + "podSpecPatch"}},
		{name: "SUS-01 duration", spec: template(`suspend: {duration: soon}`), errors: []string{at + "suspend.duration"}},
		{name: "TMO-04 pendingTimeout", spec: template(leaf + `pendingTimeout: soon`), errors: []string{at + "pendingTimeout"}},
		{name: "POD-09 account of the executor", spec: `{entrypoint: a, executor: {serviceAccountName: x}, templates: [{name: a, executor: {serviceAccountName: y}, container: {image: i, command: [c]}}]}`,
			warnings: []string{"spec.executor.serviceAccountName: only resource and data steps act as this account", "spec.templates[0].executor.serviceAccountName: only resource and data"}},
		{name: "POD-09 a step acts as it", spec: `{entrypoint: a, executor: {serviceAccountName: x}, templates: [{name: a, resource: {action: get, flags: [pods]}}]}`},
		{name: "POD-09 a step elsewhere may", spec: `{entrypoint: a, executor: {serviceAccountName: x}, templates: [{name: a, steps: [[{name: s, templateRef: {name: t, template: u}}]]}]}`},
		{name: "V-260 volumes", spec: `{entrypoint: a, volumes: [{name: v}], volumeClaimTemplates: [{metadata: {name: w}, spec: {}}], templates: [{name: a, volumes: [{name: x}], script: {image: i, source: s, volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /w}, {name: x, mountPath: /x}, {name: z, mountPath: /z}]}}]}`,
			errors: []string{"spec.templates[0].script.volumeMounts[3].name"}},
	})
}

func TestLeaves(t *testing.T) {
	template := func(fields string) string {
		return `{entrypoint: x, templates: [{name: x, suspend: {}}, {name: a, ` + fields + `}]}`
	}
	const at = "spec.templates[1]."
	runSpecCases(t, []specCase{
		{name: "V-091 mounted twice", spec: `{entrypoint: x, volumes: [{name: v}, {name: w}], templates: [{name: x, suspend: {}}, {name: a, container: {image: i, volumeMounts: [{name: v, mountPath: /m}, {name: w, mountPath: /m}]}}]}`,
			errors: []string{at + "container.volumeMounts[1].mountPath"}},
		{name: "V-092 artifact over a volume and another", spec: `{entrypoint: x, volumes: [{name: v}], templates: [{name: x, suspend: {}}, {name: a, inputs: {artifacts: [{name: b, path: /m}, {name: c, path: /n}, {name: d, path: /n}]}, container: {image: i, volumeMounts: [{name: v, mountPath: /m}]}}]}`,
			errors: []string{at + "inputs.artifacts[0].path", at + "inputs.artifacts[2].path"}},
		{name: "V-092 not of scripts", spec: `{entrypoint: x, volumes: [{name: v}], templates: [{name: x, suspend: {}}, {name: a, inputs: {artifacts: [{name: b, path: /m}]}, script: {image: i, source: s, volumeMounts: [{name: v, mountPath: /m}]}}]}`},
		{name: "V-100 no image", spec: template(`container: {args: [a]}`), errors: []string{at + "container.image"}},
		{name: "V-101 no image", spec: template(`script: {source: s}`), errors: []string{at + "script.image"}},
		{name: "V-100 V-101 by templateDefaults", spec: `{entrypoint: a, templateDefaults: {container: {image: i}, script: {image: i, source: ""}}, templates: [{name: a, container: {args: [a]}}, {name: b, script: {source: s}}]}`},
		{name: "V-102 empty source", spec: template(`script: {image: i, source: ""}`)},
		{name: "V-105 mounted twice", spec: `{entrypoint: x, volumes: [{name: v}], templates: [{name: x, suspend: {}}, {name: a, containerSet: {volumeMounts: [{name: v, mountPath: /m}, {name: v, mountPath: /m}], containers: [{name: main, image: i}]}}]}`,
			errors: []string{at + "containerSet.volumeMounts[1].mountPath"}},
		{name: "V-114 not YAML", spec: template(`resource: {action: create, manifest: "a: [\nb"}`), errors: []string{at + "resource.manifest"}},
		{name: "V-114 with tags", spec: template(`resource: {action: create, manifest: "kind: {{inputs.parameters.k}}\nmetadata:\n  name: {{=workflow.name + '}'}}\n"}`)},
		{name: "V-114 nothing but a tag", spec: template(`resource: {action: create, manifest: "{{workflow.parameters.manifest-{{inputs.parameters.os}}}}"}`)},
		{name: "TPL-04 conditions", spec: template(`resource: {action: get, flags: [pod], successCondition: "status.succeeded > 0, status.phase in (A, B)", failureCondition: "status ==== x"}`), errors: []string{at + "resource.failureCondition"}},
		{name: "V-207 mergeStrategy", spec: template(`resource: {action: patch, manifest: "a: b", mergeStrategy: any}`), errors: []string{at + "resource.mergeStrategy"}},
	})
}

func TestArtifacts(t *testing.T) {
	inputs := func(artifact, rest string) string {
		return `{entrypoint: x, templates: [{name: x, suspend: {}}, {name: a, inputs: {artifacts: [` + artifact + `]}, ` + rest + `}]}`
	}
	const (
		at        = "spec.templates[1].inputs.artifacts[0]"
		container = `container: {image: i}`
	)
	hdfs := func(fields string) string {
		return inputs(`{name: a, path: /a, hdfs: {addresses: [x], path: /p, `+fields+`}}`, container)
	}
	runSpecCases(t, []specCase{
		{name: "V-081 no path", spec: inputs(`{name: a}`, container), errors: []string{at + ".path"}},
		{name: "V-082 out of the directory", spec: inputs(`{name: a, path: /a/../../b}`, container), errors: []string{at + ".path"}},
		{name: "V-082 at the end", spec: inputs(`{name: a, path: /a/b/..}`, container), errors: []string{at + ".path"}},
		{name: "V-082 dots in names", spec: inputs(`{name: a, path: /a/..b/c..}`, container)},
		{name: "V-083 path in steps", spec: inputs(`{name: a, path: /a}`, `steps: [[{name: s, template: x}]]`), errors: []string{at + ".path"}},
		{name: "V-085 git", spec: inputs(`{name: a, path: /a, git: {repo: ""}}`, container), errors: []string{at + ".git.repo"}},
		{name: "V-086 V-087 V-088 hdfs", spec: inputs(`{name: a, path: /a, hdfs: {path: ""}}`, container), errors: []string{at + ".hdfs.addresses", at + ".hdfs.path", at + ".hdfs.hdfsUser"}},
		{name: "V-087 relative", spec: inputs(`{name: a, path: /a, hdfs: {addresses: [x], path: p, hdfsUser: u}}`, container), errors: []string{at + ".hdfs.path"}},
		{name: "V-089 keytab", spec: hdfs(`krbKeytabSecret: {name: s, key: k}`), errors: []string{at + ".hdfs.krbServicePrincipalName", at + ".hdfs.krbConfigConfigMap", at + ".hdfs.krbUsername", at + ".hdfs.krbRealm"}},
		{name: "V-090 cache", spec: hdfs(`krbCCacheSecret: {name: s, key: k}`), errors: []string{at + ".hdfs.krbServicePrincipalName", at + ".hdfs.krbConfigConfigMap"}},
		{name: "V-086 to V-090 fine", spec: hdfs(`krbCCacheSecret: {name: s, key: k}, krbServicePrincipalName: p, krbConfigConfigMap: {name: s, key: k}`)},
		{name: "V-205 mode", spec: inputs(`{name: a, path: /a, mode: 512}, {name: b, path: /b, mode: 511}`, container), errors: []string{at + ".mode"}},
		{name: "V-206 two places", spec: inputs(`{name: a, path: /a, raw: {data: d}, s3: {key: k}}`, container), errors: []string{at}},
		{name: "V-207 choices", spec: inputs(`{name: a, path: /a, artifactGC: {strategy: Now}, s3: {key: k, addressingStyle: fast}}`, container), errors: []string{at + ".artifactGC.strategy", at + ".s3.addressingStyle"}},
	})
}

func TestOutputsByType(t *testing.T) {
	template := func(outputs, rest string) string {
		return `{entrypoint: x, templates: [{name: x, suspend: {}}, {name: a, outputs: {` + outputs + `}, ` + rest + `}]}`
	}
	const (
		at        = "spec.templates[1].outputs."
		container = `container: {image: i}`
		steps     = `steps: [[{name: s, template: x}]]`
	)
	runSpecCases(t, []specCase{
		{name: "V-162 no path, wrong path", spec: template(`artifacts: [{name: a}, {name: b, path: /b/../c}]`, container), errors: []string{at + "artifacts[0].path", at + "artifacts[1].path"}},
		{name: "V-163 path of a composite", spec: template(`artifacts: [{name: a, path: /a, from: "{{steps.s.outputs.artifacts.x}}"}]`, steps), errors: []string{at + "artifacts[0].path"}},
		{name: "V-164 global names", spec: template(`artifacts: [{name: a, path: /a, globalName: "a b"}, {name: b, path: /b, globalName: "x-{{pod.name}}"}], parameters: [{name: p, globalName: "c d", valueFrom: {path: /p}}]`, container),
			errors: []string{at + "artifacts[0].globalName", at + "parameters[0].globalName"}},
		{name: "V-169 container", spec: template(`parameters: [{name: p, valueFrom: {supplied: {}}}]`, container), errors: []string{at + "parameters[0].valueFrom.path"}},
		{name: "V-169 script", spec: template(`parameters: [{name: p, valueFrom: {expression: "1"}}]`, `script: {image: i, source: s}`), errors: []string{at + "parameters[0].valueFrom.path"}},
		{name: "V-169 containerSet", spec: template(`parameters: [{name: p, valueFrom: {expression: "1"}}]`, `containerSet: {containers: [{name: main, image: i}]}`), errors: []string{at + "parameters[0].valueFrom.path"}},
		{name: "V-170 resource", spec: template(`parameters: [{name: p, valueFrom: {path: /p}}, {name: q, valueFrom: {jqFilter: .a}}]`, `resource: {action: get, flags: [x]}`), errors: []string{at + "parameters[0].valueFrom"}},
		{name: "V-171 steps and dag", spec: template(`parameters: [{name: p, valueFrom: {path: /p}}, {name: q, valueFrom: {expression: "1"}}]`, steps), errors: []string{at + "parameters[0].valueFrom"}},
		{name: "V-172 both", spec: template(`parameters: [{name: p, valueFrom: {parameter: x, expression: "1"}}]`, steps), errors: []string{at + "parameters[0].valueFrom"}},
	})
}

func TestArgumentValues(t *testing.T) {
	const rest = `, entrypoint: a, templates: [{name: a, suspend: {}}]}`
	const needs = `templates: [{name: a, inputs: {artifacts: [{name: f, path: /f}, {name: g, path: /g, optional: true}, {name: h, path: /h, raw: {data: d}}]}, container: {image: i}}]}`
	runSpecCases(t, []specCase{
		{name: "V-037 enum without value", spec: `{arguments: {parameters: [{name: p, enum: [a], valueFrom: {supplied: {}}}]}` + rest, errors: []string{"spec.arguments.parameters[0].value"}},
		{name: "V-037 told once", spec: `{arguments: {parameters: [{name: p, enum: [a]}]}` + rest, errors: []string{"spec.arguments.parameters[0].value"}},
		{name: "V-039 artifact from nowhere", spec: `{arguments: {artifacts: [{name: a}, {name: b, s3: {key: k}}, {name: c, raw: {data: d}}]}` + rest, errors: []string{"spec.arguments.artifacts[0]"}},
		{name: "V-042 artifact not supplied", spec: `{entrypoint: a, ` + needs, errors: []string{"spec.arguments.artifacts"}},
		{name: "V-042 supplied", spec: `{entrypoint: a, arguments: {artifacts: [{name: f, raw: {data: d}}]}, ` + needs},
	})
}

func TestLoops(t *testing.T) {
	step := func(fields string) string {
		return `{entrypoint: m, templates: [{name: a, suspend: {}}, {name: m, steps: [[{name: s, template: a, ` + fields + `}]]}]}`
	}
	const at = "spec.templates[1].steps[0][0]."
	runSpecCases(t, []specCase{
		{name: "V-125 items", spec: step(`withItems: [1, a, true, [x], {k: v}, null]`), errors: []string{at + "withItems[5]"}},
		{name: "V-268 not a list", spec: step(`withParam: "{}"`), errors: []string{at + "withParam"}},
		{name: "V-268 only if it runs", spec: step(`withParam: "{}", when: "1 == 2"`)},
		{name: "V-268 known later", spec: step(`withParam: "{{x}}"`)},
		{name: "LOOP-03 sequence", spec: step(`withSequence: {start: x, count: "{{x}}"}`), errors: []string{at + "withSequence.start"}},
		{name: "LOOP-03 neither", spec: step(`withSequence: {start: 1}`), errors: []string{at + "withSequence"}},
		{name: "V-209 both", spec: step(`withSequence: {end: 1, count: 1}`), errors: []string{at + "withSequence"}},
	})
}

func TestClusterTemplatesNeedImages(t *testing.T) { // V-100: templateDefaults of a ClusterWorkflowTemplate are no excuse
	const text = `{templateDefaults: {container: {image: i}}, templates: [{name: a, container: {args: [a]}}]}`
	errs, _ := ValidateClusterWorkflowTemplate(&v1alpha1.ClusterWorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t"}, Spec: *parseSpec(t, text)})
	checkFields(t, errs, []string{"spec.templates[0].container.image"})
	errs, _ = ValidateWorkflowTemplate(&v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t", Namespace: "ns"}, Spec: *parseSpec(t, text)})
	checkFields(t, errs, nil)
}

func TestSchedules(t *testing.T) { // V-212, V-222
	path := field.NewPath("schedules")
	for _, fine := range []string{"* * * * *", "*/5 0-3 1,15 JAN-MAR MON", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@every 1h30m"} {
		checkFields(t, validateSchedules([]string{fine}, path), nil)
	}
	for _, wrong := range []string{"", "* * * *", "* * * * * *", "61 * * * *", "* * * * MON-XYZ", "@fortnightly", "@every soon", "CRON_TZ=UTC * * * * *", "TZ=UTC @daily"} {
		checkFields(t, validateSchedules([]string{"@daily", wrong}, path), []string{"schedules[1]"})
	}
}

func TestTimezones(t *testing.T) { // V-223
	path := field.NewPath("timezone")
	for _, fine := range []string{"", "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} {
		checkFields(t, validateTimezone(fine, path), nil)
	}
	for _, wrong := range []string{"Berlin", "CET+1", "../etc/passwd"} {
		checkFields(t, validateTimezone(wrong, path), []string{"timezone"})
	}
}

func TestInternalKinds(t *testing.T) { // V-051, V-206
	meta := metav1.ObjectMeta{Name: "o", Namespace: "ns", ResourceVersion: "1"}
	tasks := &v1alpha1.WorkflowTaskSet{ObjectMeta: meta, Spec: v1alpha1.WorkflowTaskSetSpec{Tasks: map[string]v1alpha1.Template{
		"a": {HTTP: &v1alpha1.HTTP{URL: "u"}}, "b": {}, "c": {HTTP: &v1alpha1.HTTP{}, Suspend: &v1alpha1.SuspendTemplate{}},
	}}}
	checkFields(t, ValidateWorkflowTaskSet(tasks), []string{"spec.tasks[b]", "spec.tasks[c]"})
	more := tasks.DeepCopy()
	more.Spec.Tasks["d"] = v1alpha1.Template{}
	checkFields(t, ValidateWorkflowTaskSetUpdate(more, tasks), []string{"spec.tasks[d]"})

	garbage := &v1alpha1.WorkflowArtifactGCTask{ObjectMeta: meta, Spec: v1alpha1.ArtifactGCSpec{ArtifactsByNode: map[string]v1alpha1.ArtifactNodeSpec{
		"n": {Artifacts: map[string]v1alpha1.Artifact{
			"a": {Name: "a", ArtifactLocation: v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: "k"}}},
			"b": {Name: "b", ArtifactLocation: v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: "k"}, Raw: &v1alpha1.RawArtifact{}}},
		}},
	}}}
	checkFields(t, ValidateWorkflowArtifactGCTask(garbage), []string{"spec.artifactsByNode[n].artifacts[b]"})
	checkFields(t, ValidateWorkflowArtifactGCTaskUpdate(garbage, garbage), nil)
}
