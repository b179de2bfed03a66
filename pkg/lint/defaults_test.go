package lint

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// withDefaults is a Lookup for controllers that lay something under their workflows.
type withDefaults struct {
	Lookup
	defaults *v1alpha1.Workflow
}

func (w withDefaults) Defaults(instanceID string) (*v1alpha1.Workflow, bool) {
	if instanceID != "" {
		return nil, false
	}
	return w.defaults, true
}

// CFG-03: what the controller lays under a workflow counts as if the workflow had it.
func TestWorkflowDefaults_CFG03(t *testing.T) {
	const leaf = `templates: [{name: m, container: {image: i}}]`
	for _, tc := range []struct {
		name, defaults, spec string
		errors, warnings     []string
	}{
		{name: "V-005 the entrypoint", defaults: `spec: {entrypoint: m}`, spec: `{` + leaf + `}`},
		{name: "V-011 an entrypoint that the workflow does not have", defaults: `spec: {entrypoint: other}`, spec: `{` + leaf + `}`,
			errors: []string{"spec.entrypoint | template name 'other' undefined; there is m; this comes from the controller's workflowDefaults"}},
		{name: "V-033 V-041 values", defaults: `spec: {arguments: {parameters: [{name: b, value: v}, {name: a, value: v}]}}`,
			spec: `{entrypoint: m, arguments: {parameters: [{name: a}]}, templates: [{name: m, inputs: {parameters: [{name: a}, {name: b}]}, container: {image: "{{inputs.parameters.a}}{{inputs.parameters.b}}{{workflow.parameters.b}}"}}]}`},
		{name: "V-036 V-032 own mistakes keep their places", defaults: `spec: {arguments: {parameters: [{name: z, value: v}]}, templates: [{name: y, suspend: {}}]}`,
			spec:     `{entrypoint: m, arguments: {parameters: [{name: a, value: v, enum: []}, {name: a, value: v}]}, templates: [{name: m, container: {image: i}}, {name: m, container: {image: i}}, {name: x_y, container: {image: i}}]}`,
			errors:   []string{"spec.templates[1].name | Duplicate value", "spec.templates[2].name | must consist of", "spec.arguments.parameters[0].enum | at least one", "spec.arguments.parameters[1].name | Duplicate value"},
			warnings: []string{"spec.templates[1] | never run", "spec.templates[2] | never run", `spec.arguments.parameters[0] | never used`, `spec.arguments.parameters[1] | never used`}},
		{name: "V-100 the image", defaults: `spec: {templateDefaults: {container: {image: i}}}`, spec: `{entrypoint: m, templates: [{name: m, container: {args: [a]}}]}`},
		{name: "V-181 labels and annotations", defaults: "metadata: {labels: {l: v}, annotations: {a: v}}\nspec: {workflowMetadata: {labels: {m: v}}, priority: 3}",
			spec: `{entrypoint: m, templates: [{name: m, container: {image: i, args: ["{{workflow.labels.l}}{{workflow.annotations.a}}{{workflow.labels.m}}{{workflow.priority}}"]}}]}`},
		{name: "V-260 volumes", defaults: `spec: {volumes: [{name: v, emptyDir: {}}]}`, spec: `{entrypoint: m, templates: [{name: m, container: {image: i, volumeMounts: [{name: v, mountPath: /v}]}}]}`},
		{name: "V-188 a retryStrategy", defaults: `spec: {retryStrategy: {limit: 2}}`, spec: `{entrypoint: m, templates: [{name: m, container: {image: i, args: ["{{=lastRetry.exitCode}}"]}}]}`},
		{name: "V-013 wrong ones", defaults: `spec: {podGC: {strategy: Sometimes}}`, spec: `{entrypoint: m, ` + leaf + `}`,
			errors: []string{"spec.podGC.strategy | this comes from the controller's workflowDefaults"}},
		{name: "REF-03 under the template that the workflow runs", defaults: `spec: {entrypoint: leaf, arguments: {parameters: [{name: a, value: v}]}, templateDefaults: {container: {image: i}}}`,
			spec: `{workflowTemplateRef: {name: other}}`},
		{name: "V-006 templates of the defaults are not the workflow's", defaults: `spec: {templates: [{name: t, suspend: {}}]}`, spec: `{workflowTemplateRef: {name: other}, entrypoint: leaf}`},
		{name: "V-011 a template of the defaults", defaults: `spec: {onExit: bye, templates: [{name: bye, suspend: {}}]}`, spec: `{entrypoint: m, ` + leaf + `}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lookup := withDefaults{testLookup(t), parse[v1alpha1.Workflow](t, tc.defaults)}
			workflow := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns"}, Spec: *parse[v1alpha1.WorkflowSpec](t, tc.spec)}
			before := workflow.DeepCopy()
			errs, warnings := Workflow(workflow, lookup)
			expect(t, errs, warnings, tc.errors, tc.warnings)
			if !equality.Semantic.DeepEqual(workflow, before) {
				t.Errorf("the workflow was changed")
			}
			cron := &v1alpha1.CronWorkflow{ObjectMeta: workflow.ObjectMeta, Spec: v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}, WorkflowSpec: workflow.Spec}}
			errs, _ = CronWorkflow(cron, lookup)
			var want []string
			for _, text := range tc.errors {
				want = append(want, strings.Replace(text, "spec.", "spec.workflowSpec.", 1))
			}
			expect(t, errs, nil, want, nil)
		})
	}
}

// What another controller lays under a workflow is not known: what it could remedy is a warning, and the rest is wrong as ever.
func TestWorkflowsOfOtherControllers_CFG05(t *testing.T) {
	workflow := &v1alpha1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns", Labels: map[string]string{v1alpha1.LabelKeyControllerInstanceID: "other"}},
		Spec:       *parse[v1alpha1.WorkflowSpec](t, `{arguments: {parameters: [{name: a}]}, templates: [{name: m, container: {args: ["{{workflow.parameters.b}}", "{{workflow.labels.l}}", "{{inputs.parameters.x}}"]}}]}`),
	}
	errs, warnings := Workflow(workflow, withDefaults{testLookup(t), nil})
	expect(t, errs, warnings, []string{"spec.templates[0].container.args[2] | no input parameters"}, []string{
		"spec.templates[0].container.args[1] | the workflow has no such label",
		"spec.arguments.parameters[0] | never used",
		"spec.entrypoint | unless the workflowDefaults of its controller do",
		"spec.arguments.parameters[0].value | unless the workflowDefaults of its controller do",
		"spec.templates[0].container.image | unless the workflowDefaults of its controller do",
	})
}

// A template gets from the defaults what every workflow gives its templates.
func TestTemplatesUnderDefaults(t *testing.T) {
	template := parse[v1alpha1.WorkflowTemplate](t, `{metadata: {name: t, namespace: ns}, spec: {templates: [{name: m, container: {args: [a]}}]}}`)
	lookup := withDefaults{testLookup(t), parse[v1alpha1.Workflow](t, `spec: {entrypoint: gone, templateDefaults: {container: {image: i}}}`)}
	errs, warnings := WorkflowTemplate(template, lookup)
	expect(t, errs, warnings, nil, nil)
	errs, _ = WorkflowTemplate(template, testLookup(t))
	expect(t, errs, nil, []string{"spec.templates[0].container.image"}, nil)
}

// An update is judged under the same defaults before and after.
func TestUpdateUnderDefaults(t *testing.T) {
	lookup := withDefaults{testLookup(t), parse[v1alpha1.Workflow](t, `spec: {entrypoint: m}`)}
	old := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns", ResourceVersion: "1"}, Spec: *parse[v1alpha1.WorkflowSpec](t, `{templates: [{name: m, container: {image: i}}]}`)}
	changed := old.DeepCopy()
	changed.Spec.OnExit = "gone"
	errs, _ := WorkflowUpdate(changed, old, lookup)
	expect(t, errs, nil, []string{"spec.onExit | undefined"}, nil)
}
