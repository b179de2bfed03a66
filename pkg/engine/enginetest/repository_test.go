package enginetest_test

import (
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/enginetest"
)

func TestArtifactRepository_ART10(t *testing.T) {
	found := engine.TemplateResolved{Repository: &v1alpha1.ArtifactRepositoryRefStatus{
		Default: true, ArtifactRepository: &v1alpha1.ArtifactRepository{S3: &v1alpha1.S3ArtifactRepository{S3Bucket: v1alpha1.S3Bucket{Bucket: "b"}}},
	}}
	const plain = `{entrypoint: main, templates: [{name: main, container: {image: i}}]}`
	const artifacts = `{entrypoint: main, templates: [{name: main, container: {image: i}, outputs: {artifacts: [{name: a, path: /a}]}}]}`
	cases := map[string]struct {
		spec    string
		forAll  bool
		request engine.TemplateRequest
		answer  engine.TemplateResolved
		stored  bool
		phase   v1alpha1.WorkflowPhase
		message string
	}{
		"a plain workflow asks for none": {spec: plain, answer: found, phase: v1alpha1.WorkflowSucceeded},
		"unless all logs are stored":     {spec: plain, forAll: true, answer: found, stored: true, phase: v1alpha1.WorkflowSucceeded},
		"outputs":                        {spec: artifacts, answer: found, stored: true, phase: v1alpha1.WorkflowSucceeded},
		"there is none":                  {spec: artifacts, phase: v1alpha1.WorkflowSucceeded},
		"a template of another object": {spec: `{entrypoint: main, templates: [{name: main, steps: [[{name: a, templateRef: {name: lib, template: main}}]]}]}`,
			answer: found, stored: true, phase: v1alpha1.WorkflowSucceeded},
		"a template of a template": {spec: `{workflowTemplateRef: {name: uses}}`, answer: found, stored: true, phase: v1alpha1.WorkflowSucceeded},
		"by name": {spec: `{artifactRepositoryRef: {configMap: c, key: k}, entrypoint: main, templates: [{name: main, container: {image: i}}]}`,
			request: engine.TemplateRequest{Name: "c", Key: "k", Explicit: true}, answer: found, stored: true, phase: v1alpha1.WorkflowSucceeded},
		"by a name that is not there": {spec: `{artifactRepositoryRef: {configMap: c, key: k}, entrypoint: main, templates: [{name: main, container: {image: i}}]}`,
			request: engine.TemplateRequest{Name: "c", Key: "k", Explicit: true}, answer: engine.TemplateResolved{Message: "no such thing"},
			phase: v1alpha1.WorkflowError, message: "failed to resolve artifact repository: no such thing"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := enginetest.New(parse(t, "metadata: {name: wf}\nspec: "+c.spec), func(r engine.PodRequest) enginetest.Outcome {
				return enginetest.Outcome{}
			})
			d.Options.RepositoryForAll = c.forAll
			d.AddTemplate("lib", false, &parse(t, library).Spec)
			d.AddTemplate("uses", false, &parse(t, "metadata: {name: uses}\nspec: "+artifacts).Spec)
			c.request.Kind = engine.RequestArtifactRepository
			d.Templates[c.request] = c.answer
			before := 0
			d.Check = func(d *enginetest.Driver, decision engine.Decision) {
				if len(decision.Create) > 0 && (d.Workflow.Status.ArtifactRepositoryRef != nil) != c.stored {
					before++
				}
			}
			if err := d.Run(); err != nil {
				t.Fatal(err)
			}
			st := &d.Workflow.Status
			if st.Phase != c.phase || st.Message != c.message || (st.ArtifactRepositoryRef != nil) != c.stored || before > 0 {
				t.Errorf("%s %q %+v, pods created before it was stored: %d", st.Phase, st.Message, st.ArtifactRepositoryRef, before)
			}
		})
	}
}
