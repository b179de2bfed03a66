package lint

import (
	"fmt"
	"strings"
	"testing"
)

// What an object says is followed before anybody runs it, by a server that everybody shares: it must not take what the words
// multiply to. Each of these would take more memory than there is.
func TestCost(t *testing.T) {
	call := func(value string) string {
		return `{entrypoint: main, templates: [{name: main, steps: [[{name: a, template: say, arguments: {parameters: [{name: m, value: "` + value +
			`"}]}}]]}, {name: say, inputs: {parameters: [{name: m}]}, container: {image: a}}]}`
	}
	growth := `{entrypoint: t0, arguments: {parameters: [{name: m, value: "` + strings.Repeat("x", 1000) + `"}]}, templates: [`
	for i := range 4 {
		growth += fmt.Sprintf(`{name: t%d, inputs: {parameters: [{name: m}]}, steps: [[{name: a, template: t%d, arguments: {parameters: [{name: m, value: "%s"}]}}]]},`,
			i, i+1, strings.Repeat("{{inputs.parameters.m}}", 1000))
	}
	growth += `{name: t4, inputs: {parameters: [{name: m}]}, container: {image: a, args: ["{{inputs.parameters.m}}"]}}]}`
	for name, spec := range map[string]string{
		"quotes of quotes":              call("{{=" + strings.Repeat("toJson(", 60) + `'x'` + strings.Repeat(")", 60) + "}}"),
		"texts of texts":                growth,
		"a name that nobody can tell":   `{entrypoint: main, templates: [{name: main, steps: [[{name: a, template: "{{=sprig.uuidv4()}}"}]]}]}`,
		"a name that takes time":        `{entrypoint: main, templates: [{name: main, steps: [[{name: a, template: "{{=all(1..1000000, all(1..1000000, # > 0)) ? 'main' : 'b'}}"}]]}]}`,
		"a path that leads to too many": call("{{=jsonpath('" + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "', '" + strings.Repeat("$..*", 1) + strings.Repeat("..*", 8) + "')}}"),
	} {
		t.Run(name, func(t *testing.T) {
			workflow := workflowOf(t, spec)
			if errs, _ := Workflow(workflow, Nothing{}); len(errs) > 0 {
				t.Error(shortened(errs.ToAggregate().Error()))
			}
		})
	}
}
