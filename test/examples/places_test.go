package examples

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// placed is a workflow in which every name that there can be has a meaning somewhere.
const placed = `
entrypoint: main
priority: 5
arguments:
  parameters:
  - {name: num, value: "2"}
  - {name: list, value: '[1, 2]'}
  - {name: word, value: other}
templates:
- name: main
  inputs: {parameters: [{name: num}, {name: list}, {name: word}]}
  steps:
  - - {name: give, template: give}
    - {name: loop, template: give, withItems: [a, b]}
    - {name: seq, template: give, withSequence: {count: 2}}
    - {name: serve, template: serve}
    - {name: skipped, template: give, when: "{{inputs.parameters.word}} == nothing"}
    - {name: nested, template: nested}
  - - {name: self, template: take, arguments: {parameters: [{name: p, value: v}]}}
  - - {name: each, template: take, withItems: [{k: a}, {k: b}], arguments: {parameters: [{name: p, value: v}]}}
    - {name: over, template: take, withParam: "{{inputs.parameters.list}}", arguments: {parameters: [{name: p, value: v}]}}
    - {name: count, template: take, withSequence: {count: 2}, arguments: {parameters: [{name: p, value: v}]}}
    - {name: hooked, template: give, hooks: {h: {template: take, expression: "steps.hooked.status == 'Running'", arguments: {parameters: [{name: p, value: v}]}}, exit: {template: take, arguments: {parameters: [{name: p, value: v}]}}}}
    - {name: file, template: read, arguments: {artifacts: [{name: f, from: "{{steps.give.outputs.artifacts.f}}"}]}}
    - {name: graph, template: graph, arguments: {parameters: [{name: num, value: "3"}, {name: word, value: b}]}}
    - {name: more, template: more, arguments: {parameters: [{name: num, value: "3"}]}}
    - {name: pause, template: pause, arguments: {parameters: [{name: num, value: "3"}]}}
  - - {name: later, template: give}
  outputs:
    parameters: [{name: o, valueFrom: {parameter: "{{steps.give.outputs.parameters.o}}"}}, {name: e, valueFrom: {expression: "steps.give.outputs.result"}}]
    artifacts: [{name: f, from: "{{steps.give.outputs.artifacts.f}}"}]
- name: graph
  inputs: {parameters: [{name: num}, {name: word}]}
  dag:
    target: a b
    tasks:
    - {name: a, template: give}
    - {name: b, template: take, depends: a, arguments: {parameters: [{name: p, value: v}]}}
    - {name: c, template: give}
    - {name: loop, depends: a, template: take, withItems: [1, 2], arguments: {parameters: [{name: p, value: v}]}}
- {name: nested, steps: [[{name: inner, template: give}]], outputs: {parameters: [{name: o, valueFrom: {parameter: "{{steps.inner.outputs.parameters.o}}"}}]}}
- name: give
  container: {image: busybox}
  outputs: {parameters: [{name: o, globalName: g, valueFrom: {path: /o}}], artifacts: [{name: f, path: /f, globalName: gf}]}
- {name: serve, daemon: true, container: {image: busybox}}
- name: take
  inputs: {parameters: [{name: p}, {name: d, default: x}]}
  container: {image: busybox, args: ["{{inputs.parameters.p}}"]}
- {name: read, inputs: {parameters: [{name: w, value: v}], artifacts: [{name: f, path: /f}]}, container: {image: busybox, args: [v]}}
- name: more
  inputs: {parameters: [{name: num}]}
  retryStrategy: {limit: "2", backoff: {duration: "1", factor: "2"}, expression: "lastRetry.exitCode != '0'"}
  timeout: 1h
  activeDeadlineSeconds: "60"
  script: {image: busybox, command: [sh], source: echo}
  outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}
- {name: pause, inputs: {parameters: [{name: num}]}, suspend: {duration: "1"}}
- {name: bye, container: {image: busybox, args: [v]}}
onExit: bye
workflowMetadata: {labels: {team: a}, annotations: {note: b}, labelsFrom: {size: {expression: "workflow.parameters.num"}}}
hooks: {running: {template: take, expression: "workflow.status == 'Running'", arguments: {parameters: [{name: p, value: v}]}}}
`

// place is where a text goes: a path of names and numbers. An expression stands there without braces.
type place struct {
	path       string
	expression bool
}

var placesOfTexts = []place{
	{"templates.0.steps.1.0.when", false}, {"templates.0.steps.1.0.arguments.parameters.0.value", false}, {"templates.0.steps.1.0.template", false},
	{"templates.0.steps.1.0.withParam", false}, {"templates.0.steps.1.0.withItems", false},
	{"templates.0.steps.2.0.when", false}, {"templates.0.steps.2.0.arguments.parameters.0.value", false}, {"templates.0.steps.2.0.template", false}, {"templates.0.steps.2.0.withItems.0", false},
	{"templates.0.steps.2.1.when", false}, {"templates.0.steps.2.1.arguments.parameters.0.value", false}, {"templates.0.steps.2.1.withParam", false},
	{"templates.0.steps.2.2.withSequence.count", false}, {"templates.0.steps.2.2.withSequence.start", false}, {"templates.0.steps.2.2.withSequence.format", false}, {"templates.0.steps.2.2.arguments.parameters.0.value", false},
	{"templates.0.steps.2.3.hooks.h.expression", true}, {"templates.0.steps.2.3.hooks.h.arguments.parameters.0.value", false}, {"templates.0.steps.2.3.hooks.exit.arguments.parameters.0.value", false}, {"templates.0.steps.2.3.hooks.exit.expression", true},
	{"templates.0.steps.2.4.arguments.artifacts.0.from", false}, {"templates.0.steps.2.4.arguments.artifacts.0.fromExpression", true},
	{"templates.0.outputs.parameters.0.valueFrom.parameter", false}, {"templates.0.outputs.parameters.1.valueFrom.expression", true}, {"templates.0.outputs.artifacts.0.from", false},
	{"templates.0.inputs.parameters.0.default", false},
	{"templates.1.dag.target", false}, {"templates.1.dag.tasks.1.when", false}, {"templates.1.dag.tasks.1.arguments.parameters.0.value", false}, {"templates.1.dag.tasks.1.withParam", false}, {"templates.1.dag.tasks.3.when", false},
	{"templates.3.container.args", false}, {"templates.3.outputs.parameters.0.valueFrom.path", false}, {"templates.3.outputs.parameters.0.valueFrom.default", false}, {"templates.3.outputs.parameters.0.globalName", false},
	{"templates.5.inputs.parameters.1.default", false}, {"templates.5.container.args.0", false}, {"templates.5.container.image", false},
	{"templates.6.container.args.0", false}, {"templates.6.inputs.parameters.0.value", false}, {"templates.6.inputs.artifacts.0.path", false},
	{"templates.7.retryStrategy.limit", false}, {"templates.7.retryStrategy.backoff.duration", false}, {"templates.7.retryStrategy.backoff.factor", false}, {"templates.7.retryStrategy.expression", true},
	{"templates.7.timeout", false}, {"templates.7.activeDeadlineSeconds", false}, {"templates.7.script.source", false},
	{"templates.8.suspend.duration", false}, {"templates.9.container.args.0", false},
	{"workflowMetadata.labels.team", false}, {"workflowMetadata.annotations.note", false}, {"workflowMetadata.labelsFrom.size.expression", true},
	{"hooks.running.expression", true}, {"hooks.running.arguments.parameters.0.value", false},
}

var namesOfAll = []string{
	"workflow", "workflow.", "workflow.name", "workflow.namespace", "workflow.uid", "workflow.mainEntrypoint", "workflow.serviceAccountName", "workflow.status", "workflow.failures",
	"workflow.duration", "workflow.creationTimestamp", "workflow.creationTimestamp.s", "workflow.creationTimestamp.RFC3339", "workflow.creationTimestamp.Q", "workflow.scheduledTime", "workflow.priority", "workflow.parameters",
	"workflow.parameters.json", "workflow.parameters.num", "workflow.parameters.list", "workflow.parameters.word", "workflow.parameters.nope", "workflow.parameters.", "workflow.labels", "workflow.labels.json", "workflow.labels.team", "workflow.labels.nope",
	"workflow.annotations", "workflow.annotations.note", "workflow.outputs.parameters.g", "workflow.outputs.parameters.nope", "workflow.outputs.artifacts.gf", "workflow.foo",
	"inputs", "inputs.parameters", "inputs.parameters.num", "inputs.parameters.list", "inputs.parameters.word", "inputs.parameters.p", "inputs.parameters.nope", "inputs.parameters.", "inputs.parameters.json", "inputs.artifacts", "inputs.artifacts.f", "inputs.artifacts.f.path", "inputs.foo",
	"outputs", "outputs.result", "outputs.exitCode", "outputs.parameters", "outputs.parameters.o", "outputs.parameters.o.path", "outputs.artifacts.f.path", "outputs.artifacts.f", "outputs.nope",
	"steps", "steps.give", "steps.give.id", "steps.give.status", "steps.give.startedAt", "steps.give.finishedAt", "steps.give.ip", "steps.give.exitCode", "steps.give.hostNodeName", "steps.give.outputs", "steps.give.outputs.result",
	"steps.give.outputs.parameters", "steps.give.outputs.parameters.o", "steps.give.outputs.parameters.nope", "steps.give.outputs.artifacts.f", "steps.give.outputs.artifacts", "steps.give.outputs.artifacts.nope", "steps.give.nope", "steps.give.",
	"steps.loop.outputs.result", "steps.loop.outputs.parameters", "steps.loop.outputs.parameters.o", "steps.loop.outputs.artifacts.f", "steps.loop.status", "steps.loop.id", "steps.loop.exitCode", "steps.loop.outputs",
	"steps.seq.outputs.parameters", "steps.seq.outputs.parameters.o", "steps.seq.outputs.result", "steps.serve.ip", "steps.serve.status", "steps.skipped.status",
	"steps.nested.outputs.parameters.o", "steps.nested.outputs.result", "steps.nested.exitCode", "steps.self.status", "steps.self.outputs.result", "steps.later.status", "steps.nope.status", "steps.name", "steps.name.x",
	"steps.hooked.status", "steps.hooked.outputs.result", "steps.hooked.outputs.parameters.o", "steps.hooked.id",
	"tasks", "tasks.a.status", "tasks.a.outputs.result", "tasks.a.outputs.parameters.o", "tasks.c.outputs.result", "tasks.c.status", "tasks.b.status", "tasks.name", "tasks.loop.status",
	"item", "item.k", "item.nope", "item.", "retries", "lastRetry", "lastRetry.exitCode", "lastRetry.status", "lastRetry.nope", "pod", "pod.name", "pod.ip", "node", "node.name", "status", "duration", "exitCode", "foo", "foo.bar", "foo.",
	"'a'", "1", "true", "nil", "'2'",
}

// wrappings of a name, for texts and for expressions.
var textWrappings = []string{
	"{{%s}}", "{{ %s }}", "x{{%s}}", "{{%s}}y", "{{=%s}}", "{{=toJson(%s)}}", "{{=asInt(%s)}}", "{{=%s ?? 'd'}}", "{{=%s == 'a'}}", "{{%s}} == a", "'{{%s}}' != ''", `["{{%s}}"]`, "[{{%s}}]", "{{=%s", "{{%s", "{{=string(%s)}}", "{{=len(%s)}}", "{{=%s + 'x'}}", "{{=sprig.upper(%s)}}", "{{=jsonpath(%s, '$.a')}}",
}

var expressionWrappings = []string{
	"%s", "%s == 'a'", "toJson(%s) != ''", "%s != nil", "asInt(%s) > 0", "(%s ?? 'd') == 'd'", "'{{%s}}' == 'a'", "%s.", "%s in ['a']", "%s && true", "string(%s)", "len(%s) > 0", "%s + 'x'", "true ? %s : 'x'", "sprig.upper(%s)",
}

// unforeseen is what hangs on the values of texts of which nothing is known but that they are texts, on what the items of a list
// are, on when a hook runs, and on what the steps before have exported.
var unforeseen = regexp.MustCompile(`expected boolean evaluation for|expected boolean evaluation of "true \?|invalid 'when' expression '[^{]*':|(labels?|annotation) .*is no value|is no value for label|is not an integer$|` +
	`workflow\.outputs\.parameters\.\w+ is missing|more than 1000000 values|failed to evaluate expression: \w+ is missing|` +
	`invalid 'when' expression '.*(\[\{|map\[|\["|\{\{=.*item)|hooks?.*(unexpected token|failed to resolve \{\{steps.hooked|steps.hooked\.outputs\.\S+ is missing|cannot fetch)|error: inputs\.parameters\.num was not supplied|invalid 'when' expression '\{\{ ?item`)

// put sets what stands at a place; withItems and args become a list of it.
func put(t testing.TB, spec map[string]any, path, text string) {
	words := strings.Split(path, ".")
	var at any = spec
	for _, word := range words[:len(words)-1] {
		switch v := at.(type) {
		case map[string]any:
			at = v[word]
		case []any:
			at = v[int(word[0]-'0')]
		default:
			t.Fatalf("there is no %s in %s", word, path)
		}
	}
	last := words[len(words)-1]
	var value any = text
	if last == "withItems" || last == "args" {
		value = []any{text}
	}
	switch v := at.(type) {
	case map[string]any:
		if last == "fromExpression" {
			delete(v, "from")
		}
		v[last] = value
	case []any:
		v[int(last[0]-'0')] = value
	default:
		t.Fatalf("there is no %s", path)
	}
}

// VAR-*, EXP-*: whatever name stands wherever a text can: what is accepted runs. With FAIRLEAD_EVERY_TEXT=1 all are tried, which
// takes some minutes.
func TestNamesInPlaces(t *testing.T) {
	spec, err := yaml.YAMLToJSON([]byte(placed))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{templates: map[string]*v1alpha1.WorkflowTemplate{}, cluster: map[string]*v1alpha1.ClusterWorkflowTemplate{}}
	dice := rand.New(rand.NewSource(1))
	every := 80 // of so many, one is tried
	if testing.Short() {
		every = 800
	}
	if os.Getenv("FAIRLEAD_EVERY_TEXT") != "" {
		every = 1
	}
	tried, accepted := 0, 0
	try := func(path, text string) {
		if dice.Intn(every) != 0 {
			return
		}
		tried++
		var fields map[string]any
		if err := json.Unmarshal(spec, &fields); err != nil {
			t.Fatal(err)
		}
		put(t, fields, path, text)
		data, err := json.Marshal(map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": map[string]any{"generateName": "w-", "labels": map[string]any{"team": "a"}}, "spec": fields})
		if err != nil {
			t.Fatal(err)
		}
		ok, problem := w.judge(data)
		if ok {
			accepted++
		}
		if problem != "" && !unforeseen.MatchString(problem) {
			t.Errorf("%s: %s: accepted, and the engine says: %s", path, text, problem)
		}
	}
	for _, place := range placesOfTexts {
		for _, name := range namesOfAll {
			wrappings := textWrappings
			if place.expression {
				wrappings = expressionWrappings
			}
			for _, wrapping := range wrappings {
				try(place.path, fmt.Sprintf(wrapping, name))
			}
		}
	}
	t.Logf("%d of %d accepted", accepted, tried)
	if accepted < tried/10 {
		t.Errorf("of %d, %d are accepted: so few that this tells nothing", tried, accepted)
	}
}
