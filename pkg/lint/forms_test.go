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
