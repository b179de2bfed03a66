package validation

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Drivers and programs in pods demand these of a manifest; each is seen before anything runs (TPL-05, TPL-11, ART-*).
func TestWhatPodsDemand(t *testing.T) {
	output := func(location string) string {
		return `{name: m, container: {image: i}, outputs: {artifacts: [{name: a, path: /a, ` + location + `}]}}`
	}
	resource := func(fields, outputs string) string {
		return `{name: m, resource: {action: create, ` + fields + `}, outputs: {parameters: [` + outputs + `]}}`
	}
	const two = `manifest: "a: 1\n---\nb: 2\n"`
	for _, tc := range []struct{ name, template, path, part string }{
		{"TPL-05 a path", resource("manifest: '{a: 1}'", `{name: o, valueFrom: {jsonPath: "{.status.phase}"}}`), "", ""},
		{"TPL-05 a path that is none", resource("manifest: '{a: 1}'", `{name: o, valueFrom: {jsonPath: "{.status[}"}}`), "outputs.parameters[0].valueFrom.jsonPath", "unterminated"},
		{"TPL-05 a path with tags", resource("manifest: '{a: 1}'", `{name: o, valueFrom: {jsonPath: "{.status[{{workflow.name}}"}}`), "", ""},
		{"TPL-05 a filter", resource("manifest: '{a: 1}'", `{name: o, valueFrom: {jqFilter: ".status | to_entries | map(.key)"}}`), "", ""},
		{"TPL-05 a filter that is none", resource("manifest: '{a: 1}'", `{name: o, valueFrom: {jqFilter: ".status |"}}`), "outputs.parameters[0].valueFrom.jqFilter", "filter as jq takes it"},
		{"TPL-05 a filter of functions that are none", resource("manifest: '{a: 1}'", `{name: o, valueFrom: {jqFilter: ".status | nonsense"}}`), "outputs.parameters[0].valueFrom.jqFilter", "nonsense"},
		{"TPL-04 several objects", resource(two, ""), "", ""},
		{"TPL-04 a condition on several objects", resource(two+", successCondition: a == b", ""), "resource.manifest", "it has 2 objects"},
		{"TPL-05 outputs of several objects", resource(two, `{name: o, valueFrom: {jqFilter: .a}}`), "resource.manifest", "it has 2 objects"},
		{"V-114 the second object is no YAML", resource(`manifest: "a: 1\n---\n{b\n"`, ""), "resource.manifest", "must be a valid yaml"},
		{"ART-07 compression", output(`archive: {tar: {compressionLevel: 9}}`), "", ""},
		{"ART-07 too much compression", output(`archive: {tar: {compressionLevel: 10}}`), "outputs.artifacts[0].archive.tar.compressionLevel", "1 (fast) to 9"},
		{"an output in a repository of code", output(`git: {repo: "https://example.com/r.git"}`), "outputs.artifacts[0].git", "nothing can be stored"},
		{"an output that is written out", output(`raw: {data: a}`), "outputs.artifacts[0].raw", "nothing can be stored"},
		{"an archive in the manifest", `{name: m, container: {image: i}, archiveLocation: {raw: {data: a}}}`, "archiveLocation.raw", "nothing can be stored"},
		{"an input may be written out", `{name: m, container: {image: i}, inputs: {artifacts: [{name: a, path: /a, raw: {data: a}}]}}`, "", ""},
		{"a branch alone", `{name: m, container: {image: i}, inputs: {artifacts: [{name: a, path: /a, git: {repo: r, singleBranch: true}}]}}`, "inputs.artifacts[0].git.branch", "singleBranch"},
		{"two keys", output(`s3: {key: k, encryptionOptions: {enableEncryption: true, kmsKeyId: k, serverSideCustomerKeySecret: {name: s, key: k}}}`), "outputs.artifacts[0].s3.encryptionOptions.serverSideCustomerKeySecret", "not both"},
		{"a context without a key", output(`s3: {key: k, encryptionOptions: {enableEncryption: true, kmsEncryptionContext: "{}"}}`), "outputs.artifacts[0].s3.encryptionOptions.kmsKeyId", "needs kmsKeyId"},
		{"a context that is none", output(`s3: {key: k, encryptionOptions: {enableEncryption: true, kmsKeyId: k, kmsEncryptionContext: "[]"}}`), "outputs.artifacts[0].s3.encryptionOptions.kmsEncryptionContext", "JSON object"},
		{"a key in the open", output(`s3: {key: k, insecure: true, encryptionOptions: {enableEncryption: true, serverSideCustomerKeySecret: {name: s, key: k}}}`), "outputs.artifacts[0].s3.encryptionOptions.serverSideCustomerKeySecret", "TLS"},
		{"protection", output(`hdfs: {addresses: [a], path: /p, hdfsUser: u, dataTransferProtection: secret}`), "outputs.artifacts[0].hdfs.dataTransferProtection", "authentication"},
		{"two ways to log in", output(`hdfs: {addresses: [a], path: /p, krbCCacheSecret: {name: s, key: k}, krbKeytabSecret: {name: s, key: k}, krbServicePrincipalName: nn, krbConfigConfigMap: {name: c, key: k}, krbUsername: u, krbRealm: r}`), "outputs.artifacts[0].hdfs.krbKeytabSecret", "not both"},
		{"deleted before it is moved", output(`oss: {key: k, lifecycleRule: {markInfrequentAccessAfterDays: 5, markDeletionAfterDays: 5}}`), "outputs.artifacts[0].oss.lifecycleRule.markInfrequentAccessAfterDays", "less than"},
		{"a driver outside its directory", output(`plugin: {name: ../x, key: k}`), "outputs.artifacts[0].plugin.name", "no name"},
		{"TPL-11 nothing to list", `{name: m, data: {source: {}, transformation: [{expression: data}]}}`, "data.source.artifactPaths", "no other source"},
		{"TPL-11 what cannot be listed", `{name: m, data: {source: {artifactPaths: {git: {repo: r}}}, transformation: [{expression: data}]}}`, "data.source.artifactPaths.git", "cannot be listed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := &v1alpha1.WorkflowSpec{Entrypoint: "m", Templates: make([]v1alpha1.Template, 1)}
			if err := yaml.UnmarshalStrict([]byte(tc.template), &spec.Templates[0]); err != nil {
				t.Fatal(err)
			}
			errs, _ := ValidateWorkflowSpec(spec, workflowRules, field.NewPath("spec"))
			switch {
			case tc.path == "" && len(errs) == 0:
			case tc.path != "" && len(errs) == 1 && errs[0].Field == "spec.templates[0]."+tc.path && strings.Contains(errs[0].Error(), tc.part):
			default:
				t.Errorf("%v, want %q about %s", errs, tc.part, tc.path)
			}
		})
	}
}
