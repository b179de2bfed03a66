package lint

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// lintCase is the spec of a workflow as YAML, and what is found, each as "path | part of the message".
type lintCase struct {
	name     string
	spec     string
	errors   []string
	warnings []string
}

// stored is what the specs of the tests refer to.
var stored = []string{
	`{kind: WorkflowTemplate, metadata: {name: lib, namespace: ns}, spec: {
		entrypoint: greet, onExit: bye, arguments: {parameters: [{name: who, value: world}, {name: needed}]}, templates: [
		{name: greet, inputs: {parameters: [{name: who}]}, container: {image: i, args: ["{{inputs.parameters.who}}"]}, outputs: {parameters: [{name: said, valueFrom: {path: /said}}], artifacts: [{name: file, path: /file}]}},
		{name: bye, container: {image: i}},
		{name: export, container: {image: i}, outputs: {parameters: [{name: p, globalName: exported, valueFrom: {path: /p}}]}},
		{name: reads-argument, container: {image: i, args: ["{{workflow.parameters.theirs}}"]}},
		{name: broken-inside, steps: [[{name: s, templateRef: {name: gone, template: t}}]]},
		{name: nests, steps: [[{name: s, templateRef: {name: other, template: leaf}}]]},
		{name: calls-itself, steps: [[{name: s, templateRef: {name: lib, template: calls-itself}, when: "false"}]]},
		{name: takes-file, inputs: {artifacts: [{name: in, path: /in}]}, container: {image: i}}]}}`,
	`{kind: WorkflowTemplate, metadata: {name: other, namespace: ns}, spec: {templates: [{name: leaf, container: {image: i}}]}}`,
	`{kind: WorkflowTemplate, metadata: {name: elsewhere, namespace: other-ns}, spec: {templates: [{name: leaf, container: {image: i}}]}}`,
	`{kind: ClusterWorkflowTemplate, metadata: {name: shared}, spec: {templates: [{name: leaf, container: {image: i}}]}}`,
}

func testLookup(t *testing.T) Lookup {
	t.Helper()
	set := &objectSet{
		namespaced: map[[2]string]*v1alpha1.WorkflowTemplate{}, cluster: map[string]*v1alpha1.ClusterWorkflowTemplate{}, elsewhere: Nothing{},
	}
	for _, text := range stored {
		if strings.Contains(text, "kind: ClusterWorkflowTemplate") {
			template := parse[v1alpha1.ClusterWorkflowTemplate](t, text)
			set.cluster[template.Name] = template
			continue
		}
		template := parse[v1alpha1.WorkflowTemplate](t, text)
		set.namespaced[[2]string{template.Namespace, template.Name}] = template
	}
	return set
}

func parse[T any](t *testing.T, text string) *T {
	t.Helper()
	object := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), object); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return object
}

// runCases lints each spec as that of a workflow.
func runCases(t *testing.T, cases []lintCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			workflow := &v1alpha1.Workflow{
				ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns", Labels: map[string]string{"team": "a"}},
				Spec:       *parse[v1alpha1.WorkflowSpec](t, tc.spec),
			}
			errs, warnings := Workflow(workflow, testLookup(t))
			expect(t, errs, warnings, tc.errors, tc.warnings)
		})
	}
}

func expect(t *testing.T, errs field.ErrorList, warnings, wantErrors, wantWarnings []string) {
	t.Helper()
	var found []string
	for _, err := range errs {
		found = append(found, err.Field+" | "+err.ErrorBody())
	}
	match(t, "error", found, wantErrors)
	found = nil
	for _, warning := range warnings {
		found = append(found, strings.Replace(warning, ": ", " | ", 1))
	}
	match(t, "warning", found, wantWarnings)
}

func match(t *testing.T, what string, found, want []string) {
	t.Helper()
	for i, text := range found {
		if i >= len(want) {
			t.Errorf("unexpected %s: %s", what, text)
			continue
		}
		path, part, _ := strings.Cut(want[i], " | ")
		gotPath, got, _ := strings.Cut(text, " | ")
		if gotPath != path || !strings.Contains(got, part) {
			t.Errorf("%s: %s\nwant: %s", what, text, want[i])
		}
	}
	for _, missing := range want[min(len(found), len(want)):] {
		t.Errorf("no %s: %s", what, missing)
	}
}
