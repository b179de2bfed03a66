package run

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// POD-23: where nothing was staged, the wrapper finds its task in the environment, makes the directories that all containers
// need, open to every user whatever the umask is, and keeps the task from the command.
func TestPrepare(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	shared := t.TempDir()
	t.Setenv(task.WrapperEnv, `{"nodeID":"demo-1","containers":[{"name":"main"},{"name":"side","sidecar":true}],"grace":30}`)
	for range 2 { // whoever comes first
		work, err := prepare(shared, os.Getenv(task.WrapperEnv))
		if err != nil || len(work.Containers) != 2 {
			t.Fatalf("%+v, %v", work, err)
		}
	}
	for name, mode := range map[string]os.FileMode{"": os.ModeDir | 0o777, "main": os.ModeDir | 0o777, "side": os.ModeDir | 0o777, "main/lock": 0o666, "side/lock": 0o666} {
		info, err := os.Stat(filepath.Join(shared, "ctr", name))
		if err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if volume.Of(shared, "main").Ready() {
		t.Error("main is said to have started")
	}
	if _, err := (Options{Shared: shared}).readTask(); err != nil || os.Getenv(task.WrapperEnv) != "" {
		t.Errorf("%v, the command sees %q", err, os.Getenv(task.WrapperEnv))
	}
	if _, err := (Options{Shared: shared}).readTask(); err == nil || !strings.Contains(err.Error(), "task.json") {
		t.Errorf("without the variable the volume is read: %v", err)
	}
	if _, err := prepare(filepath.Join(shared, "none"), `{"containers":[{"name":"main"}]}`); err == nil {
		t.Error("a volume that is not there is no error")
	}
}
