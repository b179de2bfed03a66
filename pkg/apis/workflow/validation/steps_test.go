package validation

import (
	"testing"
)

func TestSteps(t *testing.T) {
	steps := func(text string) string {
		return `{entrypoint: main, templates: [{name: a, suspend: {}}, {name: main, steps: ` + text + `}]}`
	}
	const at = "spec.templates[1].steps"
	runSpecCases(t, []specCase{
		{name: "V-120 no name", spec: steps(`[[{template: a}]]`), errors: []string{at + "[0][0].name"}},
		{name: "V-121 twice in one template", spec: steps(`[[{name: s, template: a}], [{name: t, template: a}, {name: s, template: a}]]`), errors: []string{at + "[1][1].name"}},
		{name: "V-122 malformed, tags allowed", spec: steps(`[[{name: s_1, template: a}, {name: "run-{{inputs.parameters.x}}", template: a}, {name: "run_{{x}}", template: a}]]`),
			errors: []string{at + "[0][0].name", at + "[0][2].name"}},
		{name: "V-123 two loops", spec: steps(`[[{name: s, template: a, withItems: [1], withParam: "[]"}]]`), errors: []string{at + "[0][0]"}},
		{name: "V-124 count and end", spec: steps(`[[{name: s, template: a, withSequence: {count: 1, end: 2}}]]`), errors: []string{at + "[0][0].withSequence"}},
		{name: "V-126 arguments", spec: steps(`[[{name: s, template: a, arguments: {parameters: [{name: p}]}}]]`),
			errors: []string{at + "[0][0].arguments.parameters[0].value"}, warnings: []string{at + "[0][0].arguments.parameters[0]"}},
		{name: "V-127 hook without expression", spec: steps(`[[{name: s, template: a, hooks: {exit: {template: a}, mine: {template: a}}}]]`), errors: []string{at + "[0][0].hooks[mine].expression"}},
		{name: "V-011 unknown template", spec: steps(`[[{name: s, template: b}]]`), errors: []string{at + "[0][0].template"}},
		{name: "V-011 name with a tag", spec: steps(`[[{name: s, template: "{{item}}", withItems: [a]}]]`)},
		{name: "nothing to run", spec: steps(`[[{name: s}]]`), errors: []string{at + "[0][0].template"}},
		{name: "V-071 template and templateRef", spec: steps(`[[{name: s, template: a, templateRef: {name: t, template: u}}]]`), errors: []string{at + "[0][0]"}},
		{name: "V-071 template and inline", spec: steps(`[[{name: s, template: a, inline: {suspend: {}}}]]`), errors: []string{at + "[0][0]"}},
		{name: "V-072 V-073 incomplete reference", spec: steps(`[[{name: s, templateRef: {clusterScope: true}}]]`), errors: []string{at + "[0][0].templateRef.name", at + "[0][0].templateRef.template"}},
		{name: "TPL-14 inline templates are looked at", spec: steps(`[[{name: s, inline: {dag: {tasks: [{name: t, template: b}]}}}]]`), errors: []string{at + "[0][0].inline.dag.tasks[0].template"}},
		{name: "TPL-14 inline without type", spec: steps(`[[{name: s, inline: {timeout: 5m}}]]`), errors: []string{at + "[0][0].inline"}},
		{name: "REF-06 onExit", spec: steps(`[[{name: s, template: a, onExit: b}]]`), errors: []string{at + "[0][0].onExit"}, warnings: []string{at + "[0][0].onExit: deprecated"}},
	})
}
