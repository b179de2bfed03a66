package enginetest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/location"
	"fairlead.dev/fairlead/pkg/engine"
)

const reportedS3 = `{s3: {endpoint: "minio:9000", bucket: store, insecure: true, region: r, accessKeySecret: {name: cred, key: a}, secretKeySecret: {name: cred, key: s}}}`

var reportedRepositories = map[string]string{
	"s3":          reportedS3,
	"gcs":         `{gcs: {bucket: b, serviceAccountKeySecret: {name: c, key: k}}}`,
	"oss":         `{oss: {endpoint: e, bucket: b, accessKeySecret: {name: c, key: k}, secretKeySecret: {name: c, key: s}}}`,
	"azure":       `{azure: {endpoint: "https://a", container: c, accountKeySecret: {name: c, key: k}}}`,
	"hdfs":        `{hdfs: {addresses: ["n:8020"], hdfsUser: root, force: true}}`,
	"plugin":      `{plugin: {name: p, configuration: conf}}`,
	"artifactory": `{artifactory: {repoURL: "http://host/repo", usernameSecret: {name: c, key: u}}}`,
}

// begun starts a workflow of one step and gives its pod request.
func begun(t *testing.T, leaf, repository string) (*engine.Run, engine.PodRequest, *wfv1.ArtifactRepository) {
	t.Helper()
	wf := parse(t, "{metadata: {name: wf, namespace: ns}, spec: {entrypoint: main, templates: [{name: main, "+leaf+"}]}}")
	var found *wfv1.ArtifactRepository
	if repository != "" {
		found = &wfv1.ArtifactRepository{}
		if err := yaml.UnmarshalStrict([]byte(repository), found); err != nil {
			t.Fatal(err)
		}
	}
	wf.Status.ArtifactRepositoryRef = &wfv1.ArtifactRepositoryRefStatus{ArtifactRepository: found}
	run, err := engine.NewRun(wf, nil, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := run.Apply(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	if len(d.Create) != 1 {
		t.Fatalf("no pod: %+v", d)
	}
	return run, d.Create[0], found
}

// honest is what the helper of a pod reports when everything was stored.
func honest(t *testing.T, p engine.PodRequest, repository *wfv1.ArtifactRepository, containers ...string) *wfv1.Outputs {
	t.Helper()
	archive, err := location.ArchiveOf(p.Template.ArchiveLocation, repository, p.ArtifactPrefix)
	if err != nil {
		t.Fatal(err)
	}
	out := &wfv1.Outputs{}
	add := func(a *wfv1.Artifact, name string) {
		_, reported, err := archive.Place(a, name)
		if err != nil {
			t.Fatal(err)
		}
		out.Artifacts = append(out.Artifacts, *reported)
	}
	for i := range p.Template.Outputs.Artifacts {
		add(&p.Template.Outputs.Artifacts[i], location.FileName(&p.Template.Outputs.Artifacts[i]))
	}
	if p.ArchiveLogs {
		for _, c := range containers {
			add(&wfv1.Artifact{Name: location.LogName(c)}, location.LogFileName(c))
		}
	}
	value := wfv1.AnyString("v")
	for _, declared := range p.Template.Outputs.Parameters {
		declared.Value = &value
		out.Parameters = append(out.Parameters, declared)
	}
	result := "r"
	out.Result = &result
	again := &wfv1.Outputs{} // as it comes over the wire
	text, err := json.Marshal(out)
	if err == nil {
		err = json.Unmarshal(text, again)
	}
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func told(t *testing.T, run *engine.Run, said *wfv1.Outputs) (wfv1.NodeStatus, engine.Decision) {
	t.Helper()
	d := run.Apply(time.Date(2026, 1, 2, 12, 0, 1, 0, time.UTC), engine.ResultReported{NodeID: "wf", Final: true, Result: wfv1.NodeResult{Outputs: said}})
	if len(d.Nodes) != 1 {
		t.Fatalf("%+v", d)
	}
	return d.Nodes[0], d
}

func asYAML(t *testing.T, v any) string {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const reportedOutputs = `outputs: {parameters: [{name: p, globalName: gp, valueFrom: {path: /p}}], artifacts: [{name: x, path: /x, globalName: gx}, ` +
	`{name: n, path: /d/n.txt, optional: true, archive: {none: {}}}, {name: z, path: /z, archive: {zip: {}}, artifactGC: {strategy: Never}}, ` +
	`{name: full, path: /f, s3: {endpoint: other, bucket: b, key: f.tgz, accessKeySecret: {name: mine, key: a}}}, {name: web, path: /w, http: {url: "http://host/w"}}]}`

// EXE-02, ART-08, ART-09, ART-10, ART-13: what the helper reports is taken over as it is, whatever the store.
func TestHonestReports_EXE02_ART08(t *testing.T) {
	leaves := map[string]struct {
		leaf       string
		containers []string
	}{
		"repository":                           {`container: {image: i}, ` + reportedOutputs, nil},
		"keys of one's own":                    {`container: {image: i}, outputs: {artifacts: [{name: k, path: /k, s3: {key: "{{workflow.name}}/k"}}]}`, nil},
		"a store of another kind, no key":      {`container: {image: i}, outputs: {artifacts: [{name: k, path: /k, plugin: {name: other, configuration: c}}, {name: g, path: /g, gcs: {bucket: mine}}]}`, nil},
		"another bucket of the store":          {`container: {image: i}, outputs: {artifacts: [{name: k, path: /k, s3: {bucket: b2, key: k}}]}`, nil},
		"logs":                                 {`container: {image: i}, archiveLocation: {archiveLogs: true}, ` + reportedOutputs, []string{"main"}},
		"logs of a set":                        {`containerSet: {containers: [{name: a, image: i}, {name: main, image: i}]}, archiveLocation: {archiveLogs: true}, ` + reportedOutputs, []string{"a", "main"}},
		"archiveLocation with a key":           {`script: {image: i, source: s}, archiveLocation: {s3: {key: "mine/{{pod.name}}"}}, ` + reportedOutputs, nil},
		"archiveLocation with a bucket":        {`container: {image: i}, archiveLocation: {archiveLogs: true, s3: {bucket: mine}}, ` + reportedOutputs, []string{"main"}},
		"archiveLocation in a store":           {`container: {image: i}, archiveLocation: {archiveLogs: true, s3: {endpoint: e2, bucket: mine, key: k, useSDKCreds: true}}, ` + reportedOutputs, []string{"main"}},
		"archiveLocation with its own account": {`container: {image: i}, archiveLocation: {s3: {bucket: mine, accessKeySecret: {name: own, key: a}, secretKeySecret: {name: own, key: s}}}, ` + reportedOutputs, nil},
		"archiveLocation, Artifactory":         {`container: {image: i}, archiveLocation: {artifactory: {url: "http://host/mine", passwordSecret: {name: c, key: p}}}, ` + reportedOutputs, nil},
		"archiveLocation, GCS":                 {`container: {image: i}, archiveLocation: {gcs: {bucket: mine, key: k/}}, ` + reportedOutputs, nil},
		"archiveLocation, HDFS":                {`container: {image: i}, archiveLocation: {hdfs: {addresses: ["m:1"], path: /k, hdfsUser: u}}, ` + reportedOutputs, nil},
		"archiveLocation, Azure":               {`container: {image: i}, archiveLocation: {azure: {endpoint: "https://a", container: mine, blob: k}}, ` + reportedOutputs, nil},
		"archiveLocation, OSS":                 {`container: {image: i}, archiveLocation: {oss: {endpoint: e, bucket: mine, key: k}}, ` + reportedOutputs, nil},
		"data":                                 {`data: {source: {artifactPaths: {name: l, s3: {key: k}}}, transformation: [{expression: "data"}]}, outputs: {parameters: []}`, nil},
		"resource":                             {`resource: {action: get, manifest: "{}"}, outputs: {parameters: [{name: p, valueFrom: {jsonPath: "{.a}"}}]}`, nil},
	}
	for name, c := range leaves {
		for kind, repository := range reportedRepositories {
			t.Run(name+" in "+kind, func(t *testing.T) {
				run, p, found := begun(t, c.leaf, repository)
				said := honest(t, p, found, c.containers...)
				n, d := told(t, run, said)
				if got, want := asYAML(t, n.Outputs), asYAML(t, said); got != want || n.Message != "" || len(d.Events) > 0 {
					t.Errorf("%s %q\ntaken over:\n%sreported:\n%s", n.Message, d.Events, got, want)
				}
			})
		}
	}
}

// A step's code has the pod's token: what it reports does not name Secrets, stores, keys or accounts for others to use.
func TestForgedReports_EXE02(t *testing.T) {
	const leaf = `container: {image: i}, archiveLocation: {archiveLogs: true}, ` + reportedOutputs
	forged := map[string]string{ // artifacts in place of those of the same name, or further ones
		"a foreign store":           `{name: x, path: /x, s3: {endpoint: evil, bucket: b, key: wf/wf/x.tgz, accessKeySecret: {name: any, key: k}}}`,
		"a Secret for a key":        `{name: x, path: /x, s3: {key: wf/wf/x.tgz, secretKeySecret: {name: any, key: k}}}`,
		"another's key":             `{name: x, path: /x, s3: {key: other/wf/x.tgz}}`,
		"a way out":                 `{name: x, path: /x, s3: {key: wf/wf/../../other/x.tgz}}`,
		"another's bucket":          `{name: x, path: /x, s3: {bucket: theirs, key: wf/wf/x.tgz}}`,
		"another kind":              `{name: x, path: /x, git: {repo: "ssh://evil", sshPrivateKeySecret: {name: any, key: k}}}`,
		"two kinds":                 `{name: x, path: /x, s3: {key: wf/wf/x.tgz}, http: {url: "http://169.254.169.254/"}}`,
		"no place":                  `{name: x, path: /x}`,
		"a declared store's Secret": `{name: full, path: /f, s3: {endpoint: other, bucket: b, key: f.tgz, accessKeySecret: {name: any, key: a}}}`,
		"a declared store's key":    `{name: full, path: /f, s3: {endpoint: other, bucket: b, key: g.tgz, accessKeySecret: {name: mine, key: a}}}`,
		"a declared address":        `{name: web, path: /w, http: {url: "http://169.254.169.254/w"}}`,
		"a header":                  `{name: web, path: /w, http: {url: "http://host/w", auth: {basicAuth: {passwordSecret: {name: any, key: k}}}}}`,
		"not declared":              `{name: more, path: /x, s3: {key: wf/wf/more.tgz}}`,
		"a log elsewhere":           `{name: main-logs, s3: {key: other/main.log}}`,
		"the log of no container":   `{name: wait-logs, s3: {key: wf/wf/wait.log}}`,
	}
	for name, text := range forged {
		t.Run(name, func(t *testing.T) {
			run, p, found := begun(t, leaf, reportedS3)
			said := honest(t, p, found, "main")
			a := wfv1.Artifact{}
			if err := yaml.UnmarshalStrict([]byte(text), &a); err != nil {
				t.Fatal(err)
			}
			all := len(said.Artifacts)
			if place := said.Artifacts.GetArtifactByName(a.Name); place != nil {
				*place = a
				all--
			} else {
				said.Artifacts = append(said.Artifacts, a)
			}
			n, d := told(t, run, said)
			if n.Outputs.Artifacts.GetArtifactByName(a.Name) != nil || len(n.Outputs.Artifacts) != all || len(d.Events) != 1 ||
				!strings.Contains(n.Message, "artifact '"+a.Name+"'") {
				t.Errorf("%q %+v\n%s", n.Message, d.Events, asYAML(t, n.Outputs))
			}
		})
	}

	t.Run("what is declared stays so", func(t *testing.T) {
		run, p, found := begun(t, leaf, reportedS3)
		want := honest(t, p, found, "main")
		said := want.DeepCopy()
		for i := range said.Artifacts {
			a := &said.Artifacts[i]
			a.ArtifactGC = &wfv1.ArtifactGC{Strategy: "OnWorkflowCompletion", ServiceAccountName: "admin"}
			a.GlobalName, a.Optional, a.Deleted, a.Archive = "theirs", true, true, &wfv1.ArchiveStrategy{None: &wfv1.NoneStrategy{}}
		}
		said.Parameters[0].GlobalName = "theirs"
		n, d := told(t, run, said)
		if got := asYAML(t, n.Outputs); got != asYAML(t, want) {
			t.Errorf("taken over:\n%s", got)
		}
		if d.Status == nil || len(d.Status.Outputs.Artifacts) != 1 || d.Status.Outputs.Artifacts[0].Name != "gx" || d.Status.Outputs.Parameters[0].Name != "gp" {
			t.Errorf("of the workflow: %+v", d.Status)
		}
	})
	t.Run("a parameter that is not declared", func(t *testing.T) {
		run, p, found := begun(t, leaf, reportedS3)
		said := honest(t, p, found)
		said.Parameters = append(said.Parameters, wfv1.Parameter{Name: "q", Value: said.Parameters[0].Value, GlobalName: "gq"})
		if n, d := told(t, run, said); len(n.Outputs.Parameters) != 1 || !strings.Contains(n.Message, "parameter 'q'") || len(d.Status.Outputs.Parameters) != 1 {
			t.Errorf("%+v", n)
		}
	})
	t.Run("logs that are not stored", func(t *testing.T) {
		run, p, found := begun(t, `container: {image: i}, `+reportedOutputs, reportedS3)
		said := honest(t, p, found)
		said.Artifacts = append(said.Artifacts, wfv1.Artifact{Name: "main-logs", ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: "wf/wf/main.log"}}})
		if n, _ := told(t, run, said); n.Outputs.Artifacts.GetArtifactByName("main-logs") != nil {
			t.Errorf("%+v", n.Outputs.Artifacts)
		}
	})
}

// After a restart a report may come before what the step declares is known again; it waits for that.
func TestReportsBeforeTheirTemplate_EXE02(t *testing.T) {
	wf := parse(t, `{metadata: {name: wf, namespace: ns}, spec: {entrypoint: main, arguments: {parameters: [{name: a, valueFrom: {configMapKeyRef: {name: c, key: k}}}]},
  templates: [{name: main, container: {image: i}, `+reportedOutputs+`}]}}`)
	repository := &wfv1.ArtifactRepository{}
	if err := yaml.UnmarshalStrict([]byte(reportedS3), repository); err != nil {
		t.Fatal(err)
	}
	wf.Status.ArtifactRepositoryRef = &wfv1.ArtifactRepositoryRefStatus{ArtifactRepository: repository}
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	begin := func(nodes []wfv1.NodeStatus, events ...engine.Event) (*engine.Run, engine.Decision) {
		run, err := engine.NewRun(wf, nodes, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return run, run.Apply(now, events...)
	}
	value := "v"
	answer := func(d engine.Decision) engine.Event {
		if len(d.Resolve) != 1 {
			t.Fatalf("nothing is asked: %+v", d)
		}
		return engine.TemplateResolved{Request: d.Resolve[0], Value: &value}
	}
	run, d := begin(nil)
	d = run.Apply(now, answer(d))
	if len(d.Create) != 1 {
		t.Fatalf("%+v", d)
	}
	said := honest(t, d.Create[0], repository)
	run, d = begin(d.Nodes, engine.ResultReported{NodeID: "wf", Final: true, Result: wfv1.NodeResult{Outputs: said}})
	d = run.Apply(now, answer(d))
	if len(d.Nodes) != 1 || asYAML(t, d.Nodes[0].Outputs) != asYAML(t, said) {
		t.Errorf("%+v", d.Nodes)
	}
}
