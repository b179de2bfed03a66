package lint

import (
	"fmt"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestExpressions(t *testing.T) {
	leaf := func(text string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: num, value: "1"}, {name: week-temps, value: "{}"}]}, templates: [{name: m, inputs: {parameters: [{name: num}, {name: week-temps}]}, container: {image: "{{inputs.parameters.num}}{{inputs.parameters.week-temps}}", args: ['` + text + `']}}]}`
	}
	const at = "spec.templates[0].container.args[0] | "
	runCases(t, []lintCase{
		{name: "EXP-01 EXP-02", spec: leaf(`{{=asInt(inputs.parameters.num) * 2}}{{=jsonpath(inputs.parameters["week-temps"], "$.avg")}}{{=toJson([1,2])}}{{=sprig.upper(workflow.name)}}{{=int(inputs.parameters.num) > 1 ? "a" : "b"}}`)},
		{name: "EXP-01 not an expression", spec: leaf(`{{=1 +}}`), errors: []string{at + "failed to evaluate expression: unexpected token"}},
		{name: "unknown variable", spec: leaf(`{{=inputs.parameters.x}}`), errors: []string{at + "inputs.parameters.x is missing: the template has no such input parameter"}},
		{name: "did you mean", spec: leaf(`{{=workflow.parameter.num}}`), errors: []string{at + `did you mean "workflow.parameters.num"?`}},
		{name: "nothing of ours", spec: leaf(`{{=foo.bar}}`), errors: []string{at + "foo.bar is missing: there is no such variable"}},
		{name: "VAR-29 hyphens", spec: leaf(`{{=inputs.parameters.week-temps}}`), errors: []string{at + "a name with '-' is written as ['week-temps'] in an expression"}},
		{name: "EXP-05 guarded", spec: leaf(`{{=inputs.parameters.x ?? "d"}}{{=inputs.parameters?.x}}`)},
		{name: "EXP-05 what never is there", spec: leaf(`{{=input.parameters.num ?? "d"}}`), errors: []string{at + `?? does not help; did you mean "inputs.parameters.num"?`}},
		{name: "EXP-05 what never is there, asked for with care", spec: leaf(`{{=input?.parameters?.num ?? "d"}}`), warnings: []string{at + `did you mean "inputs.parameters.num"?`}},
		{name: "EXP-05 a guard is no excuse for a wrong root", spec: leaf(`{{=inputs.parameters.num ?? "d"}}`)},
		{name: "types: a number and a text", spec: leaf(`{{=inputs.parameters.num + 1}}`), errors: []string{at + "convert them with asInt() or asFloat()"}},
		{name: "types: a text has no members", spec: leaf(`{{=inputs.parameters.num.x}}`), errors: []string{at + "type string"}},
		{name: "types: functions", spec: leaf(`{{=asInt(1, 2)}}`), errors: []string{at + "too many arguments"}},
		{name: "types: comparing with a number is never true", spec: leaf(`{{=inputs.parameters.num == 1}}`), warnings: []string{at + "compare with a text"}},
		{name: "unknown function of sprig", spec: leaf(`{{=sprig.uper("x")}}`), errors: []string{at + `there is no function sprig.uper; did you mean "sprig.upper"?`}},
		{name: "functions of sprig that read the environment", spec: leaf(`{{=sprig.env("HOME")}}`), errors: []string{at + "there is no function sprig.env"}},
		{name: "objects as a whole", spec: leaf(`{{=toJson(inputs.parameters)}}{{=toJson(workflow.labels)}}`)},
		{name: "local names", spec: leaf(`{{=let a = 1; a + 1}}{{=filter([1, 3], {# > 1})}}{{=map([{"x": 1}], .x)}}`)},
		{name: "VAR-06 times", spec: leaf(`{{=sprig.date("2006", workflow.creationTimestamp)}}{{=workflow.creationTimestamp.RFC3339}}`)},
	})
}

func TestExpressionsOfComposites(t *testing.T) {
	spec := func(fields string) string {
		return `{entrypoint: m, templates: [{name: m, steps: [[{name: flip-coin, template: l}], [{name: heads, template: l, when: "{{steps.flip-coin.outputs.result}} == heads"}]], ` + fields + `}, {name: l, container: {image: i}, outputs: {artifacts: [{name: r, path: /r}]}}]}`
	}
	const at = "spec.templates[0].outputs."
	runCases(t, []lintCase{
		{name: "PRM-07", spec: spec(`outputs: {parameters: [{name: p, valueFrom: {expression: "steps['flip-coin'].outputs.result == 'heads' ? steps.heads.outputs.result : 'x'"}}], artifacts: [{name: r, fromExpression: "steps['flip-coin'].outputs.result == 'heads' ? steps.heads.outputs.artifacts.r : steps['flip-coin'].outputs.artifacts.r"}]}`)},
		{name: "PRM-07 unknown names", spec: spec(`outputs: {parameters: [{name: p, valueFrom: {expression: "steps.tails.outputs.result"}}], artifacts: [{name: r, fromExpression: "steps.heads.outputs.artifacts.x"}]}`),
			errors: []string{at + "parameters[0].valueFrom.expression | steps.tails.outputs.result is missing", at + "artifacts[0].fromExpression | no such output artifact"}},
		{name: "EXP-05 a task that does not exist has no outputs", spec: spec(`outputs: {parameters: [{name: p, valueFrom: {expression: "steps.tails.outputs.result ?? 'x'"}}, {name: q, valueFrom: {expression: "steps.heads.outputs.result ?? 'x'"}}]}`),
			errors: []string{at + "parameters[0].valueFrom.expression | steps.tails is never there, so it has no member outputs"}},
		{name: "PRM-07 broken", spec: spec(`outputs: {parameters: [{name: p, valueFrom: {expression: "steps.["}}]}`), errors: []string{at + "parameters[0].valueFrom.expression | cannot be compiled"}},
		{name: "VAR-26 tags inside of an expression", spec: `{entrypoint: m, hooks: {a: {template: l, expression: 'workflow.status == "{{workflow.name}}" && {{workflow.priority}} > 3 && 1 {{workflow.labels.team}} 2'}, b: {template: l, expression: 'workflow.status == ({{workflow.name}}'}}, priority: 1, templates: [{name: m, container: {image: i}}, {name: l, container: {image: i}}]}`,
			errors: []string{"spec.hooks[b].expression | cannot be compiled, whatever its tags become"}},
		{name: "hooks", spec: `{entrypoint: m, hooks: {a: {template: l, expression: 'workflow.status == "Running"'}, b: {template: l, expression: "workflow.name"}, c: {template: l, expression: "workflow.staus"}}, templates: [{name: m, steps: [[{name: s, template: l, hooks: {a: {template: l, expression: 'steps.s.status == "Failed"'}, b: {template: l, expression: 'steps.t.status == "Failed"'}}}]]}, {name: l, container: {image: i}}]}`,
			errors: []string{"spec.hooks[b].expression | expected bool", `spec.hooks[c].expression | did you mean "workflow.status"?`, "spec.templates[0].steps[0][0].hooks[b].expression | steps.t.status is missing"}},
		{name: "RTY-05 retry", spec: `{entrypoint: m, templates: [{name: m, retryStrategy: {limit: 1, expression: "asInt(lastRetry.exitCode) > 1 && lastRetry.status == 'Failed'"}, container: {image: i}}, {name: x, retryStrategy: {expression: "lastRetry.exitCode"}, container: {image: i}}, {name: z, retryStrategy: {expression: "lastTry.exitCode == '1'"}, container: {image: i}}]}`,
			errors:   []string{"spec.templates[1].retryStrategy.expression | expected bool", `spec.templates[2].retryStrategy.expression | lastTry.exitCode is missing`},
			warnings: []string{"spec.templates[1] | never run", "spec.templates[2] | never run"}},
		{name: "RTY-06 without a strategy", spec: `{entrypoint: m, templates: [{name: m, container: {image: "{{=lastRetry.exitCode}}"}}]}`, errors: []string{"spec.templates[0].container.image | no retryStrategy"}},
		{name: "TPL-09 http", spec: `{entrypoint: m, templates: [{name: m, http: {url: u, successCondition: "response.statusCode == 200 && response.body contains 'x' && response.headers['A'][0] == 'b'"}}, {name: x, http: {url: u, successCondition: "response.status == 200"}}, {name: z, http: {url: u, successCondition: "response.statusCode"}}]}`,
			errors:   []string{"spec.templates[1].http.successCondition | response.status is missing", "spec.templates[2].http.successCondition | expected bool"},
			warnings: []string{"spec.templates[1] | never run", "spec.templates[2] | never run"}},
		{name: "TPL-11 data", spec: `{entrypoint: m, templates: [{name: m, data: {source: {artifactPaths: {name: a, s3: {key: k}}}, transformation: [{expression: "filter(data, {# endsWith \"x\"})"}, {expression: "dta"}]}}]}`,
			errors: []string{`spec.templates[0].data.transformation[1].expression | did you mean "data"?`}},
		{name: "PRM-19 labelsFrom", spec: `{entrypoint: m, workflowMetadata: {labels: {a: "{{workflow.nam}}"}, labelsFrom: {b: {expression: "workflow.name"}, c: {expression: "workflow.nam"}}}, templates: [{name: m, container: {image: i}}]}`,
			errors: []string{"spec.workflowMetadata.labels[a] | {{workflow.nam}}", "spec.workflowMetadata.labelsFrom[c].expression | workflow.nam is missing"}},
	})
}

func TestWhen(t *testing.T) {
	when := func(condition string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: p, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}, templates: [{name: m, metadata: {labels: {l: "{{inputs.parameters.p}}"}}, inputs: {parameters: [{name: p}]}, steps: [[{name: s, template: l, when: '` + condition + `'}]]}, {name: l, container: {image: "{{workflow.parameters.p}}"}}]}`
	}
	const at = "spec.templates[0].steps[0][0].when | "
	runCases(t, []lintCase{
		{name: "FLOW-04", spec: when(`{{inputs.parameters.p}} == heads && ({{inputs.parameters.p}} =~ "^h" || !( {{inputs.parameters.p}} in ("a", "b")))`)},
		{name: "FLOW-04 a whole condition", spec: when(`{{inputs.parameters.p}}`)},
		{name: "FLOW-04 an operator from a tag", spec: when(`1 {{inputs.parameters.p}} {{inputs.parameters.p}}`)},
		{name: "FLOW-05", spec: when(`{{= inputs.parameters.p == "x" }}`)},
		{name: "V-267 cannot be read", spec: when(`{{inputs.parameters.p}} == (heads`), errors: []string{at + "invalid 'when' expression"}},
		{name: "V-267 literal that cannot be read", spec: when(`1 = 1`), errors: []string{at + "invalid 'when' expression"}},
		{name: "V-267 not a condition", spec: when(`yes`), errors: []string{at + "expected boolean evaluation"}},
		{name: "V-267 literal", spec: when(`1 == 1`)},
		{name: "variables", spec: when(`{{inputs.parameters.q}} == 1`), errors: []string{at + "failed to resolve {{inputs.parameters.q}}"}},
		{name: "expressions", spec: when(`{{= inputs.parameters.q == "x" }}`), errors: []string{at + "inputs.parameters.q is missing"}},
	})
}

// Whoever can write manifests cannot have the server try conditions for minutes.
func TestConditionsAreNotTriedForEver(t *testing.T) {
	var steps []string
	for i := range 500 {
		steps = append(steps, fmt.Sprintf(`[{name: s%d, template: leaf, when: "%d {{item.a}} x {{item.b}} y {{item.c}} z {{item.d}}", withParam: "[]"}]`, i, i))
	}
	wf := parse[v1alpha1.Workflow](t, `{metadata: {name: w}, spec: {entrypoint: m, templates: [{name: m, steps: [`+strings.Join(steps, ", ")+`]}, {name: leaf, container: {image: i}}]}}`)
	errs, _ := Workflow(wf, Nothing{})
	if len(errs) == 0 || len(errs) > 20 {
		t.Errorf("%d conditions were tried to the end", len(errs))
	}
}

// Suggestions among thousands of names, for thousands that are wrong, would take minutes.
func TestSuggestionsComeToAnEnd(t *testing.T) {
	var steps []string
	long := strings.Repeat("x", 100)
	for i := range 1500 {
		steps = append(steps, fmt.Sprintf(`[{name: s%s%d, template: leaf, arguments: {parameters: [{name: p, value: "{{steps.t%s%d.id}}"}]}}]`, long, i, long, i))
	}
	wf := parse[v1alpha1.Workflow](t, `{metadata: {name: w}, spec: {entrypoint: m, templates: [{name: m, steps: [`+strings.Join(steps, ", ")+`]}, {name: leaf, container: {image: i}}]}}`)
	errs, _ := Workflow(wf, Nothing{})
	if len(errs) <= MaxErrors || !strings.Contains(errs[1].Detail, "did you mean") || strings.Contains(errs[MaxErrors-1].Detail, "did you mean") {
		t.Errorf("%d errors, %v ... %v", len(errs), errs[1], errs[len(errs)-2])
	}
}

// What stands around the tags of a name says what it can become (V-122).
func TestNamesWithTags(t *testing.T) {
	for name, becomes := range map[string]string{"a-{{x}}": "a-1", "{{x}}": "b", "a{{x}}-{{y}}b": "a1-2-b", "{{x}}a{{y}}a": "aa"} {
		if !namePattern(name).matches(becomes) {
			t.Errorf("%s never becomes %s", name, becomes)
		}
	}
	for name, other := range map[string]string{"a-{{x}}": "b-1", "a{{x}}-{{y}}b": "a12b", "{{x}}a{{y}}a": "a", "a{{x}}a": "a"} {
		if namePattern(name).matches(other) {
			t.Errorf("%s becomes %s", name, other)
		}
	}
}

func TestCronConditions(t *testing.T) { // V-227
	cron := func(fields string) *v1alpha1.CronWorkflow {
		return parse[v1alpha1.CronWorkflow](t, `{metadata: {name: c, namespace: ns}, spec: {schedules: ["@daily"], `+fields+`, workflowSpec: {entrypoint: m, templates: [{name: m, container: {image: i}}]}}}`)
	}
	for _, tc := range []struct {
		fields string
		errors []string
	}{
		{fields: `when: "{{= cronworkflow.lastScheduledTime == nil || (now() - cronworkflow.lastScheduledTime).Seconds() > 360 }}"`},
		{fields: `when: "{{cronworkflow.failed}} > 3"`},
		{fields: `when: "{{= cronworkflow.lastScheduled == nil }}"`, errors: []string{"spec.when | cronworkflow.lastScheduled is missing"}},
		{fields: `when: "1 == (2"`, errors: []string{"spec.when | invalid 'when' expression"}},
		{fields: `stopStrategy: {expression: "cronworkflow.failed >= 3"}`},
		{fields: `stopStrategy: {expression: "failed >= 3"}`, errors: []string{"spec.stopStrategy.expression | failed is missing"}},
		{fields: `stopStrategy: {expression: "cronworkflow.failed"}`, errors: []string{"spec.stopStrategy.expression | expected bool"}},
		{fields: `stopStrategy: {expression: ""}`, errors: []string{"spec.stopStrategy.expression | say when to stop"}},
	} {
		errs, warnings := CronWorkflow(cron(tc.fields), Nothing{})
		expect(t, errs, warnings, tc.errors, nil)
	}
	errs, warnings := CronWorkflow(parse[v1alpha1.CronWorkflow](t, `{metadata: {name: c, namespace: ns}, spec: {schedules: ["@daily"], workflowMetadata: {labels: {team: a}},
		workflowSpec: {entrypoint: m, templates: [{name: m, container: {image: "{{workflow.labels.team}}{{workflow.labels.other}}{{workflow.parameters.x}}"}}]}}}`), Nothing{})
	const at = "spec.workflowSpec.templates[0].container.image | "
	expect(t, errs, warnings, []string{at + "no such label", at + "{{workflow.parameters.x}}"}, nil)
}

func TestEventBindings(t *testing.T) { // V-240, V-241
	errs, warnings := WorkflowEventBinding(parse[v1alpha1.WorkflowEventBinding](t, `{metadata: {name: b, namespace: ns}, spec: {event: {selector: "payload.a == 'x' && discriminator != '' && metadata['x-github-event'] == ['push']"},
		submit: {workflowTemplateRef: {name: other}, metadata: {name: "payload.name", labels: {l: "payload.label"}}, arguments: {parameters: [{name: p, valueFrom: {event: "payload.x"}}]}}}}`), testLookup(t))
	expect(t, errs, warnings, nil, nil)
	errs, _ = WorkflowEventBinding(parse[v1alpha1.WorkflowEventBinding](t, `{metadata: {name: b, namespace: ns}, spec: {event: {selector: "payload.a =="},
		submit: {workflowTemplateRef: {name: other}, metadata: {generateName: "payloads.name", labels: {l: "(("}}, arguments: {parameters: [{name: p, valueFrom: {event: "event.x"}}, {name: q}]}}}}`), testLookup(t))
	expect(t, errs, nil, []string{
		"spec.event.selector | cannot be compiled", "spec.submit.metadata.generateName | payloads.name is missing", "spec.submit.metadata.labels[l] | cannot be compiled",
		"spec.submit.arguments.parameters[1].value | q.value or q.valueFrom is required", "spec.submit.arguments.parameters[0].valueFrom.event | event.x is missing",
	}, nil)
}
