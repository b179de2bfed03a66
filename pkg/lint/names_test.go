package lint

import "testing"

// VAR-01 to VAR-25: a name is one of ours to the last letter, or it is refused where it is ours to give it a value.
func TestNamesToTheLastLetter(t *testing.T) {
	leaf := func(text string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: p, value: "1"}]}, templates: [{name: m, inputs: {parameters: [{name: p}]}, container: {image: "{{inputs.parameters.p}}", args: ['` + text + `']}}]}`
	}
	const at = "spec.templates[0].container.args[0] | "
	cases := []lintCase{
		{name: "VAR-03 VAR-05 lists", spec: leaf("{{workflow.parameters}}{{workflow.parameters.json}}{{inputs.parameters}}{{workflow.labels}}{{workflow.labels.json}}")},
		{name: "VAR-13 inputs have no JSON of that name", spec: leaf("{{inputs.parameters.json}}"), errors: []string{at + "no such input parameter"}},
		{name: "VAR-22 retries", spec: `{entrypoint: m, templates: [{name: m, retryStrategy: {limit: 1}, container: {image: i, args: ["{{retries}} {{lastRetry.exitCode}} {{lastRetry.message}}{{=lastRetry.status}}"]}}]}`},
		{name: "VAR-22 no such member", spec: `{entrypoint: m, templates: [{name: m, retryStrategy: {limit: 1}, container: {image: i, args: ["{{=lastRetry.state}}"]}}]}`, errors: []string{at + "there are retries and lastRetry.exitCode"}},
	}
	for _, name := range []string{
		"inputs.parameters.", "workflow.parameters.", "workflow.labels.", "workflow.annotations.", "workflow.creationTimestamp.", "workflow.name.", "workflow.duration.",
	} {
		cases = append(cases, lintCase{name: name, spec: leaf("{{" + name + "}}"), errors: []string{at + "nothing stands behind the last dot"}})
	}
	for _, name := range []string{"workflow.duration.seconds", "workflow.scheduledTime.x", "workflow.name.first", "workflow.status.phase", "workflow.mainEntrypoint.x"} {
		cases = append(cases, lintCase{name: "V-182 " + name, spec: leaf("{{" + name + "}}"), errors: []string{at + "failed to resolve {{" + name + "}}"}})
	}
	steps := func(step string) string {
		return `{entrypoint: m, templates: [{name: m, steps: [[{name: s, template: l, ` + step + `}]]}, {name: l, container: {image: i}}]}`
	}
	cases = append(cases,
		lintCase{name: "V-268 a root alone is no list", spec: steps(`withParam: "{{workflow}}"`), errors: []string{"spec.templates[0].steps[0][0].withParam | there is no such variable"}},
		lintCase{name: "V-267 what was said is not known before", spec: steps(`when: "{{outputs.result}} == a"`), errors: []string{"spec.templates[0].steps[0][0].when | only when the template has run"}},
		lintCase{name: "VAR-08 no schedule", spec: steps(`when: "'{{workflow.scheduledTime}}' == ''"`), errors: []string{"spec.templates[0].steps[0][0].when | CronWorkflow"}},
		lintCase{name: "VAR-17 the caller's name has no members", spec: leaf("{{steps.name.x}}"), errors: []string{at + "a template sees its own inputs only"}},
		lintCase{name: "VAR-17 a step may be called name", spec: `{entrypoint: m, templates: [{name: m, steps: [[{name: name, template: l}], [{name: s, template: l, when: "{{steps.name.status}} == Succeeded"}]]}, {name: l, container: {image: i}}]}`},
	)
	runCases(t, cases)
}

// PRM-04 PRM-19 VAR-09: what is worked out before anything runs does not know how the run goes.
func TestNamesBeforeTheRun(t *testing.T) {
	with := func(fields string) string {
		return `{entrypoint: m, ` + fields + `, templates: [{name: m, container: {image: i}, outputs: {parameters: [{name: o, globalName: g, valueFrom: {path: /o}}]}}]}`
	}
	const metadata = "spec.workflowMetadata."
	runCases(t, []lintCase{
		{name: "PRM-19 what is known", spec: with(`arguments: {parameters: [{name: p, value: v}]}, workflowMetadata: {labels: {a: "{{workflow.parameters.p}}-{{workflow.name}}"}, annotations: {b: "{{workflow.creationTimestamp}}"}, labelsFrom: {c: {expression: "workflow.parameters.p + 'x'"}}}`)},
		{name: "PRM-19 status", spec: with(`workflowMetadata: {labels: {a: "{{workflow.status}}"}}`), errors: []string{metadata + "labels[a] | before anything runs"}},
		{name: "PRM-19 failures", spec: with(`workflowMetadata: {annotations: {a: "{{workflow.failures}}"}}`), errors: []string{metadata + "annotations[a] | before anything runs"}},
		{name: "PRM-19 outputs", spec: with(`workflowMetadata: {labelsFrom: {a: {expression: workflow.outputs.parameters.g}}}`), errors: []string{metadata + "labelsFrom[a].expression | before anything runs"}},
		{name: "PRM-19 what it gives itself", spec: with(`workflowMetadata: {labels: {a: "{{workflow.annotations.b}}{{workflow.labels.team}}"}, annotations: {b: c}}`), errors: []string{metadata + "labels[a] | workflowMetadata gives it only now"}},
		{name: "PRM-04 the workflow's ConfigMap", spec: with(`arguments: {parameters: [{name: p, valueFrom: {configMapKeyRef: {name: "{{workflow.status}}", key: "{{workflow.name}}"}}}]}`),
			errors: []string{"spec.arguments.parameters[0].valueFrom.configMapKeyRef.name | before anything runs"}, warnings: []string{"spec.arguments.parameters[0] | never used"}},
		{name: "PRM-04 an input's ConfigMap", spec: `{entrypoint: m, templates: [{name: m, inputs: {parameters: [{name: a, value: v}, {name: b, valueFrom: {configMapKeyRef: {name: "{{workflow.name}}", key: "{{inputs.parameters.a}}"}}}]}, container: {image: "{{inputs.parameters.a}}{{inputs.parameters.b}}"}}]}`,
			errors: []string{"spec.templates[0].inputs.parameters[1].valueFrom.configMapKeyRef.key | only variables of the workflow are known here"}},
	})
}

// EXP-07: expressions that run elsewhere know what is there, and nothing else.
func TestNamesOfOtherExpressions(t *testing.T) {
	const retry = "spec.templates[0].retryStrategy.expression | "
	runCases(t, []lintCase{
		{name: "RTY-05 knows no inputs, but tags in it do", spec: `{entrypoint: m, arguments: {parameters: [{name: num, value: "2"}]}, templates: [{name: m, inputs: {parameters: [{name: num}]}, retryStrategy: {limit: 1, expression: "asInt(lastRetry.exitCode) > {{inputs.parameters.num}}"}, container: {image: i}}]}`},
		{name: "RTY-05 inputs", spec: `{entrypoint: m, arguments: {parameters: [{name: num, value: "2"}]}, templates: [{name: m, inputs: {parameters: [{name: num}]}, retryStrategy: {limit: 1, expression: "lastRetry.exitCode > inputs.parameters.num"}, container: {image: "{{inputs.parameters.num}}"}}]}`,
			errors: []string{retry + "inputs.parameters.num is missing"}},
		{name: "RTY-05 members", spec: `{entrypoint: m, templates: [{name: m, retryStrategy: {limit: 1, expression: "lastRetry.code == '1'"}, container: {image: i}}]}`, errors: []string{retry + "lastRetry.code is missing"}},
		{name: "RTY-05 of the workflow", spec: `{entrypoint: m, retryStrategy: {limit: 1, expression: "asInt(retries) < 3 && tries == '1'"}, templates: [{name: m, container: {image: i}}]}`, errors: []string{"spec.retryStrategy.expression | tries is missing"}},
		{name: "TPL-11 data", spec: `{entrypoint: m, templates: [{name: m, data: {source: {artifactPaths: {s3: {bucket: b, key: k}}}, transformation: [{expression: "filter(data, {# endsWith workflow.name})"}]}}]}`,
			errors: []string{"spec.templates[0].data.transformation[0].expression | workflow.name is missing"}},
		{name: "HOOK-03 a group of names is no condition", spec: `{entrypoint: m, hooks: {running: {template: m, expression: workflow}}, templates: [{name: m, container: {image: i}}]}`, errors: []string{"spec.hooks[running].expression | expected bool"}},
		{name: "HOOK-03 nor is a list of parameters", spec: `{entrypoint: m, arguments: {parameters: [{name: p, value: v}]}, hooks: {running: {template: m, expression: workflow.parameters}}, templates: [{name: m, container: {image: i}}]}`, errors: []string{"spec.hooks[running].expression | expected bool"}},
		{name: "HOOK-03 a step as a whole", spec: `{entrypoint: m, templates: [{name: m, steps: [[{name: s, template: l, hooks: {h: {template: l, expression: "steps != nil"}}}]]}, {name: l, container: {image: i}}]}`, errors: []string{"spec.templates[0].steps[0][0].hooks[h].expression | cannot be read as a whole"}},
		{name: "EXP-02 the pod as a whole", spec: `{entrypoint: m, templates: [{name: m, container: {image: i, args: ["{{=toJson(pod)}}"]}}]}`, errors: []string{"spec.templates[0].container.args[0] | cannot be read as a whole"}},
	})
}

// EXP-03 LOOP-06 V-267: of many names it is known what they look like, and so whether a condition can be decided.
func TestShapesInConditions(t *testing.T) {
	when := func(condition string) string {
		return `{entrypoint: m, templates: [{name: m, steps: [[{name: a, template: l}, {name: b, template: l, withItems: [1, 2]}], [{name: s, template: l, when: "` + condition + `"}]]}, {name: l, container: {image: i}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}}]}`
	}
	const at = "spec.templates[0].steps[1][0].when | "
	cases := []lintCase{
		{name: "a result may be anything", spec: when("{{steps.a.outputs.result}}")},
		{name: "a comparison", spec: when("{{steps.a.exitCode}} == 0 && {{workflow.duration}} < 5 || {{steps.a.status}} == Succeeded")},
		{name: "an expression that gives a truth value", spec: when("{{=len(steps.a.outputs.result) > 3}}")},
		{name: "one of a list", spec: when("'{{steps.b.outputs.result}}' != '[]'")},
	}
	ask := func(condition string) string {
		return `{entrypoint: m, templates: [{name: m, steps: [[{name: ask, template: ask}], [{name: s, template: l, when: "` + condition + `"}]]}, {name: l, container: {image: i}},
			{name: ask, suspend: {}, inputs: {parameters: [{name: answer, default: "no", enum: ["yes", "no"]}]}, outputs: {parameters: [{name: answer, valueFrom: {supplied: {}}}, {name: free, valueFrom: {supplied: {}}}]}}]}`
	}
	cases = append(cases,
		lintCase{name: "SUS-03 an answer", spec: ask("{{steps.ask.outputs.parameters.answer}} == yes")},
		lintCase{name: "SUS-03 an answer that may be anything", spec: ask("{{steps.ask.outputs.parameters.free}}")},
		lintCase{name: "SUS-03 an answer that is no truth value", spec: ask("{{steps.ask.outputs.parameters.answer}}"), errors: []string{at + "whatever its tags become"}},
	)
	for _, condition := range []string{"{{workflow.duration}}", "{{steps.a.exitCode}}", "{{steps.a.startedAt}} == ''", "{{steps.b.outputs.parameters.o}}", "{{=len(steps.a.outputs.result)}}", "{{=asInt(steps.a.exitCode) + 1}}", "{{steps.a.status}}", "{{workflow.uid}} == x"} {
		cases = append(cases, lintCase{name: condition, spec: when(condition), errors: []string{at + "whatever its tags become"}})
	}
	runCases(t, cases)
}

// ART-03 ART-05: what names an artifact does name one.
func TestChoicesOfArtifacts(t *testing.T) {
	step := func(artifact string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: which, value: a}]}, templates: [{name: m, steps: [[{name: a, template: give}, {name: loop, template: give, withItems: [1, 2]}], [{name: s, template: take, arguments: {artifacts: [{name: f, ` + artifact + `}]}}]]},
			{name: give, container: {image: i, args: ["{{workflow.parameters.which}}"]}, outputs: {artifacts: [{name: f, path: /f}]}}, {name: take, inputs: {artifacts: [{name: f, path: /f}]}, container: {image: i}}]}`
	}
	const at = "spec.templates[0].steps[1][0].arguments.artifacts[0]."
	runCases(t, []lintCase{
		{name: "VAR-28 a name in a name", spec: step(`from: "{{steps.{{workflow.parameters.which}}.outputs.artifacts.f}}"`)},
		{name: "a choice", spec: step(`fromExpression: "steps.a.status == 'Succeeded' ? steps.a.outputs.artifacts.f : nil"`)},
		{name: "a choice with tags and braces", spec: step(`fromExpression: "{{='{{workflow.parameters.which}}' == 'a' ? steps.a.outputs.artifacts.f : nil}}"`)},
		{name: "an expression as from", spec: step(`from: "{{=steps.a.outputs.artifacts.f}}"`), errors: []string{at + "from | fromExpression"}},
		{name: "no artifact", spec: step(`fromExpression: "steps.a.status == 'Succeeded'"`), errors: []string{at + "fromExpression | gives no artifact"}},
		{name: "VAR-30 late names", spec: step(`fromExpression: "outputs.result == 'a' ? steps.a.outputs.artifacts.f : nil"`), errors: []string{at + "fromExpression | outputs.result is missing"}},
		{name: "LOOP-07 of a loop", spec: step(`from: "{{steps.loop.outputs.artifacts.f}}"`), errors: []string{at + "from | each of its values has its own artifacts"}},
	})
}

// EXP-02: calls that fail whatever the variables hold.
func TestCallsThatFail(t *testing.T) {
	leaf := func(text string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: p, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}, templates: [{name: m, inputs: {parameters: [{name: p}]}, container: {image: "{{inputs.parameters.p}}", args: ['` + text + `']}}]}`
	}
	const at = "spec.templates[0].container.args[0] | "
	runCases(t, []lintCase{
		{name: "paths", spec: leaf(`{{=jsonpath(inputs.parameters.p, "$.a[0].b")}}{{=jsonpath(inputs.parameters.p, "$..x[?(@.y > 1)]")}}{{=inputs.parameters.p | jsonpath("a.b")}}{{=jsonpath(inputs.parameters.p, inputs.parameters.p)}}`)},
		{name: "a path that is none", spec: leaf(`{{=jsonpath(inputs.parameters.p, "$.a[")}}`), errors: []string{at + `jsonpath "$.a["`}},
		{name: "a path behind a pipe", spec: leaf(`{{=inputs.parameters.p | jsonpath("$.[")}}`), errors: []string{at + `jsonpath "$.["`}},
		{name: "data that are none", spec: leaf(`{{=jsonpath("{a", "$.a")}}`), errors: []string{at + `"{a" is not JSON`}},
		{name: "no JSON", spec: leaf(`{{=fromJSON("x").a}}{{=fromJSON("[1]")[0]}}`), errors: []string{at + `fromJSON: "x" is not JSON`}},
		{name: "numbers", spec: leaf(`{{=asInt(" 3 ") + int("4")}}{{=asFloat("1e3")}}`)},
		{name: "no numbers", spec: leaf(`{{=asInt("3.5")}}{{=asFloat("x")}}`), errors: []string{at + `"3.5" is not an integer`, at + `"x" is not a number`}},
	})
}
