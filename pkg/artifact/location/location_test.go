package location

import (
	"errors"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func parse[T any](t *testing.T, text string) *T {
	t.Helper()
	if text == "" {
		return nil
	}
	v := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func print(t *testing.T, v any) string {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const (
	s3Repository = `{s3: {endpoint: "minio:9000", bucket: store, insecure: true, accessKeySecret: {name: cred, key: a}, secretKeySecret: {name: cred, key: s}}}`
	wholeS3      = `endpoint: "minio:9000", insecure: true, accessKeySecret: {name: cred, key: a}, secretKeySecret: {name: cred, key: s}`
)

// ART-08, ART-09, ART-10: where an output goes, and how that is recorded.
func TestTrap24_Place_ART08_ART09_ART10(t *testing.T) {
	cases := map[string]struct {
		artifact, template, repo, prefix string
		stored, reported                 string
		err                              string
	}{
		"ART-09 default key": {
			artifact: `{name: x, path: /tmp/file.txt}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /tmp/file.txt, s3: {` + wholeS3 + `, bucket: store, key: wf/pod/x.tgz}}`,
			reported: `{name: x, path: /tmp/file.txt, s3: {key: wf/pod/x.tgz}}`,
		},
		"ART-09 zip": {
			artifact: `{name: x, path: /tmp/file.txt, archive: {zip: {}}}`, repo: s3Repository, prefix: "wf/pod/",
			stored:   `{name: x, path: /tmp/file.txt, archive: {zip: {}}, s3: {` + wholeS3 + `, bucket: store, key: wf/pod/x.zip}}`,
			reported: `{name: x, path: /tmp/file.txt, archive: {zip: {}}, s3: {key: wf/pod/x.zip}}`,
		},
		"ART-09 not archived": {
			artifact: `{name: x, path: /tmp/dir/, archive: {none: {}}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /tmp/dir/, archive: {none: {}}, s3: {` + wholeS3 + `, bucket: store, key: wf/pod/dir}}`,
			reported: `{name: x, path: /tmp/dir/, archive: {none: {}}, s3: {key: wf/pod/dir}}`,
		},
		"ART-08 key only": {
			artifact: `{name: x, path: /x, s3: {key: a/b.tgz}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /x, s3: {` + wholeS3 + `, bucket: store, key: a/b.tgz}}`,
			reported: `{name: x, path: /x, s3: {key: a/b.tgz}}`,
		},
		"ART-08 key of another kind": {
			artifact: `{name: x, path: /x, gcs: {key: a/b.tgz}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /x, s3: {` + wholeS3 + `, bucket: store, key: a/b.tgz}}`,
			reported: `{name: x, path: /x, s3: {key: a/b.tgz}}`,
		},
		"ART-08, DRV-10 a store of another kind, without a key": {
			artifact: `{name: x, path: /x, plugin: {name: shelf, configuration: c}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /x, plugin: {name: shelf, configuration: c, key: wf/pod/x.tgz}}`,
			reported: `{name: x, path: /x, plugin: {name: shelf, configuration: c, key: wf/pod/x.tgz}}`,
		},
		"ART-08 a bucket of another kind, without a key": {
			artifact: `{name: x, path: /x, gcs: {bucket: mine}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /x, gcs: {bucket: mine, key: wf/pod/x.tgz}}`,
			reported: `{name: x, path: /x, gcs: {bucket: mine, key: wf/pod/x.tgz}}`,
		},
		"ART-08 bucket of its own": {
			artifact: `{name: x, path: /x, s3: {bucket: mine, key: a}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /x, s3: {` + wholeS3 + `, bucket: mine, key: a}}`,
			reported: `{name: x, path: /x, s3: {bucket: mine, key: a}}`,
		},
		"credentials stay with their store": {
			artifact: `{name: x, path: /x, s3: {endpoint: "other:9000", bucket: mine}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /x, s3: {endpoint: "other:9000", bucket: mine, key: wf/pod/x.tgz}}`,
			reported: `{name: x, path: /x, s3: {endpoint: "other:9000", bucket: mine, key: wf/pod/x.tgz}}`,
		},
		"whole location": {
			artifact: `{name: x, path: /x, http: {url: "http://host/x"}}`, repo: s3Repository, prefix: "wf/pod",
			stored: `{name: x, path: /x, http: {url: "http://host/x"}}`, reported: `{name: x, path: /x, http: {url: "http://host/x"}}`,
		},
		"ART-10 archiveLocation wins": {
			artifact: `{name: x, path: /x}`, template: `{archiveLogs: true, gcs: {bucket: b, key: mine/}}`, repo: s3Repository, prefix: "wf/pod",
			stored: `{name: x, path: /x, gcs: {bucket: b, key: mine/x.tgz}}`, reported: `{name: x, path: /x, gcs: {bucket: b, key: mine/x.tgz}}`,
		},
		"ART-10 archiveLocation with a key only": {
			artifact: `{name: x, path: /x}`, template: `{s3: {key: mine}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /x, s3: {` + wholeS3 + `, bucket: store, key: mine/x.tgz}}`,
			reported: `{name: x, path: /x, s3: {key: mine/x.tgz}}`,
		},
		"ART-10 archiveLocation without a key": {
			artifact: `{name: x, path: /x}`, template: `{s3: {bucket: mine}}`, repo: s3Repository, prefix: "wf/pod",
			stored:   `{name: x, path: /x, s3: {` + wholeS3 + `, bucket: mine, key: wf/pod/x.tgz}}`,
			reported: `{name: x, path: /x, s3: {` + wholeS3 + `, bucket: mine, key: wf/pod/x.tgz}}`,
		},
		"DRV-04 Artifactory": {
			artifact: `{name: x, path: /x}`, repo: `{artifactory: {repoURL: "http://host/repo", usernameSecret: {name: c, key: u}}}`, prefix: "wf/pod",
			stored:   `{name: x, path: /x, artifactory: {url: "http://host/repo/wf/pod/x.tgz", usernameSecret: {name: c, key: u}}}`,
			reported: `{name: x, path: /x, artifactory: {url: "http://host/repo/wf/pod/x.tgz", usernameSecret: {name: c, key: u}}}`,
		},
		"DRV-05 HDFS": {
			artifact: `{name: x, path: /x}`, repo: `{hdfs: {addresses: ["n:8020"], hdfsUser: root, force: true}}`, prefix: "/wf/pod",
			stored:   `{name: x, path: /x, hdfs: {addresses: ["n:8020"], hdfsUser: root, path: /wf/pod/x.tgz, force: true}}`,
			reported: `{name: x, path: /x, hdfs: {path: /wf/pod/x.tgz}}`,
		},
		"no repository":                 {artifact: `{name: x, path: /x}`, err: "artifact x: you need to configure artifact storage"},
		"no repository for a key":       {artifact: `{name: x, path: /x, s3: {key: k}}`, err: "artifact x: you need to configure artifact storage"},
		"archiveLocation stores no git": {artifact: `{name: x, path: /x}`, template: `{git: {repo: r}}`, err: "nothing can be stored in a git location"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			declared := parse[wfv1.Artifact](t, c.artifact)
			before := declared.DeepCopy()
			archive, err := ArchiveOf(parse[wfv1.ArtifactLocation](t, c.template), parse[wfv1.ArtifactRepository](t, c.repo), c.prefix)
			var stored, reported *wfv1.Artifact
			if err == nil {
				stored, reported, err = archive.Place(declared, FileName(declared))
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := print(t, stored), print(t, parse[wfv1.Artifact](t, c.stored)); got != want {
				t.Errorf("stored at\n%swant\n%s", got, want)
			}
			if got, want := print(t, reported), print(t, parse[wfv1.Artifact](t, c.reported)); got != want {
				t.Errorf("reported as\n%swant\n%s", got, want)
			}
			if print(t, declared) != print(t, before) {
				t.Error("the declaration was changed")
			}
		})
	}
}

// ART-08: whoever reads the recorded form later finds the artifact again.
func TestRelocateFindsWhatWasRecorded(t *testing.T) {
	for _, repo := range []string{
		s3Repository, `{gcs: {bucket: b, serviceAccountKeySecret: {name: c, key: k}}}`, `{oss: {endpoint: e, bucket: b, accessKeySecret: {name: c, key: k}}}`,
		`{azure: {endpoint: "https://a", container: c, useSDKCreds: true}}`, `{hdfs: {addresses: ["n:1"], hdfsUser: u}}`,
		`{artifactory: {repoURL: "http://host/repo", passwordSecret: {name: c, key: u}}}`, `{plugin: {name: p, configuration: "c"}}`,
	} {
		repository := parse[wfv1.ArtifactRepository](t, repo)
		archive, err := ArchiveOf(nil, repository, "wf/pod")
		if err != nil {
			t.Fatal(err)
		}
		stored, reported, err := archive.Place(&wfv1.Artifact{Name: "x"}, "x.tgz")
		if err != nil {
			t.Fatalf("%s: %v", repo, err)
		}
		if err := Relocate(reported, repository, ""); err != nil {
			t.Fatalf("%s: %v", repo, err)
		}
		if got, want := print(t, reported), print(t, stored); got != want {
			t.Errorf("%s: found at\n%sstored at\n%s", repo, got, want)
		}
	}
}

// ART-08: an input needs a key, and a store.
func TestRelocateErrors(t *testing.T) {
	repository := parse[wfv1.ArtifactRepository](t, s3Repository)
	if err := Relocate(&wfv1.Artifact{Name: "x"}, repository, ""); err == nil || !strings.Contains(err.Error(), "artifact x has neither a location nor a key") {
		t.Error(err)
	}
	a := parse[wfv1.Artifact](t, `{name: x, s3: {key: k}}`)
	if err := Relocate(a, nil, ""); !errors.Is(err, ErrNoRepository) {
		t.Error(err)
	}
}

// ART-04: the path is appended and never leads out.
func TestAppendSubPath(t *testing.T) {
	for _, c := range []struct{ location, sub, want string }{
		{`{s3: {key: a/b}}`, "c/d.txt", "a/b/c/d.txt"},
		{`{s3: {key: a/b/}}`, "c/", "a/b/c/"},
		{`{s3: {key: a/b}}`, "../../c", "a/b/c"},
		{`{s3: {key: a/b}}`, "", "a/b"},
		{`{http: {url: "http://host/a?x=1"}}`, "b", "/a/b"},
		{`{azure: {endpoint: e, container: c, blob: a}}`, "b", "a/b"},
	} {
		l := parse[wfv1.ArtifactLocation](t, c.location)
		if err := AppendSubPath(l, c.sub); err != nil {
			t.Errorf("%s: %v", c.location, err)
		}
		if key, ok := KeyOf(l); !ok || key != c.want {
			t.Errorf("%s + %s = %q, want %q", c.location, c.sub, key, c.want)
		}
	}
	if err := AppendSubPath(&wfv1.ArtifactLocation{Git: &wfv1.GitArtifact{Repo: "r"}}, "x"); err == nil {
		t.Error("a git artifact has no key")
	}
}

// ART-09: formats of each kind of repository.
func TestKeyFormat(t *testing.T) {
	for repo, want := range map[string]string{
		``:                                     "{{workflow.name}}/{{pod.name}}",
		`{s3: {bucket: b}}`:                    "{{workflow.name}}/{{pod.name}}",
		`{s3: {keyPrefix: old/}}`:              "old/{{workflow.name}}/{{pod.name}}",
		`{s3: {keyPrefix: old, keyFormat: a}}`: "a",
		`{gcs: {keyFormat: a}}`:                "a",
		`{oss: {keyFormat: a}}`:                "a",
		`{azure: {endpoint: e, container: c, blobNameFormat: a}}`:      "a",
		`{hdfs: {pathFormat: a}}`:                                      "a",
		`{artifactory: {keyFormat: a}}`:                                "a",
		`{plugin: {name: p, configuration: "", keyFormat: "{{x}}/a"}}`: "{{x}}/a",
	} {
		if got := KeyFormat(parse[wfv1.ArtifactRepository](t, repo)); got != want {
			t.Errorf("%s: %s, want %s", repo, got, want)
		}
	}
}

// ART-11: every Secret that a location names is found, each key once.
func TestReferencesOf(t *testing.T) {
	r := ReferencesOf(
		&parse[wfv1.Artifact](t, `{name: x, s3: {`+wholeS3+`, caSecret: {name: ca, key: c}, encryptionOptions: {serverSideCustomerKeySecret: {name: e, key: k}}, sessionTokenSecret: {name: cred, key: t}}}`).ArtifactLocation,
		&parse[wfv1.Artifact](t, `{name: y, s3: {`+wholeS3+`}}`).ArtifactLocation,
		&parse[wfv1.Artifact](t, `{name: g, git: {repo: r, sshPrivateKeySecret: {name: ssh, key: k}}}`).ArtifactLocation,
		&parse[wfv1.Artifact](t, `{name: h, http: {url: u, auth: {oauth2: {clientIDSecret: {name: o, key: id}}, basicAuth: {passwordSecret: {name: o, key: p}}}}}`).ArtifactLocation,
		&parse[wfv1.Artifact](t, `{name: f, hdfs: {path: p, krbKeytabSecret: {name: krb, key: tab}, krbConfigConfigMap: {name: conf, key: krb5}}}`).ArtifactLocation,
		nil,
	)
	want := `ConfigMaps:
  conf:
  - krb5
Secrets:
  ca:
  - c
  cred:
  - a
  - s
  - t
  e:
  - k
  krb:
  - tab
  o:
  - p
  - id
  ssh:
  - k
`
	if got := print(t, r); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
