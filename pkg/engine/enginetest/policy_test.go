package enginetest_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/enginetest"
)

func parse(t *testing.T, text string) *v1alpha1.Workflow {
	t.Helper()
	wf, err := enginetest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return wf
}

const library = `
metadata: {name: lib}
spec:
  entrypoint: main
  serviceAccountName: of-template
  templates:
  - {name: main, container: {image: i}}
`

const defaults = `
metadata: {labels: {team: none, cost: "1"}, annotations: {a: b}}
spec:
  serviceAccountName: of-defaults
  activeDeadlineSeconds: 3600
  ttlStrategy: {secondsAfterSuccess: 5}
  podGC: {strategy: OnPodSuccess}
`

func TestDefaults_CFG03(t *testing.T) {
	cases := map[string]struct {
		workflow, account string
		stored            bool
		gc                v1alpha1.PodGCStrategy
	}{
		"beneath the workflow": {`
metadata: {name: wf, labels: {team: own}}
spec: {entrypoint: main, podGC: {strategy: OnWorkflowSuccess}, templates: [{name: main, container: {image: i}}]}`, "of-defaults", true, v1alpha1.PodGCOnWorkflowSuccess},
		"beneath the template (Trap 20)": {`
metadata: {name: wf, labels: {team: own}}
spec: {workflowTemplateRef: {name: lib}}`, "of-template", true, v1alpha1.PodGCOnPodSuccess},
		"and the workflow over both (Trap 20)": {`
metadata: {name: wf, labels: {team: own}}
spec: {workflowTemplateRef: {name: lib}, serviceAccountName: own}`, "own", true, v1alpha1.PodGCOnPodSuccess},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var seen *v1alpha1.WorkflowSpec
			d := enginetest.New(parse(t, c.workflow), func(r engine.PodRequest) enginetest.Outcome {
				seen = r.Spec
				return enginetest.Outcome{}
			})
			d.AddTemplate("lib", false, &parse(t, library).Spec)
			d.Options.Defaults = parse(t, defaults)
			if err := d.Run(); err != nil || d.Workflow.Status.Phase != v1alpha1.WorkflowSucceeded {
				t.Fatalf("%v %s %s", err, d.Workflow.Status.Phase, d.Workflow.Status.Message)
			}
			spec := d.Workflow.Status.StoredWorkflowSpec
			if spec == nil || spec.ServiceAccountName != c.account || seen.ServiceAccountName != c.account || spec.PodGC.Strategy != c.gc ||
				*spec.TTLStrategy.SecondsAfterSuccess != 5 || len(spec.Templates) != 1 {
				t.Errorf("%+v", spec)
			}
			if d.Workflow.Labels["team"] != "own" || d.Workflow.Labels["cost"] != "1" || d.Workflow.Annotations["a"] != "b" {
				t.Errorf("%v %v", d.Workflow.Labels, d.Workflow.Annotations)
			}
			if d.Options.Defaults.Spec.ServiceAccountName != "of-defaults" || d.Options.Defaults.Labels["team"] != "none" {
				t.Error("the defaults were changed")
			}
		})
	}
	t.Run("that change nothing", func(t *testing.T) {
		d := enginetest.New(parse(t, library), enginetest.Succeed)
		d.Options.Defaults = parse(t, `{metadata: {name: d}, spec: {serviceAccountName: x}}`)
		if err := d.Run(); err != nil || d.Workflow.Status.StoredWorkflowSpec != nil || d.Workflow.Status.Phase != v1alpha1.WorkflowSucceeded {
			t.Errorf("%v %+v", err, d.Workflow.Status)
		}
	})
	t.Run("survive restarts, and later ones do not reach the run", func(t *testing.T) {
		d := enginetest.New(parse(t, `
metadata: {name: wf}
spec: {entrypoint: main, templates: [{name: main, steps: [[{name: a, template: x}], [{name: b, template: x}]]}, {name: x, container: {image: i}}]}`), nil)
		var accounts []string
		d.Script = func(r engine.PodRequest) enginetest.Outcome {
			accounts = append(accounts, r.Spec.ServiceAccountName)
			d.Options.Defaults = parse(t, `{metadata: {name: d}, spec: {serviceAccountName: later}}`)
			d.Restart()
			return enginetest.Outcome{}
		}
		d.Options.Defaults = parse(t, defaults)
		if err := d.Run(); err != nil || strings.Join(accounts, " ") != "of-defaults of-defaults" {
			t.Errorf("%v %v", err, accounts)
		}
	})
}

func TestRestrictions_CFG04(t *testing.T) {
	strict := engine.Policy{TemplatesOnly: true}
	cases := map[string]struct {
		policy  engine.Policy
		spec    string
		message string // of the refusal; empty: it runs
	}{
		"no template, V-250":        {strict, `{entrypoint: main, templates: [{name: main, container: {image: i}}]}`, "workflows must use workflowTemplateRef to be executed when the controller is in reference mode"},
		"nothing but the template":  {strict, `{workflowTemplateRef: {name: lib}}`, ""},
		"harmless fields":           {strict, `{workflowTemplateRef: {name: lib}, entrypoint: main, arguments: {parameters: [{name: a, value: b}]}, priority: 3, ttlStrategy: {secondsAfterCompletion: 1}, podGC: {strategy: OnPodCompletion}, archiveLogs: false, artifactGC: {strategy: Never}}`, ""},
		"a field too much, V-251":   {strict, `{workflowTemplateRef: {name: lib}, serviceAccountName: admin, hostNetwork: true}`, "a workflow may not set hostNetwork, serviceAccountName beside"},
		"allowed by name, V-251":    {engine.Policy{TemplatesOnly: true, AlsoAllowed: []string{"serviceAccountName"}}, `{workflowTemplateRef: {name: lib}, serviceAccountName: sa}`, ""},
		"account of the GC, V-252":  {strict, `{workflowTemplateRef: {name: lib}, artifactGC: {strategy: Never, serviceAccountName: admin}}`, "may not set artifactGC.serviceAccountName beside"},
		"patch of the GC, V-252":    {strict, `{workflowTemplateRef: {name: lib}, artifactGC: {podSpecPatch: "{}"}}`, "may not set artifactGC.podSpecPatch beside"},
		"not restricted":            {engine.Policy{}, `{entrypoint: main, templates: [{name: main, container: {image: i}}]}`, ""},
		"secure, nothing has moved": {engine.Policy{TemplatesOnly: true, Unchanged: true}, `{workflowTemplateRef: {name: lib}}`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := enginetest.New(parse(t, "metadata: {name: wf}\nspec: "+c.spec), enginetest.Succeed)
			d.AddTemplate("lib", false, &parse(t, library).Spec)
			d.Options.Policy = c.policy
			if err := d.Run(); err != nil {
				t.Fatal(err)
			}
			phase := v1alpha1.WorkflowSucceeded
			if c.message != "" {
				phase = v1alpha1.WorkflowError
			}
			if d.Workflow.Status.Phase != phase || !strings.Contains(d.Workflow.Status.Message, c.message) || c.message != "" && len(d.Created) > 0 {
				t.Errorf("%s %s, pods %v", d.Workflow.Status.Phase, d.Workflow.Status.Message, d.Created)
			}
		})
	}
}

// TestSecure_V253 edits the template between two steps; what is looked at again when the run is loaded or its header changes.
func TestSecure_V253(t *testing.T) {
	steps := func(image string) *v1alpha1.WorkflowSpec {
		return &parse(t, `
metadata: {name: lib}
spec: {entrypoint: main, templates: [{name: main, steps: [[{name: a, template: x}], [{name: b, template: x}]]}, {name: x, container: {image: `+image+`}}]}`).Spec
	}
	for name, c := range map[string]struct {
		unchanged bool
		notice    func(d *enginetest.Driver)
		phase     v1alpha1.WorkflowPhase
	}{
		"found at a restart": {true, (*enginetest.Driver).Restart, v1alpha1.WorkflowError},
		"found when a user comes by": {true, func(d *enginetest.Driver) {
			d.Change(func(wf *v1alpha1.Workflow) { wf.Labels = map[string]string{"x": "y"} })
		}, v1alpha1.WorkflowError},
		"Strict does not mind": {false, (*enginetest.Driver).Restart, v1alpha1.WorkflowSucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			d := enginetest.New(parse(t, `{metadata: {name: wf}, spec: {workflowTemplateRef: {name: lib}}}`), nil)
			d.Options.Policy = engine.Policy{TemplatesOnly: true, Unchanged: c.unchanged}
			d.AddTemplate("lib", false, steps("one"))
			d.Script = func(engine.PodRequest) enginetest.Outcome {
				d.AddTemplate("lib", false, steps("two"))
				c.notice(d)
				return enginetest.Outcome{}
			}
			if err := d.Run(); err != nil {
				t.Fatal(err)
			}
			if d.Workflow.Status.Phase != c.phase || c.phase == v1alpha1.WorkflowError && !strings.Contains(d.Workflow.Status.Message, "may not change during execution") {
				t.Errorf("%s %s\n%s", d.Workflow.Status.Phase, d.Workflow.Status.Message, enginetest.Tree(d.Records()))
			}
		})
	}
}

// The status of a workflow that has not begun is no excuse from the policy: whoever creates or retries it may have written it.
func TestRestrictionsIgnoreForgedStatus_CFG04(t *testing.T) {
	const own = `{entrypoint: main, templates: [{name: main, container: {image: evil}}]}`
	const lib = `{workflowTemplateRef: {name: lib}}`
	evil := &parse(t, "metadata: {name: wf}\nspec: "+own).Spec
	started := metav1.NewTime(time.Unix(1, 0))
	library := parse(t, library).Spec
	for name, c := range map[string]struct {
		policy engine.Policy
		spec   string
		status v1alpha1.WorkflowStatus
		phase  v1alpha1.WorkflowPhase
	}{
		"started, it says":           {engine.Policy{TemplatesOnly: true}, own, v1alpha1.WorkflowStatus{StartedAt: started}, v1alpha1.WorkflowError},
		"waiting, it says":           {engine.Policy{TemplatesOnly: true}, own, v1alpha1.WorkflowStatus{StartedAt: started, Phase: v1alpha1.WorkflowPending}, v1alpha1.WorkflowError},
		"another spec is stored":     {engine.Policy{TemplatesOnly: true}, lib, v1alpha1.WorkflowStatus{StoredWorkflowSpec: evil}, v1alpha1.WorkflowSucceeded},
		"and it waits":               {engine.Policy{TemplatesOnly: true}, lib, v1alpha1.WorkflowStatus{StoredWorkflowSpec: evil, Phase: v1alpha1.WorkflowPending}, v1alpha1.WorkflowSucceeded},
		"another spec, Secure V-253": {engine.Policy{TemplatesOnly: true, Unchanged: true}, lib, v1alpha1.WorkflowStatus{StoredWorkflowSpec: evil}, v1alpha1.WorkflowError},
		"a retry, Secure":            {engine.Policy{TemplatesOnly: true, Unchanged: true}, lib, v1alpha1.WorkflowStatus{StartedAt: started, StoredWorkflowSpec: &library}, v1alpha1.WorkflowSucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			wf := parse(t, "metadata: {name: wf}\nspec: "+c.spec)
			wf.Status = *c.status.DeepCopy()
			d := enginetest.New(wf, func(r engine.PodRequest) enginetest.Outcome {
				if r.Template.Container.Image == "evil" {
					t.Error("the forged template runs")
				}
				return enginetest.Outcome{}
			})
			d.AddTemplate("lib", false, &library)
			d.Options.Policy = c.policy
			if err := d.Run(); err != nil || d.Workflow.Status.Phase != c.phase {
				t.Errorf("%v, %s %s", err, d.Workflow.Status.Phase, d.Workflow.Status.Message)
			}
		})
	}
}
