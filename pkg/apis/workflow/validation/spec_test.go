package validation

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// specCase is a spec as YAML and where errors and warnings are expected.
type specCase struct {
	name     string
	spec     string
	errors   []string
	warnings []string // beginnings
}

// runSpecCases validates each spec as that of a workflow.
func runSpecCases(t *testing.T, cases []specCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			errs, warnings := ValidateWorkflowSpec(parseSpec(t, tc.spec), workflowRules, field.NewPath("spec"))
			checkFields(t, errs, tc.errors)
			if len(warnings) != len(tc.warnings) {
				t.Fatalf("warnings %q, want %q", warnings, tc.warnings)
			}
			for i := range warnings {
				if !strings.HasPrefix(warnings[i], tc.warnings[i]) {
					t.Errorf("warning %q, want one that begins with %q", warnings[i], tc.warnings[i])
				}
			}
		})
	}
}

func parseSpec(t *testing.T, text string) *v1alpha1.WorkflowSpec {
	t.Helper()
	spec := &v1alpha1.WorkflowSpec{}
	if err := yaml.UnmarshalStrict([]byte(text), spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestWorkflowName(t *testing.T) { // V-001
	for name, want := range map[string][]string{
		strings.Repeat("a", 63): nil,
		strings.Repeat("a", 64): {"metadata.name"},
		"not a name":            {"metadata.name"},
	} {
		workflow := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"}, Spec: runnableSpec()}
		errs, _ := ValidateWorkflow(workflow)
		checkFields(t, errs, want)
	}
}

func TestSpec(t *testing.T) {
	runSpecCases(t, []specCase{
		{name: "V-005 no entrypoint", spec: `{templates: [{name: a, suspend: {}}]}`, errors: []string{"spec.entrypoint"}},
		{name: "V-005 entrypoint of the referenced template", spec: `{workflowTemplateRef: {name: t}}`},
		{name: "V-006 templates besides a reference",
			spec:   `{workflowTemplateRef: {name: t}, templates: [{name: a, suspend: {}}]}`,
			errors: []string{"spec.templates"}},
		{name: "reference without name", spec: `{workflowTemplateRef: {clusterScope: true}}`, errors: []string{"spec.workflowTemplateRef.name"}},
		{name: "V-008 template without name",
			spec:   `{entrypoint: a, templates: [{name: a, suspend: {}}, {suspend: {}}]}`,
			errors: []string{"spec.templates[1].name"}},
		{name: "V-009 V-201 malformed names",
			spec: `{entrypoint: a, templates: [{name: a, suspend: {}}, {name: -a, suspend: {}}, {name: a_b, suspend: {}}, {name: ` +
				strings.Repeat("a", 129) + `, suspend: {}}]}`,
			errors: []string{"spec.templates[1].name", "spec.templates[2].name", "spec.templates[3].name"}},
		{name: "V-010 name given twice",
			spec:   `{entrypoint: a, templates: [{name: a, suspend: {}}, {name: a, suspend: {}}]}`,
			errors: []string{"spec.templates[1].name"}},
		{name: "V-011 unknown entrypoint and onExit",
			spec:   `{entrypoint: b, onExit: c, templates: [{name: a, suspend: {}}]}`,
			errors: []string{"spec.entrypoint", "spec.onExit"}},
		{name: "V-012 hook without expression",
			spec:   `{entrypoint: a, hooks: {exit: {template: a}, run: {template: a}}, templates: [{name: a, suspend: {}}]}`,
			errors: []string{"spec.hooks[run].expression"}},
		{name: "hook of an unknown template, of two, of none",
			spec: `{entrypoint: a, templates: [{name: a, suspend: {}}], hooks: {
				v: {expression: "true", template: b}, w: {expression: "true", template: a, templateRef: {name: t, template: u}}, z: {expression: "true"}, exit: {}}}`,
			errors:   []string{"spec.hooks[v].template", "spec.hooks[w]", "spec.hooks[z].template"},
			warnings: []string{"spec.hooks[exit]: "}},
		{name: "V-013 strategy of podGC",
			spec:   `{entrypoint: a, podGC: {strategy: Sometimes}, templates: [{name: a, suspend: {}}]}`,
			errors: []string{"spec.podGC.strategy"}},
		{name: "V-014 selector of podGC",
			spec:   `{entrypoint: a, podGC: {labelSelector: {matchExpressions: [{key: k, operator: Like, values: [v]}]}}, templates: [{name: a, suspend: {}}]}`,
			errors: []string{"spec.podGC.labelSelector"}},
		{name: "V-050 V-203 no type", spec: `{entrypoint: a, templates: [{name: a}]}`, errors: []string{"spec.templates[0]"}},
		{name: "V-051 V-200 two types", spec: `{entrypoint: a, templates: [{name: a, suspend: {}, http: {url: u}}]}`, errors: []string{"spec.templates[0]"}},
		{name: "unreachable templates are looked at too",
			spec:   `{entrypoint: a, templates: [{name: a, suspend: {}}, {name: b, steps: [[{name: s, template: nowhere}]]}]}`,
			errors: []string{"spec.templates[1].steps[0][0].template"}},
	})
}

// A library of templates needs neither entrypoint nor values.
func TestTemplateRules(t *testing.T) {
	const library = `{arguments: {parameters: [{name: p}]}, templates: [{name: a, inputs: {parameters: [{name: q}]}, suspend: {}}]}`
	errs, _ := ValidateWorkflowTemplate(&v1alpha1.WorkflowTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: "library", Namespace: "ns"}, Spec: *parseSpec(t, library),
	})
	checkFields(t, errs, nil)
	errs, _ = ValidateClusterWorkflowTemplate(&v1alpha1.ClusterWorkflowTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: "library"}, Spec: *parseSpec(t, library),
	})
	checkFields(t, errs, nil)
	// V-226: a cron workflow gets no values later.
	errs, _ = ValidateCronWorkflow(&v1alpha1.CronWorkflow{
		ObjectMeta: metav1.ObjectMeta{Name: "cron", Namespace: "ns"},
		Spec:       v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}, WorkflowSpec: *parseSpec(t, library)},
	})
	checkFields(t, errs, []string{"spec.workflowSpec.entrypoint", "spec.workflowSpec.arguments.parameters[0].value"})
}

// What was stored before a rule existed does not stand in the way of other changes.
func TestUpdateIsRatcheted(t *testing.T) {
	old := &v1alpha1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns", ResourceVersion: "1"},
		Spec:       *parseSpec(t, `{entrypoint: gone, templates: [{name: a, suspend: {}}]}`),
	}
	stopped := old.DeepCopy()
	stopped.Spec.Shutdown = v1alpha1.ShutdownStrategyStop
	errs, _ := ValidateWorkflowUpdate(stopped, old)
	checkFields(t, errs, nil)

	worse := old.DeepCopy()
	worse.Spec.OnExit = "gone-too"
	errs, _ = ValidateWorkflowUpdate(worse, old)
	checkFields(t, errs, []string{"spec.onExit"})

	renamed := old.DeepCopy()
	renamed.Name = "other"
	errs, _ = ValidateWorkflowUpdate(renamed, old)
	checkFields(t, errs, []string{"metadata.name"})
}
