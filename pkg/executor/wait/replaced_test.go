package wait

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	k8swait "k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/executor/store"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// Main can put anything in place of the files that it shares with wait. Wait must tell nobody its own files, must end, and
// must say what is wrong.
func TestReplacedSharedFiles(t *testing.T) {
	log := task.Log{Container: "main", Stored: json.RawMessage(`{"name":"main-logs","s3":{"key":"main.log"}}`), Reported: json.RawMessage(`{"name":"main-logs"}`)}
	kept := task.Artifact{Name: "a", Path: "/a", Stored: json.RawMessage(`{"name":"a","path":"/a","archive":{"none":{}},"s3":{"key":"a"}}`), Reported: json.RawMessage(`{"name":"a"}`)}
	files := map[string]string{
		"combined": "log of container main", "artifact-0.tar": "output artifact 'a'", "outputs.json": "what main left cannot be read",
		"result": "the result cannot be read", "lock": "the end of main cannot be seen", "../../progress": "",
	}
	kinds := map[string]func(name, secret string) error{
		"link":      func(name, secret string) error { return os.Symlink(secret, name) },
		"FIFO":      func(name, _ string) error { return syscall.Mkfifo(name, 0o666) },
		"directory": func(name, _ string) error { return os.Mkdir(name, 0o777) },
	}
	for file, problem := range files {
		for kind, put := range kinds {
			t.Run(filepath.Base(file)+"/"+kind, func(t *testing.T) {
				must := func(err error) {
					t.Helper()
					if err != nil {
						t.Fatal(err)
					}
				}
				shared, secret := t.TempDir(), filepath.Join(t.TempDir(), "secretkey")
				must(os.WriteFile(secret, []byte("7/9\n{\"files\":[{\"content\":\"hunter2\"}]}"), 0o644))
				dir := volume.Of(shared, "main")
				must(dir.Create())
				lock, err := dir.Hold()
				must(err)
				lock.Close()
				must(os.WriteFile(dir.LogFile(), []byte("line\n"), 0o644))
				must(dir.WriteOutputs(&volume.Outputs{Artifacts: []volume.Artifact{{Kept: true}}}))
				must(os.WriteFile(dir.ArtifactFile(0), make([]byte, 1024), 0o644))
				name := filepath.Join(string(dir), file)
				must(os.RemoveAll(name))
				must(put(name, secret))

				s, r := shelf{kept: map[string]string{}}, &recorder{}
				work := &task.Task{Artifacts: []task.Artifact{kept}, Logs: []task.Log{log}, Result: true, Progress: true}
				err = Main(t.Context(), work, Options{Shared: shared, Reporter: r, Artifacts: s.store()})
				if problem != "" && (err == nil || !strings.Contains(err.Error(), problem)) {
					t.Errorf("error %v, want %q", err, problem)
				}
				told, _ := json.Marshal(r.got)
				for key, content := range s.kept {
					told = append(told, key+content...)
				}
				if strings.Contains(string(told), "hunter2") || strings.Contains(string(told), "7/9") {
					t.Errorf("told: %s", told)
				}
				if file != "lock" && r.got == nil {
					t.Error("nothing was reported")
				}
			})
		}
	}
}

// impatient fails once, and lets main replace its log before it is asked again.
type impatient struct {
	shelf
	replace func()
}

func (i impatient) Save(ctx context.Context, a *wfv1.Artifact, path string) error {
	if i.replace != nil {
		i.replace()
		return artifact.MarkTransient(errors.New("busy"))
	}
	return i.shelf.Save(ctx, a, path)
}

// An attempt that follows another trusts nothing that the first one has seen.
func TestReplacedBetweenAttempts(t *testing.T) {
	shared, secret := t.TempDir(), filepath.Join(t.TempDir(), "secretkey")
	dir := volume.Of(shared, "main")
	for _, err := range []error{dir.Create(), os.WriteFile(dir.LogFile(), []byte("line\n"), 0o644), os.WriteFile(secret, []byte("hunter2"), 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s, attempts := shelf{kept: map[string]string{}}, 0
	o := Options{Shared: shared, Artifacts: store.Store{
		Backoff: k8swait.Backoff{Steps: 3}, Clock: clock.RealClock{},
		Open: func(context.Context, *wfv1.ArtifactLocation) (artifact.Driver, error) {
			attempts++
			return impatient{shelf: s, replace: func() {
				if err := errors.Join(os.Remove(dir.LogFile()), os.Symlink(secret, dir.LogFile())); err != nil {
					t.Error(err)
				}
			}}, nil
		},
	}}
	err := o.saveLog(t.Context(), &task.Log{Container: "main", Stored: json.RawMessage(`{"s3":{"key":"main.log"}}`)})
	if err == nil || !strings.Contains(err.Error(), "is a symbolic link") || attempts != 1 || len(s.kept) != 0 {
		t.Errorf("%v after %d attempts, stored %v", err, attempts, s.kept)
	}
}
