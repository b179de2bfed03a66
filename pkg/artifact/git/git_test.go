package git_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	_ "fairlead.dev/fairlead/pkg/artifact/git"
)

// load clones and returns the directory.
func load(t testing.TB, location wfv1.GitArtifact, resources artifacttest.Resources) (string, error) {
	t.Helper()
	a := &wfv1.Artifact{Name: "source", ArtifactLocation: wfv1.ArtifactLocation{Git: &location}}
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, resources)
	if err != nil {
		return "", err
	}
	path := filepath.Join(t.TempDir(), "src")
	return path, driver.Load(context.Background(), a, path)
}

func content(t testing.TB, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(text)
}

// DRV-02: what is checked out, over every kind of server.
func TestRevisions(t *testing.T) {
	r := newRepositories(t)
	secure := r.overSSH(t)
	known := filepath.Join(t.TempDir(), "known_hosts")
	must(t, os.WriteFile(known, []byte(secure.knownHosts), 0o600))
	t.Setenv("SSH_KNOWN_HOSTS", known)
	resources := artifacttest.Resources{"git/user": "ci", "git/password": "token", "git/key": secure.clientKey}
	web := r.overHTTP(t, "ci", "token")

	for name, location := range map[string]wfv1.GitArtifact{
		"http": {Repo: web.URL + "/project.git"},
		"http with a login": {
			Repo: web.URL + "/private/project.git", UsernameSecret: artifacttest.Select("git", "user"), PasswordSecret: artifacttest.Select("git", "password"),
		},
		"git": {Repo: r.overGit(t) + "/project.git"},
		"ssh": {Repo: "ssh://git@" + secure.address + "/project.git", SSHPrivateKeySecret: artifacttest.Select("git", "key")},
	} {
		for revision, want := range map[string]string{
			"": "main 5", "main": "main 5", "side/branch": "side", "light": "main 2", "v1.0": "main 2", r.commits[0]: "main 1", r.commits[2][:8]: "main 3",
			"refs/heads/side/branch": "side", "origin/side/branch": "side", "main~1": "main 4",
		} {
			t.Run(name+"/"+revision, func(t *testing.T) {
				location := location
				location.Revision = revision
				path, err := load(t, location, resources)
				must(t, err)
				if got := content(t, path, "file"); got != want {
					t.Errorf("checked out %q, want %q", got, want)
				}
				if status := run(t, path, "status", "--porcelain"); status != "" {
					t.Errorf("the work tree is not clean: %s", status)
				}
				if want == "main 5" {
					if got := content(t, path, "lib/outer/outer.txt") + content(t, path, "lib/outer/inner/inner.txt"); got != "outerinner" {
						t.Errorf("submodules: %s", got)
					}
				}
			})
		}
	}
}

// DRV-02: the fields that change what is fetched.
func TestOptions(t *testing.T) {
	r := newRepositories(t)
	url := r.overHTTP(t, "ci", "token").URL
	repo := url + "/project.git"
	for name, test := range map[string]struct {
		location wfv1.GitArtifact
		check    func(t *testing.T, path string)
	}{
		"depth": {wfv1.GitArtifact{Repo: repo, Depth: ptr.To[int64](2)}, func(t *testing.T, path string) {
			if count := run(t, path, "rev-list", "--count", "HEAD"); count != "2" {
				t.Errorf("%s commits", count)
			}
		}},
		"a branch with depth": {wfv1.GitArtifact{Repo: repo, Depth: ptr.To[int64](1), Revision: "side/branch"}, func(t *testing.T, path string) {
			if got := content(t, path, "file"); got != "side" {
				t.Error(got)
			}
		}},
		"single branch": {wfv1.GitArtifact{Repo: repo, SingleBranch: true, Branch: "side/branch"}, func(t *testing.T, path string) {
			if branches := run(t, path, "branch", "-a"); content(t, path, "file") != "side" || strings.Contains(branches, "origin/main") {
				t.Errorf("branches: %s", branches)
			}
		}},
		"a commit of a single branch": {wfv1.GitArtifact{Repo: repo, SingleBranch: true, Branch: "side/branch", Revision: r.commits[0]}, func(t *testing.T, path string) {
			if got := content(t, path, "file"); got != "main 1" {
				t.Error(got)
			}
		}},
		"refspec": {wfv1.GitArtifact{Repo: repo, Fetch: []string{"refs/pull/7/head:refs/pull/7/head"}, Revision: r.pull}, func(t *testing.T, path string) {
			if got := content(t, path, "file"); got != "pull request" {
				t.Error(got)
			}
		}},
		"refspec by name": {wfv1.GitArtifact{Repo: repo, Fetch: []string{"refs/pull/*:refs/remotes/origin/pull/*"}, Revision: "origin/pull/7/head"}, func(t *testing.T, path string) {
			if got := content(t, path, "file"); got != "pull request" {
				t.Error(got)
			}
		}},
		"no submodules": {wfv1.GitArtifact{Repo: repo, DisableSubmodules: true}, func(t *testing.T, path string) {
			if _, err := os.Stat(filepath.Join(path, "lib/outer/outer.txt")); err == nil {
				t.Error("the submodule is there")
			}
		}},
		"submodules of a private repository": {wfv1.GitArtifact{
			Repo: url + "/private/project.git", Revision: "main", UsernameSecret: artifacttest.Select("git", "user"), PasswordSecret: artifacttest.Select("git", "password"),
		}, func(t *testing.T, path string) {
			if got := content(t, path, "lib/outer/inner/inner.txt"); got != "inner" {
				t.Error(got)
			}
		}},
		"empty": {wfv1.GitArtifact{Repo: url + "/empty.git"}, func(t *testing.T, path string) {
			if _, err := os.Stat(filepath.Join(path, ".git")); err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := load(t, test.location, artifacttest.Resources{"git/user": "ci", "git/password": "token\n"})
			must(t, err)
			test.check(t, path)
		})
	}
}

// Errors tell what to do, name the repository, show no secret, and are tried again only if that helps.
func TestErrors(t *testing.T) {
	r := newRepositories(t)
	url := r.overHTTP(t, "ci", "token").URL
	secure := r.overSSH(t)
	dir := t.TempDir()
	known, wrong := filepath.Join(dir, "known"), filepath.Join(dir, "wrong")
	must(t, os.WriteFile(known, []byte(secure.knownHosts), 0o600))
	other, _ := newKey(t)
	host, _, _ := strings.Cut(secure.knownHosts, " ")
	must(t, os.WriteFile(wrong, []byte(host+" ssh-ed25519 "+base64.StdEncoding.EncodeToString(other.PublicKey().Marshal())+"\n"), 0o600))
	resources := artifacttest.Resources{"git/user": "ci", "git/password": "top-secret", "git/key": secure.clientKey, "git/other": secure.otherKey, "git/junk": "junk"}
	overSSH := wfv1.GitArtifact{Repo: "ssh://git@" + secure.address + "/project.git", SSHPrivateKeySecret: artifacttest.Select("git", "key")}
	with := func(change func(*wfv1.GitArtifact)) wfv1.GitArtifact {
		location := overSSH
		change(&location)
		return location
	}
	for name, test := range map[string]struct {
		location   wfv1.GitArtifact
		knownHosts string
		want       string
		transient  bool
		notFound   bool
	}{
		"no such repository":    {location: wfv1.GitArtifact{Repo: url + "/nothing.git"}, want: "not found", notFound: true},
		"no login":              {location: wfv1.GitArtifact{Repo: url + "/private/project.git"}, want: "wants a login"},
		"wrong password":        {location: wfv1.GitArtifact{Repo: url + "/private/project.git", UsernameSecret: artifacttest.Select("git", "user"), PasswordSecret: artifacttest.Select("git", "password")}, want: "does not accept"},
		"no such revision":      {location: wfv1.GitArtifact{Repo: url + "/project.git", Revision: "v9"}, want: `revision "v9" is neither`},
		"beyond the depth":      {location: wfv1.GitArtifact{Repo: url + "/project.git", Depth: ptr.To[int64](1), Revision: r.commits[0][:8]}, want: "the 1 commits fetched"},
		"no such branch":        {location: wfv1.GitArtifact{Repo: url + "/project.git", SingleBranch: true, Branch: "nope"}, want: `branch "nope" does not exist`},
		"branch is missing":     {location: wfv1.GitArtifact{Repo: url + "/project.git", SingleBranch: true}, want: "needs git.branch"},
		"busy":                  {location: wfv1.GitArtifact{Repo: url + "/busy/project.git"}, want: "503", transient: true},
		"nobody listens":        {location: wfv1.GitArtifact{Repo: "http://127.0.0.1:1/project.git"}, want: "refused", transient: true},
		"unknown host key":      {location: overSSH, knownHosts: "/dev/null", want: "known_hosts"},
		"another host key":      {location: overSSH, knownHosts: wrong, want: "known_hosts"},
		"no known_hosts":        {location: overSSH, knownHosts: filepath.Join(dir, "none"), want: "there is no file"},
		"key not accepted":      {location: with(func(l *wfv1.GitArtifact) { l.SSHPrivateKeySecret = artifacttest.Select("git", "other") }), want: "does not accept the key"},
		"no key":                {location: with(func(l *wfv1.GitArtifact) { l.SSHPrivateKeySecret = nil }), want: "no credentials"},
		"not a key":             {location: with(func(l *wfv1.GitArtifact) { l.SSHPrivateKeySecret = artifacttest.Select("git", "junk") }), want: "no SSH private key"},
		"secret does not exist": {location: with(func(l *wfv1.GitArtifact) { l.SSHPrivateKeySecret = artifacttest.Select("git", "x") }), want: `no key "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			if test.knownHosts == "" {
				test.knownHosts = known
			}
			t.Setenv("SSH_KNOWN_HOSTS", test.knownHosts)
			path, err := load(t, test.location, resources)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "git "+test.location.Repo[:3]) {
				t.Fatalf("want an error with %q, got %v", test.want, err)
			}
			if artifact.Transient(err) != test.transient || errors.Is(err, artifact.ErrNotFound) != test.notFound {
				t.Errorf("transient=%t, not found=%t: %v", artifact.Transient(err), errors.Is(err, artifact.ErrNotFound), err)
			}
			if strings.Contains(err.Error(), "top-secret") {
				t.Errorf("a secret is shown: %v", err)
			}
			if entries, _ := os.ReadDir(path); path != "" && len(entries) != 0 {
				t.Errorf("half a clone stays: %v", entries)
			}
		})
	}
	t.Run("insecureIgnoreHostKey", func(t *testing.T) {
		t.Setenv("SSH_KNOWN_HOSTS", filepath.Join(dir, "none"))
		_, err := load(t, with(func(l *wfv1.GitArtifact) { l.InsecureIgnoreHostKey = true }), resources)
		must(t, err)
	})
}

// DRV-11: what Git cannot do.
func TestUnsupported(t *testing.T) {
	a := &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{Git: &wfv1.GitArtifact{Repo: "https://example.com/a.git"}}}
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, artifacttest.Resources{})
	must(t, err)
	err = driver.Delete(context.Background(), a)
	if !errors.Is(err, artifact.ErrNotSupported) || !strings.Contains(err.Error(), "delete not supported") {
		t.Error(err)
	}
	if err := driver.Save(context.Background(), a, "x"); !errors.Is(err, artifact.ErrNotSupported) {
		t.Error(err)
	}
}
