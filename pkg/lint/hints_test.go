package lint

import "testing"

// Mistakes that many make are told in words that say what to write instead.
func TestHints(t *testing.T) {
	leaf := func(text string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: message, value: v}]}, templates: [{name: m, inputs: {parameters: [{name: message}], artifacts: [{name: file, path: /f, raw: {data: d}}]}, container: {image: "{{inputs.parameters.message}}", args: ["` + text + `"]}}]}`
	}
	when := func(condition string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: p, value: v}]}, templates: [{name: m, steps: [[{name: s, template: l, when: '` + condition + `'}]]}, {name: l, container: {image: "{{workflow.parameters.p}}"}}]}`
	}
	retry := func(expression string) string {
		return `{entrypoint: m, templates: [{name: m, retryStrategy: {limit: 2, expression: '` + expression + `'}, container: {image: i}}]}`
	}
	const arg, condition, attempt = "spec.templates[0].container.args[0] | ", "spec.templates[0].steps[0][0].when | ", "spec.templates[0].retryStrategy.expression | "
	runCases(t, []lintCase{
		{name: "V-190 the kind of a parameter is missing", spec: leaf(`{{inputs.message}}`), errors: []string{arg + `did you mean "inputs.parameters.message"?`}},
		{name: "V-190 the kind of an artifact is missing", spec: leaf(`{{inputs.file}}`), errors: []string{arg + `did you mean "inputs.artifacts.file"?`}},
		{name: "V-267 a single =", spec: when(`a = b`), errors: []string{condition + "write == to compare"}},
		{name: "V-267 a single = and a variable", spec: when(`{{workflow.parameters.p}} = b`), errors: []string{condition + "write == to compare"}},
		{name: "V-267 other mistakes", spec: when(`a == `), errors: []string{condition + "when"}},
		{name: "RTY-05 the exit code is a text", spec: retry(`lastRetry.exitCode > 1`), errors: []string{attempt + "asInt()"}},
		{name: "RTY-05 the exit code as a number", spec: retry(`asInt(lastRetry.exitCode) > 1`)},
		{name: "RTY-05 never the same", spec: retry(`lastRetry.exitCode == 1`), warnings: []string{attempt + "compare with a text"}},
	})
}
