package lint

import (
	"errors"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestReferences(t *testing.T) {
	steps := func(step string) string {
		return `{entrypoint: m, templates: [{name: m, steps: [[{name: a, ` + step + `}]]}]}`
	}
	const at = "spec.templates[0].steps[0][0]."
	runCases(t, []lintCase{
		{name: "V-074 found", spec: steps(`templateRef: {name: other, template: leaf}`)},
		{name: "V-074 no such object", spec: steps(`templateRef: {name: othr, template: leaf}`),
			errors: []string{at + "templateRef.name | template reference othr.leaf not found"}},
		{name: "V-074 no such template", spec: steps(`templateRef: {name: other, template: laef}`),
			errors: []string{at + `templateRef.template | template reference other.laef not found: WorkflowTemplate other has no such template; did you mean "leaf"?`}},
		{name: "V-074 another namespace", spec: steps(`templateRef: {name: elsewhere, template: leaf}`),
			errors: []string{at + "templateRef.name | not found in namespace ns"}},
		{name: "V-074 of the cluster", spec: steps(`templateRef: {name: shared, template: leaf, clusterScope: true}`)},
		{name: "V-074 not of the cluster", spec: steps(`templateRef: {name: other, template: leaf, clusterScope: true}`),
			errors: []string{at + "templateRef.name | ClusterWorkflowTemplate other not found"}},
		{name: "V-075 tags are known later", spec: steps(`templateRef: {name: "{{workflow.labels.team}}", template: leaf}`)},
		{name: "V-075 in the template", spec: steps(`templateRef: {name: other, template: "{{item}}"}, withItems: [leaf]`)},
		{name: "V-076 recursion through references", spec: steps(`templateRef: {name: lib, template: calls-itself}`)},
		{name: "V-129 references inside what is referred to", spec: steps(`templateRef: {name: lib, template: nests}`)},
		{name: "V-129 broken ones inside", spec: steps(`templateRef: {name: lib, template: broken-inside}`),
			errors: []string{at + "templateRef | spec.templates[4].steps[0][0].templateRef.name: template reference gone.t not found"}},
		{name: "V-129 variables that the workflow does not have", spec: steps(`templateRef: {name: lib, template: reads-argument}`),
			errors: []string{at + "templateRef | spec.templates[3].container.args[0]: failed to resolve {{workflow.parameters.theirs}}"}},
		{name: "V-129 variables that it has", spec: `{entrypoint: m, arguments: {parameters: [{name: theirs, value: v}]}, templates: [{name: m, steps: [[{name: a, templateRef: {name: lib, template: reads-argument}}]]}]}`},
		{name: "V-041 arguments of another object's template", spec: steps(`templateRef: {name: lib, template: greet}`),
			errors: []string{at + "arguments.parameters | templates.greet inputs.parameters.who was not supplied"}},
		{name: "V-042 artifacts", spec: steps(`templateRef: {name: lib, template: takes-file}`),
			errors: []string{at + "arguments.artifacts | templates.takes-file inputs.artifacts.in was not supplied"}},
		{name: "V-041 of inline templates", spec: steps(`inline: {inputs: {parameters: [{name: p}]}, container: {image: i, args: ["{{inputs.parameters.p}}"]}}`),
			errors: []string{at + "arguments.parameters | templates.inline inputs.parameters.p was not supplied"}},
		{name: "V-156 DAG tasks", spec: `{entrypoint: m, templates: [{name: m, dag: {tasks: [{name: a, templateRef: {name: gone, template: x}}]}}]}`,
			errors: []string{"spec.templates[0].dag.tasks[0].templateRef.name | gone.x not found"}},
		{name: "HOOK-01 V-022 the exit handler takes the workflow's arguments", spec: `{entrypoint: m, onExit: x, arguments: {parameters: [{name: p, value: v}]}, templates: [{name: m, container: {image: i}}, {name: x, inputs: {parameters: [{name: p}]}, container: {image: "{{inputs.parameters.p}}"}}]}`},
		{name: "V-022 what it needs and nobody gives", spec: `{entrypoint: m, onExit: x, templates: [{name: m, container: {image: i}}, {name: x, inputs: {parameters: [{name: p}]}, container: {image: "{{inputs.parameters.p}}"}}]}`,
			errors: []string{"spec.arguments.parameters | templates.x inputs.parameters.p was not supplied"}},
		{name: "HOOK-03 what a hook needs", spec: steps(`inline: {suspend: {}}, hooks: {exit: {templateRef: {name: lib, template: greet}}}`),
			errors: []string{at + "hooks[exit].arguments.parameters | templates.greet inputs.parameters.who was not supplied"}},
		{name: "HOOK-03 hooks", spec: `{entrypoint: m, hooks: {exit: {templateRef: {name: gone, template: x}}}, templates: [{name: m, container: {image: i}}]}`,
			errors: []string{"spec.hooks[exit].templateRef.name | gone.x not found"}},
	})
}

func TestWorkflowTemplateRef(t *testing.T) {
	runCases(t, []lintCase{
		{name: "V-007 found", spec: `{workflowTemplateRef: {name: lib}, arguments: {parameters: [{name: needed, value: v}]}}`},
		{name: "V-007 not found", spec: `{workflowTemplateRef: {name: gone}}`, errors: []string{"spec.workflowTemplateRef.name | WorkflowTemplate gone not found in namespace ns"}},
		{name: "V-007 not found in the cluster", spec: `{workflowTemplateRef: {name: gone, clusterScope: true}}`, errors: []string{"spec.workflowTemplateRef.name | ClusterWorkflowTemplate gone not found"}},
		{name: "V-005 no entrypoint in either", spec: `{workflowTemplateRef: {name: shared, clusterScope: true}}`, errors: []string{"spec.entrypoint | spec.entrypoint is required"}},
		{name: "V-005 entrypoint of the workflow", spec: `{workflowTemplateRef: {name: shared, clusterScope: true}, entrypoint: leaf}`},
		{name: "V-011 entrypoint that is not there", spec: `{workflowTemplateRef: {name: shared, clusterScope: true}, entrypoint: leave}`,
			errors: []string{`spec.entrypoint | template name 'leave' undefined`}},
		{name: "V-011 V-022 exit handler that is not there", spec: `{workflowTemplateRef: {name: shared, clusterScope: true}, entrypoint: leaf, onExit: gone}`,
			errors: []string{`spec.onExit | template name 'gone' undefined`}},
		{name: "V-033 V-044 a value that neither gives", spec: `{workflowTemplateRef: {name: lib}}`,
			errors: []string{"spec.arguments.parameters | needed.value or needed.valueFrom is required: WorkflowTemplate lib declares it without"}},
		{name: "V-044 the workflow's value wins", spec: `{workflowTemplateRef: {name: lib}, arguments: {parameters: [{name: needed, value: v}, {name: who, value: you}]}}`},
		{name: "V-041 entrypoint of the workflow's own choice", spec: `{workflowTemplateRef: {name: lib}, entrypoint: takes-file, arguments: {parameters: [{name: needed, value: v}]}}`,
			errors: []string{"spec.arguments.artifacts | inputs.artifacts.in was not supplied"}},
		{name: "V-129 broken ones that the workflow runs", spec: `{workflowTemplateRef: {name: lib}, entrypoint: reads-argument, arguments: {parameters: [{name: needed, value: v}]}}`,
			errors: []string{"spec.workflowTemplateRef | spec.templates[3].container.args[0]: failed to resolve {{workflow.parameters.theirs}}"}},
	})
}

// A reference to what is not there refuses a workflow; libraries can be made in any order.
func TestMissingReferencesOfLibraries(t *testing.T) { // V-007, V-074
	const spec = `spec: {entrypoint: m, templates: [{name: m, steps: [[{name: a, templateRef: {name: gone, template: x}}]]}]}`
	const finding = "spec.templates[0].steps[0][0].templateRef.name | template reference gone.x not found"
	errs, warnings := WorkflowTemplate(parse[v1alpha1.WorkflowTemplate](t, `{metadata: {name: t, namespace: ns}, `+spec+`}`), Nothing{})
	expect(t, errs, warnings, nil, []string{finding})
	// The cluster's templates see those of the namespace where a workflow runs.
	errs, warnings = ClusterWorkflowTemplate(parse[v1alpha1.ClusterWorkflowTemplate](t, `{metadata: {name: t}, `+spec+`}`), Nothing{})
	expect(t, errs, warnings, nil, nil)
	errs, warnings = ClusterWorkflowTemplate(parse[v1alpha1.ClusterWorkflowTemplate](t, `{metadata: {name: t}, `+strings.Replace(spec, "template: x", "template: x, clusterScope: true", 1)+`}`), Nothing{})
	expect(t, errs, warnings, nil, []string{finding})
	errs, warnings = CronWorkflow(parse[v1alpha1.CronWorkflow](t, `{metadata: {name: t, namespace: ns}, spec: {schedules: ["@daily"], workflowSpec: {workflowTemplateRef: {name: gone}}}}`), Nothing{})
	expect(t, errs, warnings, nil, []string{"spec.workflowSpec.workflowTemplateRef.name | WorkflowTemplate gone not found"})
	errs, warnings = WorkflowEventBinding(parse[v1alpha1.WorkflowEventBinding](t, `{metadata: {name: t, namespace: ns}, spec: {event: {selector: "true"}, submit: {workflowTemplateRef: {name: gone}}}}`), Nothing{})
	expect(t, errs, warnings, nil, []string{"spec.submit.workflowTemplateRef.name | WorkflowTemplate gone not found"})
}

// A workflow that is over may come back from a backup when its templates are gone.
func TestCompletedWorkflow(t *testing.T) {
	workflow := &v1alpha1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns"},
		Spec:       *parse[v1alpha1.WorkflowSpec](t, `{workflowTemplateRef: {name: gone}}`),
		Status:     v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowSucceeded},
	}
	errs, warnings := Workflow(workflow, Nothing{})
	expect(t, errs, warnings, nil, []string{"spec.workflowTemplateRef.name | not found"})
}

type failing struct{ Nothing }

func (failing) WorkflowTemplate(_, _ string) (*v1alpha1.WorkflowTemplate, error) {
	return nil, errors.New("storage is away")
}

// What cannot be read is no reason to take an object, nor one to call its reference wrong.
func TestUnreadableReference(t *testing.T) {
	errs, _ := Workflow(&v1alpha1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns"},
		Spec:       *parse[v1alpha1.WorkflowSpec](t, `{workflowTemplateRef: {name: lib}}`),
	}, failing{})
	expect(t, errs, nil, []string{"spec.workflowTemplateRef.name | cannot read WorkflowTemplate lib: storage is away"}, nil)
}

// Without a Lookup, references are not followed.
func TestNoLookup(t *testing.T) {
	for _, spec := range []string{
		`{workflowTemplateRef: {name: lib}}`,
		`{entrypoint: m, templates: [{name: m, steps: [[{name: a, templateRef: {name: gone, template: x}}], [{name: b, templateRef: {name: gone, template: "{{steps.a.outputs.parameters.unknown}}"}}]]}]}`,
	} {
		errs, warnings := Workflow(&v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns"}, Spec: *parse[v1alpha1.WorkflowSpec](t, spec)}, nil)
		expect(t, errs, warnings, nil, nil)
	}
}
