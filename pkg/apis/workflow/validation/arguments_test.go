package validation

import (
	"testing"
)

func TestArguments(t *testing.T) {
	const rest = `, entrypoint: a, templates: [{name: a, suspend: {}}]}`
	runSpecCases(t, []specCase{
		{name: "V-030 no name", spec: `{arguments: {parameters: [{value: v}], artifacts: [{raw: {data: d}}]}` + rest,
			errors: []string{"spec.arguments.parameters[0].name", "spec.arguments.artifacts[0].name"}},
		{name: "V-031 malformed name", spec: `{arguments: {parameters: [{name: a.b, value: v}], artifacts: [{name: "{{x}}", raw: {data: d}}]}` + rest,
			errors: []string{"spec.arguments.parameters[0].name", "spec.arguments.artifacts[0].name"}},
		{name: "V-032 given twice", spec: `{arguments: {parameters: [{name: p, value: 1}, {name: p, value: 2}], artifacts: [{name: p, raw: {data: d}}, {name: p, raw: {data: d}}]}` + rest,
			errors: []string{"spec.arguments.parameters[1].name", "spec.arguments.artifacts[1].name"}},
		{name: "V-033 V-262 no value", spec: `{arguments: {parameters: [{name: p}, {name: empty, value: ""}]}` + rest,
			errors: []string{"spec.arguments.parameters[0].value"}},
		{name: "V-034 source without meaning", spec: `{arguments: {parameters: [{name: p, valueFrom: {default: d}}]}` + rest,
			errors: []string{"spec.arguments.parameters[0].valueFrom"}},
		{name: "V-034 allowed sources", spec: `{arguments: {parameters: [{name: p, valueFrom: {supplied: {}}}, {name: q, valueFrom: {configMapKeyRef: {name: c, key: k}, default: d}}, {name: r, valueFrom: {event: payload}}]}` + rest},
		{name: "V-035 source of an output", spec: `{arguments: {parameters: [{name: p, valueFrom: {supplied: {}, path: /x}}]}` + rest,
			errors: []string{"spec.arguments.parameters[0].valueFrom"}},
		{name: "V-036 V-204 empty enum", spec: `{arguments: {parameters: [{name: p, value: a, enum: []}]}` + rest,
			errors: []string{"spec.arguments.parameters[0].enum"}},
		{name: "V-038 not in enum", spec: `{arguments: {parameters: [{name: p, value: c, enum: [a, b]}, {name: n, value: 5, enum: [5, 6]}]}` + rest,
			errors: []string{"spec.arguments.parameters[0].value"}},
		{name: "V-040 two sources of an artifact", spec: `{arguments: {artifacts: [{name: a, from: x, fromExpression: y}]}` + rest,
			errors: []string{"spec.arguments.artifacts[0].fromExpression"}},
		{name: "V-044 values may come from the referenced template", spec: `{workflowTemplateRef: {name: t}, arguments: {parameters: [{name: p}]}}`},
	})
}

func TestRequiredInputs(t *testing.T) {
	const templates = `templates: [
		{name: needs, inputs: {parameters: [{name: p}, {name: q, default: d}, {name: r, value: ""}, {name: s, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}, suspend: {}},
		{name: main, steps: [[{name: given, template: needs, arguments: {parameters: [{name: p, value: v}]}}]]}`
	runSpecCases(t, []specCase{
		{name: "V-041 entrypoint", spec: `{entrypoint: needs, ` + templates + `]}`, errors: []string{"spec.arguments.parameters"}},
		{name: "V-041 entrypoint takes the workflow's arguments", spec: `{entrypoint: needs, arguments: {parameters: [{name: p, value: v}]}, ` + templates + `]}`},
		{name: "V-041 step", spec: `{entrypoint: main, ` + templates + `, {name: o, steps: [[{name: s, template: needs}]]}]}`,
			errors: []string{"spec.templates[2].steps[0][0].arguments.parameters"}},
		{name: "V-041 task", spec: `{entrypoint: main, ` + templates + `, {name: o, dag: {tasks: [{name: t, template: needs}]}}]}`,
			errors: []string{"spec.templates[2].dag.tasks[0].arguments.parameters"}},
		{name: "REF-07 unknown argument", spec: `{entrypoint: main, ` + templates + `, {name: o, steps: [[{name: s, template: main, arguments: {parameters: [{name: z, value: v}]}}]]}]}`,
			warnings: []string{"spec.templates[2].steps[0][0].arguments.parameters[0]: "}},
	})
}

func TestInputsAndOutputs(t *testing.T) {
	template := func(fields string) string {
		return `{entrypoint: a, templates: [{name: a, suspend: {}, ` + fields + `}]}`
	}
	const at = "spec.templates[0]."
	runSpecCases(t, []specCase{
		{name: "V-080 V-204 names of inputs", spec: template(`inputs: {parameters: [{name: p, value: v}, {name: p, value: v}, {name: "a b", value: v}], artifacts: [{name: x, raw: {data: d}}, {name: x, raw: {data: d}}]}`),
			errors: []string{at + "inputs.parameters[1].name", at + "inputs.parameters[2].name", at + "inputs.artifacts[1].name"}},
		{name: "V-084 from in inputs", spec: template(`inputs: {artifacts: [{name: x, from: "{{y}}", raw: {data: d}}]}`), errors: []string{at + "inputs.artifacts[0].from"}},
		{name: "V-160 names of outputs", spec: template(`outputs: {parameters: [{name: p, value: v}, {name: p, value: v}], artifacts: [{name: ""}]}`),
			errors: []string{at + "outputs.parameters[1].name", at + "outputs.artifacts[0].name"}},
		{name: "V-165 value and source", spec: template(`outputs: {parameters: [{name: p, value: v, valueFrom: {supplied: {}}}]}`), errors: []string{at + "outputs.parameters[0].valueFrom"}},
		{name: "V-166 neither", spec: template(`outputs: {parameters: [{name: p}]}`), errors: []string{at + "outputs.parameters[0].valueFrom"}},
		{name: "V-167 source without meaning", spec: template(`outputs: {parameters: [{name: p, valueFrom: {default: d}}]}`), errors: []string{at + "outputs.parameters[0].valueFrom"}},
		{name: "V-168 two sources", spec: template(`outputs: {parameters: [{name: p, valueFrom: {path: /p, supplied: {}}}]}`), errors: []string{at + "outputs.parameters[0].valueFrom"}},
	})
}
