package wait

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	k8swait "k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/executor/store"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/tree"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// shelf takes what is stored and keeps it by key. A key that begins with "no" is refused.
type shelf struct {
	artifact.Driver
	kept map[string]string
}

func (s shelf) SaveStream(_ context.Context, a *wfv1.Artifact, r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if strings.HasPrefix(a.S3.Key, "no") {
		return errors.New("access denied")
	}
	s.kept[a.S3.Key] = string(data)
	return nil
}

func (s shelf) Save(ctx context.Context, a *wfv1.Artifact, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.SaveStream(ctx, a, f)
}

func (s shelf) store() store.Store {
	return store.Store{
		Open:    func(context.Context, *wfv1.ArtifactLocation) (artifact.Driver, error) { return s, nil },
		Backoff: k8swait.Backoff{Steps: 1}, Clock: clock.RealClock{},
	}
}

// ART-02, ART-08, ART-13, ART-19: artifacts are saved whether or not main failed or was killed; all are tried.
func TestTrap24_SavedWhateverBecameOfMain_ART02_ART19(t *testing.T) {
	out := func(name, mount string, optional bool) task.Artifact {
		return task.Artifact{
			Name: name, Path: "/data/" + name, Mount: mount, Optional: optional,
			Stored:   json.RawMessage(`{"name":"` + name + `","path":"/data/` + name + `","archive":{"none":{}},"s3":{"endpoint":"e","bucket":"b","key":"` + name + `"}}`),
			Reported: json.RawMessage(`{"name":"` + name + `","s3":{"key":"` + name + `"}}`),
		}
	}
	log := task.Log{Container: "main", Stored: json.RawMessage(`{"name":"main-logs","s3":{"key":"main.log"}}`), Reported: json.RawMessage(`{"name":"main-logs"}`)}
	kept := func(exit int, found ...volume.Artifact) *volume.Outputs {
		return &volume.Outputs{ExitCode: exit, Artifacts: found}
	}
	for name, c := range map[string]struct {
		artifacts []task.Artifact
		logs      bool
		left      *volume.Outputs
		want      string // keys of what was stored
		problem   string
	}{
		"on the image":               {artifacts: []task.Artifact{out("a", "", false)}, left: kept(0, volume.Artifact{Kept: true}), want: "a"},
		"on a volume":                {artifacts: []task.Artifact{out("v", "/data", false)}, left: kept(0, volume.Artifact{}), want: "v"},
		"a mount of a single file":   {artifacts: []task.Artifact{out("v", "/data/v", false)}, left: kept(0, volume.Artifact{}), want: "v"},
		"main failed":                {artifacts: []task.Artifact{out("a", "", false), out("none", "", false)}, left: kept(1, volume.Artifact{Kept: true}, volume.Artifact{Missing: true}), want: "a"},
		"main was killed":            {artifacts: []task.Artifact{out("v", "/data", false), out("x", "/data", false), out("y", "", false)}, logs: true, want: "main.log v"},
		"missing":                    {artifacts: []task.Artifact{out("x", "", false)}, left: kept(0, volume.Artifact{Missing: true}), problem: "output artifact 'x': /data/x: there is no file or directory"},
		"missing on a volume":        {artifacts: []task.Artifact{out("x", "/data", false)}, left: kept(0, volume.Artifact{}), problem: "output artifact 'x': /data/x: there is no file or directory"},
		"optional":                   {artifacts: []task.Artifact{out("x", "", true), out("v", "/data", false)}, left: kept(0, volume.Artifact{Missing: true}, volume.Artifact{}), want: "v"},
		"unreadable":                 {artifacts: []task.Artifact{out("x", "", false)}, left: kept(0, volume.Artifact{Problem: "permission denied"}), problem: "/data/x: permission denied"},
		"all are tried":              {artifacts: []task.Artifact{out("no1", "", false), out("x", "", false), out("a", "", false)}, left: kept(0, volume.Artifact{Kept: true}, volume.Artifact{Missing: true}, volume.Artifact{Kept: true}), want: "a", problem: "output artifact 'no1': /data/no1: access denied; output artifact 'x'"},
		"a link out of the volume":   {artifacts: []task.Artifact{out("leak", "/data", false)}, left: kept(0, volume.Artifact{}), problem: "escapes"},
		"ART-13 log of a failed run": {logs: true, left: kept(1), want: "main.log"},
	} {
		t.Run(name, func(t *testing.T) {
			shared, mirror := t.TempDir(), t.TempDir()
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(os.MkdirAll(filepath.Join(mirror, "data"), 0o755))
			must(os.WriteFile(filepath.Join(mirror, "data", "v"), []byte("volume"), 0o644))
			must(os.WriteFile(filepath.Join(mirror, "secret"), []byte("secret"), 0o644))
			must(os.Symlink("../secret", filepath.Join(mirror, "data", "leak")))
			dir := volume.Of(shared, "main")
			must(dir.Create())
			lock, err := dir.Hold()
			must(err)
			lock.Close()
			if c.logs {
				must(os.WriteFile(dir.LogFile(), []byte("line\n"), 0o644))
			}
			work := &task.Task{Artifacts: c.artifacts}
			if c.logs {
				work.Logs = []task.Log{log}
			}
			if c.left != nil {
				must(dir.WriteOutputs(c.left))
				for i, a := range c.left.Artifacts {
					if a.Kept {
						f, err := dir.CreateArtifact(i)
						must(err)
						root, err := os.OpenRoot(filepath.Join(mirror, "data"))
						must(err)
						must(tree.WriteTar(f, tree.Files(root, "v"), "v"))
						f.Close()
					}
				}
			}
			s := shelf{kept: map[string]string{}}
			r := &recorder{}
			err = Main(t.Context(), work, Options{Shared: shared, Mirror: mirror, Reporter: r, Artifacts: s.store()})
			if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
				t.Errorf("error %v, want %q", err, c.problem)
			}
			var keys []string
			for key := range s.kept {
				keys = append(keys, key)
			}
			slices.Sort(keys)
			if got := strings.Join(keys, " "); got != c.want {
				t.Errorf("stored %q, want %q", got, c.want)
			}
			if r.got == nil || len(r.got.Outputs.Artifacts) != len(keys) {
				t.Errorf("reported %+v", r.got)
			}
			if _, err := os.Stat(dir.ArtifactFile(0)); err == nil {
				t.Error("what was kept for wait is still there")
			}
		})
	}
}
