package lint

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestVariablesOfLeaves(t *testing.T) {
	leaf := func(text string) string {
		return `{entrypoint: m, arguments: {parameters: [{name: p, value: v}]}, templates: [{name: m, inputs: {parameters: [{name: p}], artifacts: [{name: a, path: /a, raw: {data: d}}]}, container: {image: "{{inputs.parameters.p}}", args: ["` + text + `"]}}]}`
	}
	const at = "spec.templates[0].container.args[0] | "
	runCases(t, []lintCase{
		{name: "V-180 other braces are nobody's business", spec: leaf(`{{user.name}} {{ .Values.x }} {{retries}} {{item}} {{x`)},
		{name: "V-181 always known", spec: leaf(`{{workflow.name}}{{workflow.namespace}}{{workflow.uid}}{{workflow.mainEntrypoint}}{{workflow.serviceAccountName}}{{workflow.status}}{{workflow.labels.json}}{{workflow.annotations.json}}{{workflow.labels.team}}{{workflow.labels.workflows.argoproj.io/phase}}`)},
		{name: "V-181 parameters", spec: leaf(`{{workflow.parameters.p}}{{workflow.parameters}}{{workflow.parameters.json}}`)},
		{name: "V-181 unknown parameter", spec: leaf(`{{workflow.parameters.q}}`), errors: []string{at + "failed to resolve {{workflow.parameters.q}}: the workflow has no such parameter"}},
		{name: "V-181 unknown label", spec: leaf(`{{workflow.labels.tame}}`), errors: []string{at + `no such label; did you mean "team"?`}},
		{name: "V-181 no priority", spec: leaf(`{{workflow.priority}}`), errors: []string{at + "no spec.priority"}},
		{name: "V-181 unknown", spec: leaf(`{{workflow.nmae}}`), errors: []string{at + `did you mean "workflow.name"?`}},
		{name: "V-182 exemptions", spec: leaf(`{{workflow.creationTimestamp.RFC3339}}{{workflow.creationTimestamp.Y}}{{workflow.scheduledTime}}{{workflow.duration}}{{tasks.name}}{{steps.name}}{{node.name}}{{outputs.result}}`)},
		{name: "V-184 failures outside of exit handlers", spec: leaf(`{{workflow.failures}}`), errors: []string{at + "only exit handlers"}},
		{name: "V-187 no such global output", spec: leaf(`{{workflow.outputs.parameters.g}}`), errors: []string{at + "no output has this globalName"}},
		{name: "V-188 pod", spec: leaf(`{{pod.name}}`)},
		{name: "V-188 unknown of the pod", spec: leaf(`{{pod.ip}}`), errors: []string{at + "pod.name is all"}},
		{name: "V-189 paths", spec: leaf(`{{inputs.artifacts.a.path}}`)},
		{name: "V-189 of no artifact", spec: leaf(`{{inputs.artifacts.b.path}}`), errors: []string{at + "no such input artifact"}},
		{name: "V-189 of no output: the engine leaves it", spec: leaf(`{{outputs.artifacts.b.path}}`), warnings: []string{at + "no such output"}},
		{name: "V-190 white space", spec: leaf(`{{ inputs.parameters.p }}{{ inputs.parameters.x }}`), errors: []string{at + "failed to resolve {{inputs.parameters.x}}"}},
		{name: "did you mean", spec: `{entrypoint: m, arguments: {parameters: [{name: message, value: v}]}, templates: [{name: m, inputs: {parameters: [{name: message}]}, container: {image: i, args: ["{{inputs.parameters.mesage}}{{inputs.parameters.message}}"]}}]}`,
			errors: []string{at + `did you mean "message"?`}},
		{name: "REF-08 siblings of the caller", spec: leaf(`{{steps.x.outputs.result}}`), errors: []string{at + "a template sees its own inputs only"}},
		{name: "VAR-28 inner names", spec: leaf(`{{inputs.parameters.{{workflow.parameters.q}}}}`), errors: []string{at + "{{workflow.parameters.q}}"}},
		{name: "VAR-28 what it names is known later", spec: leaf(`{{inputs.parameters.{{workflow.parameters.p}}}}`)},
		{name: "VAR-28 names of steps that are not there", spec: leaf(`{{steps.{{workflow.name}}.outputs.result}}`), errors: []string{at + "the template has no steps"}},
		{name: "VAR-27 an opening without an end hides nothing", spec: leaf(`{{ {{inputs.parameters.x}}`), errors: []string{at + "failed to resolve {{inputs.parameters.x}}"}},
		{name: "TPL-18 templateDefaults", spec: `{entrypoint: m, templateDefaults: {timeout: "{{inputs.parameters.t}}"}, templates: [{name: m, container: {image: i}}]}`,
			warnings: []string{"spec.templateDefaults.timeout | no input parameters"}},
		{name: "PRM-04 names of ConfigMaps", spec: `{entrypoint: m, arguments: {parameters: [{name: p, value: v}, {name: q, valueFrom: {configMapKeyRef: {name: "{{workflow.parameters.p}}", key: "{{inputs.parameters.x}}"}}}]}, templates: [{name: m, container: {image: "{{workflow.parameters.q}}"}}]}`,
			errors: []string{"spec.arguments.parameters[1].valueFrom.configMapKeyRef.key | {{inputs.parameters.x}}"}},
		{name: "item outside of a loop", spec: leaf(`{{item.x}}`), errors: []string{at + "this is no loop"}},
		{name: "VAR-27 a tag without end", spec: leaf(`echo {{inputs.parameters.x`), errors: []string{at + "the tag {{inputs.parameters.x is never closed"}},
		{name: "VAR-27 braces of somebody else", spec: leaf(`fmt {{ .Values.x and {{x`)},
		{name: "once a text", spec: leaf(`{{inputs.parameters.x}}{{inputs.parameters.x}}`), errors: []string{at + "x"}},
		{name: "all of a manifest", spec: `{entrypoint: m, templates: [{name: m, metadata: {labels: {l: "{{inputs.parameters.a}}"}}, script: {image: i, source: "{{inputs.parameters.b}}", env: [{name: E, value: "{{inputs.parameters.c}}"}]}, podSpecPatch: "{{inputs.parameters.d}}"}]}`,
			errors: []string{"spec.templates[0].metadata.labels[l] | a", "spec.templates[0].script.env[0].value | c", "spec.templates[0].script.source | b", "spec.templates[0].podSpecPatch | d"}},
		{name: "V-213 plugin bodies", spec: `{entrypoint: m, templates: [{name: m, plugin: {hello: {text: ["{{inputs.parameters.a}}"]}}}]}`,
			errors: []string{"spec.templates[0].plugin[hello][text][0] | a"}},
		{name: "V-184 in exit handlers", spec: `{entrypoint: m, onExit: x, templates: [{name: m, container: {image: i}}, {name: x, steps: [[{name: s, template: z}]]}, {name: z, container: {image: i, args: ["{{workflow.failures}}"]}}]}`},
		{name: "V-181 priority", spec: `{entrypoint: m, priority: 3, templates: [{name: m, container: {image: i, args: ["{{workflow.priority}}"]}}]}`},
		{name: "V-187 exported by another object", spec: `{entrypoint: m, templates: [{name: m, steps: [[{name: s, templateRef: {name: lib, template: export}}], [{name: u, template: use}]]}, {name: use, container: {image: i, args: ["{{workflow.outputs.parameters.exported}}"]}}]}`},
		{name: "V-187 exported under a name that is not known yet", spec: `{entrypoint: m, templates: [{name: m, steps: [[{name: s, template: x}], [{name: u, template: use}]]}, {name: x, container: {image: i}, outputs: {parameters: [{name: o, globalName: "g-{{pod.name}}", valueFrom: {path: /o}}]}}, {name: use, container: {image: i, args: ["{{workflow.outputs.parameters.exported}}"]}}]}`},
	})
}

func TestVariablesOfSteps(t *testing.T) {
	steps := func(text string) string {
		return `{entrypoint: m, templates: [
			{name: m, steps: ` + text + `},
			{name: leaf, container: {image: i}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}], artifacts: [{name: f, path: /f}]}},
			{name: take, inputs: {parameters: [{name: p}]}, container: {image: "{{inputs.parameters.p}}"}},
			{name: wait, suspend: {}}, {name: d, daemon: true, container: {image: i}}]}`
	}
	give := func(value string) string {
		return `template: take, arguments: {parameters: [{name: p, value: "` + value + `"}]}`
	}
	const rest = `, [{name: w, template: wait}, {name: x, template: d}]`
	const at = "spec.templates[0].steps[1][0].arguments.parameters[0].value | "
	second := func(value string) string {
		return steps(`[[{name: a, template: leaf}], [{name: b, ` + give(value) + `}]` + rest + `]`)
	}
	runCases(t, []lintCase{
		{name: "V-128 of an earlier group", spec: second(`{{steps.a.outputs.parameters.o}}{{steps.a.status}}{{steps.a.id}}{{steps.a.outputs.result}}{{steps.a.exitCode}}{{steps.a.startedAt}}{{steps.a.finishedAt}}{{steps.a.hostNodeName}}{{steps.a.outputs.artifacts.f}}`)},
		{name: "V-128 own status", spec: second(`{{steps.b.status}}`), errors: []string{at + "cannot use what it gives itself"}},
		{name: "V-128 own outputs", spec: second(`{{steps.b.outputs.result}}`), errors: []string{at + "cannot use what it gives itself"}},
		{name: "V-128 of the same group", spec: steps(`[[{name: a, template: leaf}, {name: b, ` + give(`{{steps.a.outputs.result}}`) + `}]` + rest + `]`),
			errors: []string{"spec.templates[0].steps[0][1].arguments.parameters[0].value | runs at the same time"}},
		{name: "V-128 of a later group", spec: second(`{{steps.w.status}}`), errors: []string{at + "comes later"}},
		{name: "V-128 of no step", spec: second(`{{steps.c.status}}`), errors: []string{at + `no step is called "c"`}},
		{name: "V-128 tasks in steps", spec: second(`{{tasks.a.status}}`), errors: []string{at + "the template has steps; write steps.a.status"}},
		{name: "V-186 unknown output", spec: second(`{{steps.a.outputs.parameters.oo}}`), errors: []string{at + `no such output parameter`}},
		{name: "V-186 unknown field", spec: second(`{{steps.a.staus}}`), errors: []string{at + `did you mean "status"?`}},
		{name: "V-186 address of what is no daemon", spec: second(`{{steps.a.ip}}`), errors: []string{at + "no daemon"}},
		{name: "V-186 aggregate of no loop", spec: second(`{{steps.a.outputs.parameters}}`), errors: []string{at + "no loop"}},
		{name: "V-186 address, result of a suspend", spec: steps(`[[{name: w, template: wait}, {name: x, template: d}], [{name: a, ` + give(`{{steps.x.ip}}`) + `}, {name: b, ` + give(`{{steps.w.outputs.result}}`) + `}], [{name: l, template: leaf}]]`),
			errors: []string{"spec.templates[0].steps[1][1].arguments.parameters[0].value | a Suspend template gives no outputs.result"}},
		{name: "V-186 loops", spec: steps(`[[{name: a, template: leaf, withItems: [1]}, {name: s, template: leaf, withSequence: {count: 2}}], [{name: b, ` + give(`{{steps.a.outputs.parameters}}{{steps.a.outputs.result}}{{steps.s.outputs.parameters}}`) + `}]` + rest + `]`),
			errors: []string{at + "{{steps.s.outputs.parameters}}"}},
		{name: "V-185 items", spec: steps(`[[{name: a, ` + give(`{{item}}{{item.k}}{{item.x}}`) + `, withItems: [{k: 1}]}, {name: b, ` + give(`{{item.x}}`) + `, withParam: "[1]"}, {name: c, ` + give(`{{item.x}}`) + `, withItems: [1]}, {name: e, ` + give(`{{item.x}}`) + `}], [{name: l, template: leaf}]` + rest + `]`),
			errors: []string{"spec.templates[0].steps[0][0].arguments.parameters[0].value | no such member",
				"spec.templates[0].steps[0][2].arguments.parameters[0].value | the items are no maps",
				"spec.templates[0].steps[0][3].arguments.parameters[0].value | this is no loop"}},
		{name: "ART-03 from", spec: steps(`[[{name: a, template: leaf}], [{name: b, ` + give("v") + `, }, {name: e, template: leaf, arguments: {artifacts: [{name: f, from: "{{source}}"}, {name: g, from: "steps.a"}, {name: h, from: "{{steps.a.outputs.artifacts.f}}"}, {name: j, from: "{{steps.a.outputs.result}}"}]}}]` + rest + `]`),
			errors: []string{"spec.templates[0].steps[1][1].arguments.artifacts[0].from | failed to resolve {{source}}", "spec.templates[0].steps[1][1].arguments.artifacts[1].from | must be one reference", "spec.templates[0].steps[1][1].arguments.artifacts[3].from | it names no artifact"}},
		{name: "HOOK-03 hooks see their step", spec: steps(`[[{name: a, template: leaf, hooks: {exit: {` + give(`{{steps.a.outputs.parameters.o}}`) + `}, run: {template: wait, expression: 'steps.a.status == "Running"'}}}]` + rest + `]`)},
		{name: "V-161 outputs", spec: `{entrypoint: m, templates: [{name: m, steps: [[{name: a, template: l}]], outputs: {parameters: [{name: x, valueFrom: {parameter: "{{steps.a.outputs.parameters.o}}"}}, {name: y, valueFrom: {parameter: "{{steps.b.outputs.parameters.o}}"}}], artifacts: [{name: f, from: "{{steps.a.outputs.artifacts.g}}"}]}}, {name: l, container: {image: i}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}}]}`,
			errors: []string{"spec.templates[0].outputs.parameters[1].valueFrom.parameter | no step", "spec.templates[0].outputs.artifacts[0].from | no such output artifact"}},
		{name: "V-130 inline templates", spec: steps(`[[{name: a, template: leaf}], [{name: b, withItems: [1], inline: {inputs: {parameters: [{name: q, value: v}]}, container: {image: "{{inputs.parameters.q}}", args: ["{{steps.a.outputs.result}}{{item}}{{inputs.parameters.x}}"]}}}], [{name: t, ` + give("v") + `}]` + rest + `]`),
			errors: []string{"spec.templates[0].steps[1][0].inline.container.args[0] | {{inputs.parameters.x}}"}},
	})
}

func TestVariablesOfDAGs(t *testing.T) {
	dag := func(tasks string) string {
		return `{entrypoint: m, templates: [{name: m, dag: {tasks: [` + tasks + `]}},
			{name: leaf, inputs: {parameters: [{name: p, default: d}], artifacts: [{name: f, path: /f, optional: true}]}, container: {image: "{{inputs.parameters.p}}"}, outputs: {artifacts: [{name: f, path: /g}]}}]}`
	}
	give := func(value string) string {
		return `template: leaf, arguments: {parameters: [{name: p, value: "` + value + `"}]}`
	}
	const at = "spec.templates[0].dag.tasks[1].arguments."
	runCases(t, []lintCase{
		{name: "V-154 of an ancestor", spec: dag(`{name: a, template: leaf}, {name: b, template: leaf, depends: a}, {name: c, ` + give(`{{tasks.a.status}}{{tasks.a.outputs.result}}`) + `, depends: b}`)},
		{name: "V-152 missing dependency", spec: dag(`{name: a, template: leaf}, {name: b, ` + give(`{{tasks.a.outputs.result}}`) + `}`),
			errors: []string{at + "parameters[0].value | missing dependency 'a'"}},
		{name: "V-153 missing dependency of an artifact", spec: dag(`{name: a, template: leaf}, {name: b, template: leaf, arguments: {artifacts: [{name: f, from: "{{tasks.a.outputs.artifacts.f}}"}]}}`),
			errors: []string{at + "artifacts[0].from | missing dependency 'a'"}},
		{name: "V-154 of a task that comes later", spec: dag(`{name: a, template: leaf, depends: b}, {name: b, ` + give(`x{{tasks.a.status}}`) + `}`),
			errors: []string{at + "parameters[0].value | missing dependency 'a'"}},
		{name: "V-154 own status with hooks", spec: dag(`{name: a, template: leaf}, {name: b, template: leaf, hooks: {exit: {` + give(`{{tasks.b.status}}{{tasks.b.outputs.result}}`) + `}}}`)},
		{name: "V-150 target", spec: `{entrypoint: m, templates: [{name: m, dag: {target: "{{workflow.parameters.t}}", tasks: [{name: a, template: l}]}}, {name: l, container: {image: i}}]}`,
			errors: []string{"spec.templates[0].dag.target | failed to resolve {{workflow.parameters.t}}"}},
		{name: "DAG-01 tasks that never run", spec: `{entrypoint: m, templates: [{name: m, dag: {target: a, tasks: [{name: a, template: l, dependencies: [c]}, {name: b, template: l}, {name: c, template: l}]}}, {name: l, container: {image: i}}]}`,
			warnings: []string{`spec.templates[0].dag.tasks[1] | task "b" never runs`}},
		{name: "V-149 a circle is told once", spec: dag(`{name: a, template: leaf, depends: b}, {name: b, template: leaf, depends: a}`),
			errors: []string{"spec.templates[0].dag.tasks | dependency cycle detected: a->b->a"}},
		{name: "DAG-02 a fan-in of thousands", spec: dag(fanIn(2000))},
	})
}

func fanIn(n int) string {
	text, names := "", ""
	for i := range n {
		name := "t" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		text += "{name: " + name + ", template: leaf}, "
		names += name + ", "
	}
	return text + "{name: last, template: leaf, dependencies: [" + names + "]}"
}

// What a library does not know yet may still come from those who use it.
func TestLibrariesAreNotComplete(t *testing.T) { // V-183
	errs, warnings := WorkflowTemplate(parse[v1alpha1.WorkflowTemplate](t, `{metadata: {name: t, namespace: ns}, spec: {templates: [{name: m, container: {image: i, args: [
		"{{workflow.parameters.any}}{{workflow.parameters}}{{workflow.priority}}", "{{workflow.labels.x}}", "{{workflow.outputs.parameters.g}}", "{{workflow.failures}}", "{{inputs.parameters.x}}"]}}]}}`), Nothing{})
	expect(t, errs, warnings, []string{"spec.templates[0].container.args[4] | no input parameters"},
		[]string{"spec.templates[0].container.args[1] | no such label", "spec.templates[0].container.args[2] | no output has this globalName"})
}

func TestUnused(t *testing.T) {
	runCases(t, []lintCase{
		{name: "template", spec: `{entrypoint: m, templates: [{name: m, container: {image: i}}, {name: x, container: {image: i}}]}`,
			warnings: []string{`spec.templates[1] | template "x" is never run`}},
		{name: "parameters", spec: `{entrypoint: m, arguments: {parameters: [{name: a, value: v}, {name: b, value: v}, {name: c, value: v}]}, templates: [{name: m, inputs: {parameters: [{name: a}, {name: d, default: x}]}, container: {image: "{{inputs.parameters.a}}{{workflow.parameters.b}}"}}]}`,
			warnings: []string{`spec.templates[0].inputs.parameters[1] | parameter "d" is declared and never used`, `spec.arguments.parameters[2] | parameter "c" is declared and never used`}},
		{name: "V-266 template that calls itself without end", spec: `{entrypoint: m, templates: [{name: m, dag: {tasks: [{name: a, template: b}]}}, {name: b, steps: [[{name: s, template: m}]]}]}`,
			warnings: []string{`spec.templates[1].steps[0][0] | template "m" calls itself this way without a condition`}},
		{name: "V-266 template that calls itself for each of some items", spec: `{entrypoint: m, templates: [{name: m, steps: [[{name: s, template: m, withItems: [1, 2]}]]}]}`,
			warnings: []string{`spec.templates[0].steps[0][0] | template "m" calls itself this way without a condition`}},
		{name: "V-266 template that calls itself on a condition", spec: `{entrypoint: m, templates: [{name: m, steps: [[{name: a, template: l}], [{name: b, template: m, when: "{{steps.a.outputs.result}} == tails"}]]}, {name: l, container: {image: i}}]}`},
		{name: "V-266 task that calls itself when another fails", spec: `{entrypoint: m, templates: [{name: m, dag: {tasks: [{name: a, template: l}, {name: b, template: m, depends: a.Failed}]}}, {name: l, container: {image: i}}]}`},
		{name: "read by expressions", spec: `{entrypoint: m, arguments: {parameters: [{name: a, value: v}, {name: b-c, value: v}]}, templates: [{name: m, inputs: {parameters: [{name: a}]}, container: {image: "{{=inputs.parameters.a + workflow.parameters['b-c']}}"}}]}`},
		{name: "read as a whole", spec: `{entrypoint: m, arguments: {parameters: [{name: a, value: v}]}, templates: [{name: m, inputs: {parameters: [{name: a}]}, container: {image: "{{inputs.parameters}}{{workflow.parameters.json}}"}}]}`},
		{name: "asked of a person", spec: `{entrypoint: m, arguments: {parameters: [{name: a, value: v}]}, templates: [{name: m, inputs: {parameters: [{name: a}]}, suspend: {}}]}`},
		{name: "reached through what is known later", spec: `{entrypoint: m, arguments: {parameters: [{name: a, value: x}]}, templates: [{name: m, steps: [[{name: s, template: "{{item}}", withItems: [x]}]]}, {name: x, container: {image: i}}]}`},
		{name: "reached through hooks", spec: `{entrypoint: m, hooks: {exit: {template: x}}, templates: [{name: m, container: {image: i}}, {name: x, container: {image: i}}]}`},
		{name: "used outside of templates", spec: `{entrypoint: m, arguments: {parameters: [{name: a, value: x}]}, volumes: [{name: v, configMap: {name: "{{workflow.parameters.a}}"}}], templates: [{name: m, container: {image: i}}]}`},
	})
}

func TestNothingChanged(t *testing.T) {
	old := &v1alpha1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns", ResourceVersion: "1"},
		Spec:       *parse[v1alpha1.WorkflowSpec](t, `{entrypoint: m, templates: [{name: m, steps: [[{name: s, templateRef: {name: gone, template: x}}]]}, {name: c, container: {image: "{{inputs.parameters.x}}"}}]}`),
	}
	update := func(change func(*v1alpha1.Workflow)) ([]string, []string) {
		changed := old.DeepCopy()
		change(changed)
		errs, warnings := WorkflowUpdate(changed, old, testLookup(t))
		var paths []string
		for _, err := range errs {
			paths = append(paths, err.Field)
		}
		return paths, warnings
	}
	if errs, warnings := update(func(w *v1alpha1.Workflow) { w.Labels = map[string]string{"a": "b"} }); len(errs)+len(warnings) > 0 {
		t.Errorf("a label: %v %v", errs, warnings)
	}
	if errs, _ := update(func(w *v1alpha1.Workflow) { w.Spec.Shutdown = v1alpha1.ShutdownStrategyStop }); len(errs) > 0 {
		t.Errorf("a shutdown of a workflow that was broken before: %v", errs)
	}
	if errs, _ := update(func(w *v1alpha1.Workflow) { w.Spec.Templates[1].Container.Args = []string{"{{inputs.parameters.y}}"} }); len(errs) != 1 || errs[0] != "spec.templates[1].container.args[0]" {
		t.Errorf("a new mistake: %v", errs)
	}
	now := metav1.Now()
	if errs, warnings := update(func(w *v1alpha1.Workflow) {
		w.DeletionTimestamp, old.DeletionTimestamp = &now, &now
		w.Spec.Templates[1].Container.Args = []string{"{{inputs.parameters.y}}"}
	}); len(errs)+len(warnings) > 0 {
		t.Errorf("a workflow that is being deleted: %v %v", errs, warnings)
	}
}
