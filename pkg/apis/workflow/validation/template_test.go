package validation

import (
	"testing"
)

func TestTemplateFields(t *testing.T) {
	template := func(fields string) string {
		return `{entrypoint: leaf, templates: [{name: leaf, container: {image: i}}, {name: t, ` + fields + `}]}`
	}
	const (
		at    = "spec.templates[1]."
		steps = `steps: [[{name: s, template: leaf}]], `
	)
	runSpecCases(t, []specCase{
		{name: "V-052 timeout of a composite", spec: template(steps + `timeout: 5m`), errors: []string{at + "timeout"}},
		{name: "V-052 timeout of a suspend", spec: template(`suspend: {}, timeout: 5m`), errors: []string{at + "timeout"}},
		{name: "V-053 timeout without unit", spec: template(`container: {image: i}, timeout: "300"`), errors: []string{at + "timeout"}},
		{name: "V-053 timeout with a tag", spec: template(`http: {url: u}, timeout: "{{inputs.parameters.t}}"`)},
		{name: "V-054 pendingTimeout of a composite", spec: template(steps + `pendingTimeout: 5m`), errors: []string{at + "pendingTimeout"}},
		{name: "V-055 activeDeadlineSeconds of a composite", spec: template(steps + `activeDeadlineSeconds: 5`), errors: []string{at + "activeDeadlineSeconds"}},
		{name: "V-058 parallelism of a leaf", spec: template(`container: {image: i}, parallelism: 2`), errors: []string{at + "parallelism"}},
		{name: "V-058 parallelism of a composite", spec: template(steps + `parallelism: 2`)},
		{name: "V-062 init container without name", spec: template(`container: {image: i}, initContainers: [{image: i}]`), errors: []string{at + "initContainers[0].name"}},
		{name: "V-063 reserved name", spec: template(`container: {image: i}, sidecars: [{name: wait, image: i}, {name: artifact-plugin-x, image: i}, {name: mine, image: i}]`),
			errors: []string{at + "sidecars[0].name", at + "sidecars[1].name"}},
		{name: "RTY-04 backoff without duration", spec: template(`container: {image: i}, retryStrategy: {backoff: {factor: 2}}`), warnings: []string{at + "retryStrategy.backoff.duration: is missing"}},
		{name: "RTY-04 TPL-18 duration of the defaults", spec: `{entrypoint: t, templateDefaults: {retryStrategy: {backoff: {duration: 5s}}}, templates: [{name: t, container: {image: i}, retryStrategy: {backoff: {factor: 2}}}]}`},
		{name: "V-064 retry policy", spec: template(`container: {image: i}, retryStrategy: {retryPolicy: Often}`), errors: []string{at + "retryStrategy.retryPolicy"}},
	})
}

func TestContainerSet(t *testing.T) {
	template := func(fields string) string {
		return `{entrypoint: a, templates: [{name: a, containerSet: {containers: [` + fields + `}]}`
	}
	const at = "spec.templates[0].containerSet.containers"
	runSpecCases(t, []specCase{
		{name: "V-103 none", spec: template(`]}`), errors: []string{at}},
		{name: "V-104 names", spec: template(`{name: a, image: i}, {name: a, image: i}, {name: "", image: i}, {name: a_b, image: i}]}`), errors: []string{at + "[1].name", at + "[2].name", at + "[3].name"}},
		{name: "V-106 unknown dependency", spec: template(`{name: a, image: i, dependencies: [b]}]}`), errors: []string{at + "[0].dependencies[0]"}},
		{name: "V-107 circle", spec: template(`{name: a, image: i, dependencies: [b]}, {name: b, image: i, dependencies: [a]}]}`), errors: []string{at}},
		{name: "V-108 outputs without main", spec: template(`{name: a, image: i}]}, outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}`), errors: []string{at}},
		{name: "V-109 reserved name", spec: template(`{name: supervisor, image: i}]}`), errors: []string{at + "[0].name"}},
	})
}

func TestResource(t *testing.T) {
	template := func(fields string) string {
		return `{entrypoint: a, templates: [{name: a, ` + fields + `}]}`
	}
	const at = "spec.templates[0].resource."
	runSpecCases(t, []specCase{
		{name: "V-110 action", spec: template(`resource: {action: make, manifest: m}`), errors: []string{at + "action"}},
		{name: "V-110 action with a tag", spec: template(`resource: {action: "{{inputs.parameters.a}}", manifest: m}`)},
		{name: "V-111 no manifest", spec: template(`resource: {action: create}`), errors: []string{at + "manifest"}},
		{name: "V-111 get by flags", spec: template(`resource: {action: get, flags: [pods]}`)},
		{name: "V-112 V-210 two manifests", spec: template(`inputs: {artifacts: [{name: m, path: /m, raw: {data: d}}]}, resource: {action: create, manifest: m, manifestFrom: {artifact: {name: m}}}`), errors: []string{at + "manifestFrom"}},
		{name: "V-113 unknown artifact", spec: template(`resource: {action: create, manifestFrom: {artifact: {name: m}}}`), errors: []string{at + "manifestFrom.artifact.name"}},
	})
}
