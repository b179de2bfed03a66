package validation

import (
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestDAG(t *testing.T) {
	dag := func(tasks string, more ...string) string {
		return `{entrypoint: main, templates: [{name: a, suspend: {}}, {name: main, dag: {` + strings.Join(more, "") + `tasks: [` + tasks + `]}}]}`
	}
	const at = "spec.templates[1].dag."
	runSpecCases(t, []specCase{
		{name: "V-140 V-203 no task", spec: dag(``), errors: []string{at + "tasks"}},
		{name: "V-142 names", spec: dag(`{name: "", template: a}, {name: x, template: a}, {name: x, template: a}, {name: x_y, template: a}`),
			errors: []string{at + "tasks[0].name", at + "tasks[2].name", at + "tasks[3].name"}},
		{name: "V-143 V-208 digit with depends", spec: dag(`{name: 1a, template: a}, {name: b, template: a, depends: b2}, {name: b2, template: a}`), errors: []string{at + "tasks[0].name"}},
		{name: "V-143 digit with dependencies", spec: dag(`{name: a1, template: a}, {name: 1b, template: a, dependencies: [a1]}`), errors: []string{at + "tasks[1].name"}},
		{name: "V-143 digit without either", spec: dag(`{name: 1a, template: a}`)},
		{name: "V-144 V-208 both styles", spec: dag(`{name: x, template: a}, {name: w, template: a, dependencies: [x]}, {name: z, template: a, depends: w}`), errors: []string{at + "tasks[1].dependencies"}},
		{name: "V-145 V-208 continueOn with depends", spec: dag(`{name: x, template: a, continueOn: {failed: true}}, {name: w, template: a, depends: x}`), errors: []string{at + "tasks[0].continueOn"}},
		{name: "V-146 unknown end", spec: dag(`{name: x, template: a}, {name: w, template: a, depends: x.Finished}`), errors: []string{at + "tasks[1].depends"}},
		{name: "V-146 all ends", spec: dag(`{name: x, template: a, withItems: [1]}, {name: w, template: a, depends: "x.Succeeded || x.Failed || x.Errored || x.Skipped || x.Omitted || x.Daemoned || x.AnySucceeded || x.AllFailed"}`)},
		{name: "V-147 unknown task", spec: dag(`{name: x, template: a, dependencies: [w]}`), errors: []string{at + "tasks[0].dependencies[0]"}},
		{name: "V-147 unknown task in depends", spec: dag(`{name: x, template: a, depends: "!(w && x2.Failed)"}, {name: x2, template: a}`), errors: []string{at + "tasks[0].depends"}},
		{name: "V-148 ends of items without items", spec: dag(`{name: x, template: a}, {name: w, template: a, depends: x.AllFailed}`), errors: []string{at + "tasks[1].depends"}},
		{name: "V-149 circle", spec: dag(`{name: x, template: a, dependencies: [z]}, {name: w, template: a, dependencies: [x]}, {name: z, template: a, dependencies: [w]}`), errors: []string{at + "tasks"}},
		{name: "V-149 itself", spec: dag(`{name: x, template: a, depends: x}`), errors: []string{at + "tasks"}},
		{name: "V-141 malformed depends", spec: dag(`{name: x, template: a}, {name: w, template: a, depends: "x &&"}`), errors: []string{at + "tasks[1].depends"}},
		{name: "V-151 unknown target", spec: dag(`{name: x, template: a}`, `target: "x w {{inputs.parameters.t}}", `), errors: []string{at + "target"}},
		{name: "V-155 two loops", spec: dag(`{name: x, template: a, withItems: [1], withSequence: {count: 1}}`), errors: []string{at + "tasks[0]"}},
		{name: "V-156 arguments", spec: dag(`{name: x, template: a, arguments: {artifacts: [{name: "a b", from: "{{tasks.w}}"}]}}`), errors: []string{at + "tasks[0].arguments.artifacts[0].name"}},
		{name: "V-157 hook without expression", spec: dag(`{name: x, template: a, hooks: {mine: {template: a}}}`), warnings: []string{at + "tasks[0].hooks[mine].expression: "}},
		{name: "V-011 unknown template", spec: dag(`{name: x, template: b}`), errors: []string{at + "tasks[0].template"}},
	})
}

func TestCircleIsNamed(t *testing.T) { // V-149
	graph := []taskEdges{{"a", nil}, {"b", []string{"a", "d"}}, {"c", []string{"b"}}, {"d", []string{"c"}}}
	errs := validateAcyclic(graph, field.NewPath("tasks"))
	if len(errs) != 1 || errs[0].BadValue != "b->d->c->b" {
		t.Errorf("got %v", errs)
	}
}

func TestParseDepends(t *testing.T) { // DAG-03
	for _, tc := range []struct {
		text    string
		want    []dependsTerm
		problem string
	}{
		{text: ""},
		{text: " \n"},
		{text: "a", want: []dependsTerm{{"a", ""}}},
		{text: "a-1.Failed&&!b_2", want: []dependsTerm{{"a-1", "Failed"}, {"b_2", ""}}},
		{text: " ( a || ! ( b.Succeeded && c ) ) && d ", want: []dependsTerm{{"a", ""}, {"b", "Succeeded"}, {"c", ""}, {"d", ""}}},
		{text: "a b", problem: `from "b" on`},
		{text: "a &", problem: `from "&" on`},
		{text: "a ||", problem: "ends where"},
		{text: "&& a", problem: "expected at"},
		{text: "(a", problem: "closing parenthesis"},
		{text: "a)", problem: `from ")" on`},
		{text: "a.", problem: "neither"},
		{text: ".Failed", problem: "neither"},
		{text: strings.Repeat("(", 5000) + "a", problem: "too deep"},
	} {
		got, err := parseDepends(tc.text)
		switch {
		case tc.problem == "" && (err != nil || !reflect.DeepEqual(got, tc.want)):
			t.Errorf("%q: got %v, %v; want %v", tc.text, got, err, tc.want)
		case tc.problem != "" && (err == nil || !strings.Contains(err.Error(), tc.problem)):
			t.Errorf("%q: got %v, %v; want an error with %q", tc.text, got, err, tc.problem)
		}
	}
}
