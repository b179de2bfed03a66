package enginetest

import (
	"fmt"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// artifactsOf lists artifacts as `name=key` or `name=data`, with what else they say.
func artifactsOf(list v1alpha1.Artifacts) string {
	var texts []string
	for _, a := range list {
		key, _ := a.GetKey()
		if a.Raw != nil {
			key = a.Raw.Data
		}
		text := a.Name + "=" + key
		if a.Path != "" {
			text += "@" + a.Path
		}
		if a.Archive != nil && a.Archive.None != nil {
			text += ":none"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}

func inputArtifacts(d *Driver, node string) string {
	for _, n := range d.Nodes {
		if n.Name == node && n.Inputs != nil {
			return artifactsOf(n.Inputs.Artifacts)
		}
	}
	return ""
}

const artifactLeaves = `
- name: gen
  container: {image: i}
  outputs: {artifacts: [{name: out, path: /o, globalName: shared}, {name: plain, path: /p, archive: {none: {}}, optional: true}]}
- name: use
  inputs: {artifacts: [{name: in, path: /i}]}
  container: {image: i}
- name: may
  inputs: {artifacts: [{name: in, path: /i, optional: true}]}
  container: {image: i}
`

func withRepository(format string) func(*Driver) {
	return func(d *Driver) {
		d.Templates[engine.TemplateRequest{Kind: engine.RequestArtifactRepository}] = engine.TemplateResolved{Repository: &v1alpha1.ArtifactRepositoryRefStatus{
			ArtifactRepository: &v1alpha1.ArtifactRepository{S3: &v1alpha1.S3ArtifactRepository{S3Bucket: v1alpha1.S3Bucket{Bucket: "b"}, KeyFormat: format}},
		}}
	}
}

func TestArtifactsArePassed_ART03_ART04_ART05_ART12(t *testing.T) {
	d := runCase(t, `
entrypoint: main
arguments:
  parameters: [{name: who, value: me}]
  artifacts: [{name: given, raw: {data: "hello {{workflow.parameters.who}}"}}]
onExit: last
templates:
- name: main
  inputs: {artifacts: [{name: given}]}
  steps:
  - - {name: a, template: gen}
  - - {name: from, template: use, arguments: {artifacts: [{name: in, from: "{{steps.a.outputs.artifacts.out}}"}]}}
    - {name: part, template: use, arguments: {artifacts: [{name: in, from: "{{ steps.a.outputs.artifacts.plain }}", subPath: "x/{{workflow.parameters.who}}"}]}}
    - {name: each, template: use, withItems: [1, 2], arguments: {artifacts: [{name: in, from: "{{steps.a.outputs.artifacts.out}}", subPath: "{{item}}"}]}}
    - {name: chosen, template: use, arguments: {artifacts: [{name: in, fromExpression: "workflow.parameters.who == 'me' ? steps.a.outputs.artifacts.out : inputs.artifacts.given"}]}}
    - {name: outer, template: use, arguments: {artifacts: [{name: in, from: "{{inputs.artifacts.given}}"}]}}
    - {name: global, template: use, arguments: {artifacts: [{name: in, from: "{{workflow.outputs.artifacts.shared}}"}]}}
    - {name: literal, template: use, arguments: {artifacts: [{name: in, s3: {key: "k/{{workflow.name}}"}}]}}
  - - {name: nested, template: wrap, arguments: {artifacts: [{name: in, from: "{{steps.a.outputs.artifacts.plain}}", subPath: sub}]}}
  outputs: {artifacts: [{name: result, from: "{{steps.a.outputs.artifacts.out}}"}, {name: part, from: "{{steps.a.outputs.artifacts.plain}}", subPath: p}]}
- name: wrap
  inputs: {artifacts: [{name: in}]}
  dag:
    tasks: [{name: t, template: use, arguments: {artifacts: [{name: in, from: "{{inputs.artifacts.in}}", subPath: deeper}]}}]
- name: last
  steps: [[{name: l, template: use, arguments: {artifacts: [{name: in, from: "{{workflow.outputs.artifacts.shared}}"}]}}]]
`+strings.TrimPrefix(artifactLeaves, "\n"), nil, withRepository("f/{{workflow.parameters.who}}/{{workflow.creationTimestamp.Y}}"))
	prefix := "f/me/" + d.Workflow.CreationTimestamp.UTC().Format("2006")
	for node, want := range map[string]string{
		"wf":              "given=hello me",
		"wf[1].from":      "in=" + prefix + "/out.tgz@/i",
		"wf[1].part":      "in=" + prefix + "/p/x/me@/i:none",
		"wf[1].each(0:1)": "in=" + prefix + "/out.tgz/1@/i",
		"wf[1].each(1:2)": "in=" + prefix + "/out.tgz/2@/i",
		"wf[1].chosen":    "in=" + prefix + "/out.tgz@/i",
		"wf[1].outer":     "in=hello me@/i",
		"wf[1].global":    "in=" + prefix + "/out.tgz@/i",
		"wf[1].literal":   "in=k/wf@/i",
		"wf[2].nested":    "in=" + prefix + "/p/sub:none",
		"wf[2].nested.t":  "in=" + prefix + "/p/sub/deeper@/i:none",
		"wf.onExit[0].l":  "in=" + prefix + "/out.tgz@/i",
	} {
		if got := inputArtifacts(d, node); got != want {
			t.Errorf("%s: inputs %q, want %q", node, got, want)
		}
	}
	if got := artifactsOf(d.Workflow.Status.Outputs.Artifacts); got != "shared="+prefix+"/out.tgz@/o" {
		t.Errorf("global outputs %q", got)
	}
	for _, n := range d.Nodes {
		if n.Name == "wf" && artifactsOf(n.Outputs.Artifacts) != "result="+prefix+"/out.tgz@/o part="+prefix+"/p/p@/p:none" {
			t.Errorf("outputs of the steps: %q", artifactsOf(n.Outputs.Artifacts))
		}
	}
	if d.Workflow.Status.Phase != v1alpha1.WorkflowSucceeded {
		t.Error(d.Workflow.Status.Phase, d.Workflow.Status.Message)
	}
}

// PRM-20: what a skipped step, or one that left it out, does not give is not loaded where it is optional, and an error where
// it is needed.
func TestAbsentArtifacts_PRM20_ART01(t *testing.T) {
	for name, c := range map[string]struct{ template, phase string }{
		"optional": {"may", "Succeeded"},
		"needed":   {"use", "Error"},
	} {
		for producer, when := range map[string]string{"skipped": "1 == 2", "left out": "1 == 1"} {
			d := runCase(t, fmt.Sprintf(`
entrypoint: main
templates:
- name: main
  steps:
  - - {name: a, template: gen, when: "%s"}
  - - {name: b, template: %s, arguments: {artifacts: [{name: in, from: "{{steps.a.outputs.artifacts.plain}}"}]}}
`, when, c.template)+strings.TrimPrefix(artifactLeaves, "\n"), map[string]Outcome{"wf[0].a": {Lacks: []string{"plain"}}})
			if got := string(d.Workflow.Status.Phase); got != c.phase {
				t.Errorf("%s, producer %s: %s %s, want %s", name, producer, got, d.Workflow.Status.Message, c.phase)
			}
			if got := inputArtifacts(d, "wf[1].b"); got != "" {
				t.Errorf("%s, producer %s: inputs %q", name, producer, got)
			}
		}
	}
}

// ART-05: an expression chooses among steps of which one did not run.
func TestConditionalArtifacts_ART05(t *testing.T) {
	d := runCase(t, `
entrypoint: main
templates:
- name: main
  steps:
  - - {name: heads, template: gen, when: "1 == 1"}
    - {name: tails, template: gen, when: "1 == 2"}
  outputs:
    artifacts:
    - {name: r, fromExpression: "steps['heads'].status == 'Succeeded' ? steps.heads.outputs.artifacts.out : steps.tails.outputs.artifacts.out"}
`+strings.TrimPrefix(artifactLeaves, "\n"), nil, withRepository(""))
	if out := d.Nodes["wf"].Outputs; out == nil || !strings.HasPrefix(artifactsOf(out.Artifacts), "r=wf/wf-gen-") {
		t.Errorf("%+v", out)
	}
}

// ART-01, ART-08, VAR-26: a location that a template gives itself has the values of the node put in.
func TestOwnLocations_VAR26(t *testing.T) {
	d := runCase(t, `
entrypoint: main
templates:
- name: main
  steps: [[{name: a, template: own, withItems: [x, z], arguments: {parameters: [{name: p, value: "{{item}}"}]}}]]
- name: own
  inputs:
    parameters: [{name: p}]
    artifacts: [{name: in, path: /i, s3: {key: "{{workflow.name}}/{{inputs.parameters.p}}"}}, {name: raw, path: /r, raw: {data: "{{inputs.parameters.p}}!"}}]
  container: {image: i}
`, nil)
	if got := inputArtifacts(d, "wf[0].a(1:z)"); got != "in=wf/z@/i raw=z!@/r" {
		t.Errorf("inputs %q", got)
	}
}

// ART-13: the repository forces archived logs; otherwise the template's word counts before the workflow's.
func TestArchiveLogs_ART13(t *testing.T) {
	for _, c := range []struct {
		workflow, template, repository string
		want                           bool
	}{
		{"", "", "", false}, {"true", "", "", true}, {"true", "false", "", false}, {"false", "true", "", true}, {"", "false", "true", true}, {"true", "", "false", true},
	} {
		spec := "entrypoint: main\n"
		if c.workflow != "" {
			spec += "archiveLogs: " + c.workflow + "\n"
		}
		location := "{}"
		if c.template != "" {
			location = "{archiveLogs: " + c.template + "}"
		}
		spec += "templates: [{name: main, container: {image: i}, archiveLocation: " + location + "}]"
		var asked engine.PodRequest
		runCase(t, spec, nil, withRepository(""), func(d *Driver) {
			key := engine.TemplateRequest{Kind: engine.RequestArtifactRepository}
			if c.repository != "" {
				logs := c.repository == "true"
				d.Templates[key].Repository.ArtifactRepository.ArchiveLogs = &logs
			}
			d.Check = func(_ *Driver, decision engine.Decision) {
				for _, request := range decision.Create {
					asked = request
				}
			}
		})
		if asked.ArchiveLogs != c.want || c.want && asked.ArtifactPrefix != "wf/wf" {
			t.Errorf("%+v: %v, prefix %q", c, asked.ArchiveLogs, asked.ArtifactPrefix)
		}
	}
}

// RTY-01, ART-09: a retried step passes on what its last attempt left, under that attempt's own key.
func TestArtifactsOfAttempts_RTY01_ART09(t *testing.T) {
	d := runCase(t, `
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {name: a, template: again}
    - {name: b, template: use, depends: a, arguments: {artifacts: [{name: in, from: "{{tasks.a.outputs.artifacts.out}}"}]}}
- name: again
  retryStrategy: {limit: "2"}
  container: {image: i}
  outputs: {artifacts: [{name: out, path: /o}]}
`+strings.TrimPrefix(artifactLeaves, "\n"), map[string]Outcome{"wf.a(0)": {ExitCode: 1}}, withRepository(""))
	want := ""
	for _, n := range d.Nodes {
		if n.Name == "wf.a(1)" {
			want = "in=wf/" + node.PodName("v2", "wf", n.Name, "again") + "/out.tgz@/i"
		}
	}
	if got := inputArtifacts(d, "wf.b"); got != want {
		t.Errorf("inputs %q, want %q", got, want)
	}
}

// V-043: an artifact that is passed on and that nobody left ends the step that needs it, and not the one that can do without.
func TestArtifactWithoutPlace_V043(t *testing.T) {
	const spec = `
entrypoint: main
templates:
- name: main
  steps:
  - [{name: a, template: leave}]
  - [{name: b, template: NEED, arguments: {artifacts: [{name: in, from: "{{steps.a.outputs.artifacts.out}}", optional: true}]}}]
- {name: leave, container: {image: i}, outputs: {artifacts: [{name: out, path: /out, optional: true}]}}
- {name: need, inputs: {artifacts: [{name: in, path: /in}]}, container: {image: i}}
- {name: can-do-without, inputs: {artifacts: [{name: in, path: /in, optional: true}]}, container: {image: i}}
`
	for name, tc := range map[string]struct{ phase, message string }{
		"need":           {"Error", "inputs.artifacts.in was not supplied"},
		"can-do-without": {"Succeeded", ""},
	} {
		t.Run("V-043 "+name, func(t *testing.T) {
			d := runCase(t, strings.ReplaceAll(spec, "NEED", name), map[string]Outcome{"wf[0].a": {Lacks: []string{"out"}}}, withRepository(""))
			if st := d.Workflow.Status; string(st.Phase) != tc.phase || !strings.Contains(st.Message, tc.message) {
				t.Errorf("%s %s", st.Phase, st.Message)
			}
		})
	}
}
