package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// sharedFor prepares a shared volume for the containers of a task, as `init` does.
func sharedFor(t *testing.T, work task.Task) string {
	t.Helper()
	shared := t.TempDir()
	data, err := json.Marshal(&work)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(shared, "task.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range work.Containers {
		if err := volume.Of(shared, c.Name).Create(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(shared, "last-words"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return shared
}

// container starts the wrapper of one container of a pod.
func container(t *testing.T, shared, name string, command ...string) *wrapped {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &wrapped{Cmd: exec.Command(self, command...), shared: shared, dir: volume.Of(shared, name)}
	w.Env = append(os.Environ(), sharedEnv+"="+shared, nameEnv+"="+name)
	w.Stdout, w.Stderr = &w.stdout, &w.stderr
	w.WaitDelay = 20 * time.Second
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// TPL-12, EXE-08: a command starts when those before it have succeeded; one that fails or is killed takes along what follows.
func TestOrder(t *testing.T) {
	set := task.Task{Containers: []task.Container{{Name: "a"}, {Name: "b", After: []string{"a"}}, {Name: "c", After: []string{"a", "b"}}}}
	for name, test := range map[string]struct {
		a           string
		codes       [3]int
		log         string
		words       string
		startBefore bool
	}{
		"succeeds":       {a: "sleep 0.2; echo a >>$LOG", log: "a b c"},
		"fails":          {a: "exit 3", codes: [3]int{3, 64, 64}, words: `dependency "a" exited with non-zero code: 3`},
		"is killed":      {a: "kill -KILL $PPID", codes: [3]int{-1, 64, 64}, words: `dependency "a" was killed`},
		"starts as last": {a: "echo a >>$LOG", log: "a b c", startBefore: true},
	} {
		t.Run(name, func(t *testing.T) {
			shared := sharedFor(t, set)
			log := filepath.Join(shared, "log")
			t.Setenv("LOG", log)
			var a, b, c *wrapped
			startA := func() { a = container(t, shared, "a", "sh", "-c", test.a) }
			if !test.startBefore {
				startA()
			}
			b = container(t, shared, "b", "sh", "-c", "echo b >>$LOG")
			c = container(t, shared, "c", "sh", "-c", "echo c >>$LOG")
			if test.startBefore {
				startA()
			}
			if codes := [3]int{a.code(t), b.code(t), c.code(t)}; codes != test.codes {
				t.Errorf("exit codes %v, want %v: %s%s%s", codes, test.codes, a.stderr.String(), b.stderr.String(), c.stderr.String())
			}
			lines, _ := os.ReadFile(log)
			if got := strings.Join(strings.Fields(string(lines)), " "); got != test.log {
				t.Errorf("they ran in order %q, want %q", got, test.log)
			}
			if !strings.Contains(b.stderr.String(), test.words) {
				t.Errorf("%q is not in %q", test.words, b.stderr.String())
			}
		})
	}
}

// A pod that is stopped does not wait for containers that will not run.
func TestStoppedWhileWaiting(t *testing.T) {
	shared := sharedFor(t, task.Task{Containers: []task.Container{{Name: "a"}, {Name: "b", After: []string{"a"}}}})
	b := container(t, shared, "b", "true")
	if err := b.dir.AwaitStart(nil, ""); err != nil {
		t.Fatal(err)
	}
	// The wrapper takes signals shortly after it has the lock; one that comes earlier ends it as well.
	if err := b.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := b.code(t); code == 0 {
		t.Error("exit code 0")
	}
}

// TPL-15: a sidecar is asked to end when the last main container has ended, and killed when it does not; that is no failure of
// its own. What it says otherwise counts.
func TestSidecar(t *testing.T) {
	for name, test := range map[string]struct {
		command string
		code    int
		out     string
	}{
		"ends on request":       {command: "exec sleep 1000"},
		"says goodbye":          {command: "trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done", out: "bye\n"},
		"is deaf and is killed": {command: "trap '' TERM; while :; do sleep 0.05; done"},
		"fails when asked":      {command: "trap 'exit 4' TERM; while :; do sleep 0.05; done", code: 4},
		"fails by itself":       {command: "exit 5", code: 5},
		"143 by itself":         {command: "exit 143", code: 143},
	} {
		t.Run(name, func(t *testing.T) {
			shared := sharedFor(t, task.Task{Grace: 1, Containers: []task.Container{{Name: "main"}, {Name: "other"}, {Name: "side", Sidecar: true}}})
			t.Setenv("GO", filepath.Join(shared, "go"))
			main := container(t, shared, "main", "true")
			other := container(t, shared, "other", "sh", "-c", "until [ -e $GO ]; do sleep 0.02; done; sleep 0.3")
			side := container(t, shared, "side", "sh", "-c", test.command)
			if code := main.code(t); code != 0 {
				t.Errorf("main: exit code %d", code)
			}
			if left, err := side.dir.ReadOutputs(); err != nil || left != nil && !strings.Contains(name, "itself") {
				t.Errorf("the sidecar ended before the other container: %+v, %v", left, err)
			}
			if err := os.WriteFile(os.Getenv("GO"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if code := side.code(t); code != test.code {
				t.Errorf("exit code %d, want %d: %s", code, test.code, side.stderr.String())
			}
			if side.stdout.String() != test.out {
				t.Errorf("output %q, want %q", side.stdout.String(), test.out)
			}
			other.code(t)
		})
	}
}

// TPL-13: the command runs again in place; the number is that of all attempts. A container that was asked to end does not.
func TestAttempts(t *testing.T) {
	for name, test := range map[string]struct {
		attempts int
		command  string
		code     int
		runs     int
	}{
		"succeeds at last":  {attempts: 3, command: "echo >>$LOG; [ $(wc -l <$LOG) -ge 3 ]", runs: 3},
		"never succeeds":    {attempts: 2, command: "echo >>$LOG; exit 9", code: 9, runs: 2},
		"none wanted":       {command: "echo >>$LOG; exit 9", code: 9, runs: 1},
		"succeeds at first": {attempts: 5, command: "echo >>$LOG", runs: 1},
	} {
		t.Run(name, func(t *testing.T) {
			shared := sharedFor(t, task.Task{Containers: []task.Container{{Name: "a", Attempts: test.attempts, Pause: time.Millisecond}}})
			log := filepath.Join(shared, "log")
			t.Setenv("LOG", log)
			a := container(t, shared, "a", "sh", "-c", test.command)
			if code := a.code(t); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if lines, _ := os.ReadFile(log); bytes.Count(lines, []byte("\n")) != test.runs {
				t.Errorf("ran %d times, want %d", bytes.Count(lines, []byte("\n")), test.runs)
			}
		})
	}
}

// TPL-13: what an attempt has opened is closed after it: the wrapper lives as long as its container.
func TestAttemptsLeaveNoFiles(t *testing.T) {
	work := task.Task{Result: true, Containers: []task.Container{{Name: "main", Attempts: 40, Pause: time.Microsecond}}, Logs: []task.Log{{Container: "main"}}}
	shared := sharedFor(t, work)
	t.Setenv("LOG", filepath.Join(shared, "log"))
	main := container(t, shared, "main", "sh", "-c", "ls /proc/$PPID/fd | wc -l >>$LOG; exit 1")
	if code := main.code(t); code != 1 {
		t.Fatalf("exit code %d: %s", code, main.stderr.String())
	}
	text, err := os.ReadFile(os.Getenv("LOG"))
	if err != nil {
		t.Fatal(err)
	}
	// The wrapper may not have closed the command's ends of the pipes yet when they are counted.
	counts := strings.Fields(string(text))
	last, err := strconv.Atoi(counts[len(counts)-1])
	if err != nil || len(counts) != 40 || last > 40 {
		t.Errorf("open files of the wrapper in each attempt: %v", counts)
	}
}

// EXE-15: arguments that no pod can hold come through the shared volume, one that Linux does not take as a file.
func TestLongArguments(t *testing.T) {
	shared := sharedFor(t, task.Task{Containers: []task.Container{{Name: "main", LongArgs: true}}})
	if err := volume.Of(shared, "main").WriteArgs([]string{"short", strings.Repeat("y", argBytes)}); err != nil {
		t.Fatal(err)
	}
	w := container(t, shared, "main", "sh", "-c", `echo "$0 $1"; wc -c <"${2#@}"`, "zero")
	if code := w.code(t); code != 0 {
		t.Fatalf("exit code %d: %s", code, w.stderr.String())
	}
	if got := strings.Join(strings.Fields(w.stdout.String()), " "); got != "zero short 131072" {
		t.Errorf("output %q", got)
	}
}

// EXE-09: the command waits for the file that says go on.
func TestPauseBefore(t *testing.T) {
	t.Setenv("ARGO_DEBUG_PAUSE_BEFORE", "true")
	shared := sharedFor(t, task.Task{Containers: []task.Container{{Name: "main"}}})
	marker := filepath.Join(string(volume.Of(shared, "main")), "before")
	w := container(t, shared, "main", "sh", "-c", `[ -e "$0" ]`, marker)
	if err := w.dir.AwaitStart(nil, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(marker, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if code := w.code(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// EXE-01, DESIGN 7: whenever all of a container is killed, who waits for its end sees it: by the lock, or, if there never was
// one, because the kubelet's word is passed on.
func TestKilledAtAnyMoment(t *testing.T) {
	for name, reached := range map[string]func(w *wrapped) bool{
		"before it does anything": func(*wrapped) bool { return true },
		"when it has its lock":    func(w *wrapped) bool { return w.dir.Ready() },
		"while the command runs": func(w *wrapped) bool {
			_, err := os.Stat(filepath.Join(w.shared, "begun"))
			return err == nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			shared := sharedFor(t, task.Task{Containers: []task.Container{{Name: "a"}, {Name: "b", After: []string{"a"}}}})
			ended := volume.Announced(filepath.Join(shared, "ended"))
			a := container(t, shared, "a", "sh", "-c", `>"$0"; while :; do sleep 0.05; done`, filepath.Join(shared, "begun"))
			await(t, func() bool { return reached(a) })
			if err := a.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			a.code(t)
			others := make(chan error, 1)
			go func() {
				r := &runner{Options: Options{Shared: shared, Container: "b", Ended: ended}, own: task.Container{Name: "b", After: []string{"a"}}}
				others <- r.awaitOthers()
			}()
			if err := os.WriteFile(string(ended), []byte("a"), 0o644); err != nil { // as the kubelet does
				t.Fatal(err)
			}
			if err := a.dir.AwaitEnd(nil, ended); err != nil {
				t.Error(err)
			}
			if err := <-others; err == nil || err.Error() != `dependency "a" was killed` {
				t.Errorf("who depends on it: %v", err)
			}
			if left, err := a.dir.ReadOutputs(); left != nil || err != nil {
				t.Errorf("outputs %+v, %v", left, err)
			}
		})
	}
}

// await waits for something that happens in another process, not for ever.
func await(t *testing.T, happened func() bool) {
	t.Helper()
	for give := time.Now().Add(20 * time.Second); !happened(); runtime.Gosched() {
		if time.Now().After(give) {
			t.Fatal("it did not happen")
		}
	}
}

// Images may have the working directory in PATH: their programs are found as without the wrapper.
func TestProgramInWorkingDirectory(t *testing.T) {
	shared := sharedFor(t, task.Task{Containers: []task.Container{{Name: "main"}}})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "here"), []byte("#!/bin/sh\necho found\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("PATH", ".")
	w := container(t, shared, "main", "here")
	if code := w.code(t); code != 0 || w.stdout.String() != "found\n" {
		t.Errorf("exit code %d, output %q: %s", code, w.stdout.String(), w.stderr.String())
	}
}

// EXE-06: a request to end that comes when the command is over does not cost the step its outputs.
func TestStoppedWhileOutputsAreKept(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large")
	shared := sharedFor(t, task.Task{Containers: []task.Container{{Name: "main"}}, Artifacts: []task.Artifact{{Name: "large", Path: large}}})
	w := container(t, shared, "main", "sh", "-c", `dd if=/dev/zero of="$0" bs=1M count=64 2>/dev/null`, large)
	await(t, func() bool { _, err := os.Stat(w.dir.ArtifactFile(0)); return err == nil })
	if err := w.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	if code := w.code(t); code != 0 {
		t.Errorf("exit code %d: %s", code, w.stderr.String())
	}
	left, err := w.dir.ReadOutputs()
	if err != nil || left == nil || len(left.Artifacts) != 1 || !left.Artifacts[0].Kept {
		t.Errorf("outputs %+v, %v", left, err)
	}
}
