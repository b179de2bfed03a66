package lint

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ordinary is a workflow as people write them: ten steps in five groups, parameters, conditions, outputs.
func ordinary() string {
	var steps []string
	for i := range 5 {
		before := "{{inputs.parameters.message}}"
		if i > 0 {
			before = fmt.Sprintf("{{steps.a%d.outputs.parameters.said}}", i-1)
		}
		steps = append(steps, fmt.Sprintf(`[{name: a%d, template: say, arguments: {parameters: [{name: message, value: "%s"}]}},
			{name: b%d, template: say, when: "{{workflow.parameters.message}} != no", arguments: {parameters: [{name: message, value: "{{=inputs.parameters.message + 'x'}}"}]}}]`, i, before, i))
	}
	return `{entrypoint: main, arguments: {parameters: [{name: message, value: hello}]}, onExit: bye, templates: [
		{name: main, inputs: {parameters: [{name: message}]}, steps: [` + strings.Join(steps, ", ") + `]},
		{name: say, inputs: {parameters: [{name: message}]}, container: {image: "busybox", command: [sh, -c], args: ["echo {{inputs.parameters.message}} > /tmp/said"], resources: {limits: {cpu: 100m}}}, outputs: {parameters: [{name: said, valueFrom: {path: /tmp/said}}]}},
		{name: bye, container: {image: busybox, command: [echo], args: ["{{workflow.status}} {{workflow.failures}}"]}}]}`
}

// tasks is a DAG of n tasks in layers of fifty, each waiting for two of the layer before and reading one of them.
func tasks(n int) string {
	var b strings.Builder
	b.WriteString(`{entrypoint: main, templates: [{name: say, inputs: {parameters: [{name: message}]}, container: {image: busybox, args: ["{{inputs.parameters.message}}"]}}, {name: main, dag: {tasks: [`)
	for i := range n {
		value, depends := "first", ""
		if i >= 50 {
			value = fmt.Sprintf("{{tasks.t%d.outputs.result}}", i-50)
			depends = fmt.Sprintf(", depends: \"t%d && t%d.Succeeded\"", i-50, i/50*50-1)
		}
		fmt.Fprintf(&b, `{name: t%d, template: say, arguments: {parameters: [{name: message, value: "%s"}]}%s}, `, i, value, depends)
	}
	b.WriteString(`]}}]}`)
	return b.String()
}

func workflowOf(t testing.TB, spec string) *v1alpha1.Workflow {
	t.Helper()
	workflow := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns"}}
	if err := yaml.Unmarshal([]byte(spec), &workflow.Spec); err != nil {
		t.Fatal(err)
	}
	return workflow
}

func benchmark(b *testing.B, text string) {
	workflow := workflowOf(b, text)
	if errs, _ := Workflow(workflow, Nothing{}); len(errs) > 0 {
		b.Fatal(errs)
	}
	b.ReportAllocs()
	for b.Loop() {
		Workflow(workflow, Nothing{})
	}
}

func BenchmarkOrdinaryWorkflow(b *testing.B) { benchmark(b, ordinary()) }
func BenchmarkDAG500(b *testing.B)           { benchmark(b, tasks(500)) }
func BenchmarkDAG5000(b *testing.B)          { benchmark(b, tasks(5000)) }
