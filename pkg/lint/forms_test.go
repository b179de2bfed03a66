package lint

import "testing"

// V-053 V-056 V-064 V-264 V-265 V-268: what has to become a number, a time, a list or a name can become one, whatever its tags
// stand for.
func TestForms(t *testing.T) {
	leaf := func(fields string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: num, value: "5"}]}, templates: [{name: m, inputs: {parameters: [{name: num}]}, ` + fields + `, container: {image: "{{inputs.parameters.num}}"}}]}`
	}
	loop := func(fields string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: num, value: "5"}]}, templates: [{name: m, inputs: {parameters: [{name: num}]}, steps: [[{name: a, template: l, when: "{{inputs.parameters.num}} > 1"}], [{name: s, template: l, ` + fields + `}]]}, {name: l, container: {image: "{{workflow.parameters.num}}"}}]}`
	}
	with := func(fields string) string {
		return `{entrypoint: m, ` + fields + `, arguments: {parameters: [{name: num, value: "5"}]}, templates: [{name: m, container: {image: "{{workflow.parameters.num}}"}}]}`
	}
	const at, step = "spec.templates[0].", "spec.templates[0].steps[1][0]."
	cases := []lintCase{
		{name: "what can be right", spec: leaf(`timeout: "{{inputs.parameters.num}}m", activeDeadlineSeconds: "{{=asInt(inputs.parameters.num) * 60}}", retryStrategy: {limit: " {{inputs.parameters.num}} ", backoff: {duration: "{{inputs.parameters.num}}", factor: "{{workflow.parameters.num}}", cap: "1h{{inputs.parameters.num}}m"}}`)},
		{name: "lists that can be right", spec: loop(`withParam: '["a", {{inputs.parameters.num}}, "{{workflow.name}}"]'`), warnings: []string{}},
		{name: "a list from anywhere", spec: loop(`withParam: "{{steps.a.outputs.result}}"`)},
		{name: "a sequence from anywhere", spec: loop(`withSequence: {count: "{{inputs.parameters.num}}", start: "1{{inputs.parameters.num}}"}`)},
		{name: "labels", spec: with(`workflowMetadata: {labels: {a: "{{workflow.parameters.num}}", b: "v-{{workflow.parameters.num}}-x"}}`)},
	}
	for field, value := range map[string]string{
		"timeout": "x{{inputs.parameters.num}}", "pendingTimeout": "{{inputs.parameters.num}}q",
		"annotations[workflows.argoproj.io/display-name]": "a {{inputs.parameters.num}}",
	} {
		yaml := field + `: "` + value + `"`
		if field[0] == 'a' {
			yaml = `annotations: {workflows.argoproj.io/display-name: "` + value + `"}`
		}
		cases = append(cases, lintCase{name: field, spec: leaf(yaml), errors: []string{at + field + " | whatever its tags become"}})
	}
	for field, value := range map[string]string{"limit": `limit: "{{inputs.parameters.num}}x"`, "backoff.factor": `backoff: {duration: 1s, factor: "{{inputs.parameters.num}}.5"}`, "backoff.cap": `backoff: {duration: 1s, cap: "{{inputs.parameters.num}} s"}`} {
		cases = append(cases, lintCase{name: field, spec: leaf(`retryStrategy: {` + value + `}`), errors: []string{at + "retryStrategy." + field + " | whatever its tags become"}})
	}
	cases = append(cases,
		lintCase{name: "a list with something before it", spec: loop(`withParam: "a{{steps.a.outputs.result}}"`), errors: []string{step + "withParam | JSON list"}},
		lintCase{name: "a number as a list", spec: loop(`withParam: "{{=asInt(inputs.parameters.num)}}"`), errors: []string{step + "withParam | JSON list"}},
		lintCase{name: "a time as a list", spec: loop(`withParam: "{{steps.a.startedAt}}"`), errors: []string{step + "withParam | JSON list"}},
		lintCase{name: "a count", spec: loop(`withSequence: {count: "{{inputs.parameters.num}}%"}`), errors: []string{step + "withSequence.count | a whole number"}},
		lintCase{name: "a time as a number", spec: loop(`withSequence: {count: 1, start: "{{workflow.creationTimestamp}}"}`), errors: []string{step + "withSequence.start | a whole number"}},
		lintCase{name: "a label", spec: with(`workflowMetadata: {labels: {a: "x {{workflow.parameters.num}}"}}`), errors: []string{"spec.workflowMetadata.labels[a] | a label's value"}},
		lintCase{name: "a list as a label", spec: with(`workflowMetadata: {labels: {a: "{{workflow.parameters}}"}}`), errors: []string{"spec.workflowMetadata.labels[a] | a label's value"}},
	)
	runCases(t, cases)
}

// V-011 V-150 V-264 V-265 V-268 EXP-02: a value that is written out is looked at where it ends up: where that is used in any case,
// it is refused, and elsewhere told of.
func TestFormsByValue(t *testing.T) {
	spec := func(value, main string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: p, value: '` + value + `'}]}, templates: [{name: m, inputs: {parameters: [{name: p}]}, ` + main + `},
			{name: l, container: {image: i}}, {name: t, inputs: {parameters: [{name: q}]}, timeout: "{{inputs.parameters.q}}", container: {image: i, args: ["{{=asInt(inputs.parameters.q)}}"]}}]}`
	}
	leaf := `container: {image: "{{inputs.parameters.p}}"}`
	const m = "spec.templates[0]."
	runCases(t, []lintCase{
		{name: "a label", spec: `{entrypoint: m, arguments: {parameters: [{name: p, value: a b}]}, workflowMetadata: {labelsFrom: {x: {expression: "'v-' + workflow.parameters.p"}}, labels: {z: "{{workflow.parameters.p}}"}}, templates: [{name: m, container: {image: i}}]}`,
			errors: []string{"spec.workflowMetadata.labels[z] | is no value for a label", "spec.workflowMetadata.labelsFrom[x].expression | is no value for a label"}},
		{name: "a duration", spec: spec("soon", `timeout: "{{inputs.parameters.p}}", `+leaf), errors: []string{m + "timeout | is not a duration"}, warnings: never("l", "t")},
		{name: "a number", spec: spec("some", `retryStrategy: {limit: "{{inputs.parameters.p}}"}, `+leaf), errors: []string{m + "retryStrategy.limit | is not an integer"}, warnings: never("l", "t")},
		{name: "a display name", spec: spec("a b", `annotations: {workflows.argoproj.io/display-name: "{{inputs.parameters.p}}"}, `+leaf), errors: []string{m + "annotations[workflows.argoproj.io/display-name] | letters, digits"}, warnings: never("l", "t")},
		{name: "an expression", spec: spec("some", `container: {image: i, args: ["{{=asInt(inputs.parameters.p) + 1}}"]}`), errors: []string{m + `container.args[0] | "some" is not an integer`}, warnings: never("l", "t")},
		{name: "a count", spec: spec("some", `steps: [[{name: s, template: l, withSequence: {count: "{{inputs.parameters.p}}"}}]]`), errors: []string{m + "steps[0][0].withSequence.count | is not an integer"}, warnings: never("t")},
		{name: "a template", spec: `{entrypoint: m, arguments: {parameters: [{name: p, value: none}]}, templates: [{name: m, steps: [[{name: s, template: "{{workflow.parameters.p}}"}]]}]}`, errors: []string{m + "steps[0][0].template | template name 'none' undefined"}},
		{name: "templates by a list", spec: spec("none", `steps: [[{name: s, template: "{{item}}", withItems: [l, "{{inputs.parameters.p}}", m2]}]]`), errors: []string{m + "steps[0][0].template | template name 'm2' undefined"}},
		{name: "a target", spec: spec("none", `dag: {target: "{{inputs.parameters.p}}", tasks: [{name: a, template: l}]}`), errors: []string{m + "dag.target | target"}, warnings: never("t")},
		{name: "VAR-27 tags that nobody replaces are text", spec: spec("{{steps.x.outputs.result}}", `steps: [[{name: s, template: l, withParam: "{{inputs.parameters.p}}", when: "{{item}} != a"}]]`), errors: []string{m + "steps[0][0].withParam | JSON list: {{steps.x.outputs.result}}"}, warnings: never("t")},
		{name: "VAR-28 a name that no input can have", spec: spec("a", `container: {image: "{{inputs.parameters.{{workflow.parameters.p}}}}", args: ["{{inputs.paramete{{workflow.name}}/x}}", "{{inputs.parameters.p}}"]}`), errors: []string{m + "container.args[0] | no input that could be called so"}, warnings: never("l", "t")},
		{name: "below a condition it may be what keeps it out", spec: spec("soon", `steps: [[{name: s, template: t, when: "{{workflow.name}} == x", arguments: {parameters: [{name: q, value: "{{inputs.parameters.p}}"}]}}]]`),
			warnings: []string{"spec.templates[2].timeout | is not a duration", "spec.templates[2].container.args[0] | is not an integer", "spec.templates[1] | never run"}},
	})
}

// never lists the warnings of templates that nothing runs, of those behind m.
func never(names ...string) []string {
	var warnings []string
	for _, name := range names {
		warnings = append(warnings, "spec.templates["+map[string]string{"l": "1", "t": "2"}[name]+"] | never run")
	}
	return warnings
}
