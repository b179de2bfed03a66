package run

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"fairlead.dev/fairlead/pkg/executor/task"
)

// eatMemory says that it starts and takes memory until there is none.
func eatMemory() {
	os.Stdout.WriteString("half\n")
	var taken [][]byte
	for {
		piece := make([]byte, 1<<20)
		for i := 0; i < len(piece); i += 4096 {
			piece[i] = 1
		}
		taken = append(taken, piece)
		runtime.KeepAlive(taken)
	}
}

// On cgroup v2 the kubelet lets the kernel kill all of a container when its memory runs out, the wrapper included: its end is
// seen all the same, and what was printed before is there. `make cgroup2` runs this test where there is no cgroup v2.
func TestOutOfMemoryTakesTheWrapperAlong(t *testing.T) {
	const parent = "/sys/fs/cgroup"
	if had, err := os.ReadFile(filepath.Join(parent, "cgroup.controllers")); err != nil || !strings.Contains(string(had), "memory") {
		t.Skip("no memory controller of cgroup v2 at /sys/fs/cgroup: run `make cgroup2`")
	}
	group, err := os.MkdirTemp(parent, "fairlead-")
	if err != nil {
		t.Skipf("no control group can be made, which needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(group); err != nil {
			t.Error(err)
		}
	})
	for file, value := range map[string]string{"memory.max": "64M", "memory.oom.group": "1"} {
		if err := os.WriteFile(filepath.Join(group, file), []byte(value), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := os.Open(group)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(roleEnv, "eat")
	w := wrap(t, task.Task{Result: true}, self)
	w.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if code := w.run(t); code != -1 {
		t.Errorf("the wrapper ended by itself with %d, and was to be killed: %s", code, w.stderr.String())
	}
	if !w.dir.Ready() {
		t.Error("the wrapper was not seen to start")
	}
	if err := w.dir.AwaitRelease(); err != nil {
		t.Error(err)
	}
	if left, err := w.dir.ReadOutputs(); left != nil || err != nil {
		t.Errorf("outputs %v, error %v of a wrapper that was killed", left, err)
	}
	if got := result(t, w.dir); got != "half" {
		t.Errorf("result %q, want what was printed before", got)
	}
	events, err := os.ReadFile(filepath.Join(group, "memory.events"))
	if err != nil || !strings.Contains(string(events), "oom_group_kill 1") {
		t.Errorf("the kernel did not kill the group as one: %s, %v", events, err)
	}
}
