package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

const (
	sharedEnv = "TEST_WRAPPER_SHARED"
	roleEnv   = "TEST_ROLE"
	nameEnv   = "TEST_CONTAINER"
)

// The test program is the wrapper as well, and the command that it runs.
func TestMain(m *testing.M) {
	if shared := os.Getenv(sharedEnv); shared != "" {
		runtime.LockOSThread()
		os.Unsetenv(sharedEnv)
		name := os.Getenv(nameEnv)
		if name == "" {
			name = "main"
		}
		os.Exit(Main(os.Args[1:], Options{Shared: shared, Container: name, TerminationLog: filepath.Join(shared, "last-words")}))
	}
	switch os.Getenv(roleEnv) {
	case "flood":
		flood()
		os.Exit(0)
	case "eat":
		eatMemory()
	}
	os.Exit(m.Run())
}

// floodBytes is how much the flood prints.
const floodBytes = 1 << 30

// flood prints a gigabyte and a line.
func flood() {
	line := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	for written := 0; written < floodBytes; written += len(line) {
		os.Stdout.Write(line)
	}
	fmt.Println("the end")
}

type wrapped struct {
	*exec.Cmd
	shared string
	dir    volume.Container
	stdout bytes.Buffer
	stderr bytes.Buffer
}

func wrap(t *testing.T, work task.Task, command ...string) *wrapped {
	t.Helper()
	w := &wrapped{shared: t.TempDir()}
	w.dir = volume.Of(w.shared, "main")
	if err := w.dir.Create(); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(&work)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.shared, "task.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.shared, "last-words"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w.Cmd = exec.Command(self, command...)
	w.Env = append(os.Environ(), sharedEnv+"="+w.shared)
	w.Stdout, w.Stderr = &w.stdout, &w.stderr
	w.WaitDelay = 20 * time.Second // what a failing test leaves must not hold up the others
	return w
}

func (w *wrapped) code(t *testing.T) int {
	t.Helper()
	err := w.Wait()
	if err != nil && w.ProcessState == nil {
		t.Fatal(err)
	}
	return w.ProcessState.ExitCode()
}

func (w *wrapped) run(t *testing.T) int {
	t.Helper()
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w.code(t)
}

func result(t *testing.T, dir volume.Container) string {
	t.Helper()
	text, err := dir.ReadResult()
	if err != nil {
		t.Fatal(err)
	}
	if text == nil {
		return "(none)"
	}
	return *text
}

// EXE-01, PRM-14: the exit code is the command's, output flows unchanged, the result loses exactly one newline.
func TestCommand(t *testing.T) {
	cases := map[string]struct {
		work           task.Task
		command        []string
		code           int
		stdout, result string
	}{
		"plain":              {command: []string{"sh", "-c", "echo hello; echo there >&2"}, stdout: "hello\n", result: "(none)"},
		"result":             {work: task.Task{Result: true}, command: []string{"echo", "hello"}, stdout: "hello\n", result: "hello"},
		"two newlines":       {work: task.Task{Result: true}, command: []string{"printf", `a\n\n`}, stdout: "a\n\n", result: "a\n"},
		"no newline":         {work: task.Task{Result: true}, command: []string{"printf", "7"}, stdout: "7", result: "7"},
		"no output":          {work: task.Task{Result: true}, command: []string{"true"}, result: ""},
		"exit code":          {work: task.Task{Result: true}, command: []string{"sh", "-c", "echo half; exit 3"}, code: 3, stdout: "half\n", result: "half"},
		"killed":             {command: []string{"sh", "-c", "kill -KILL $$"}, code: 137, result: "(none)"},
		"terminated":         {command: []string{"sh", "-c", "kill -TERM $$"}, code: 143, result: "(none)"},
		"what is left hangs": {work: task.Task{Result: true}, command: []string{"sh", "-c", "sleep 1000 2>/dev/null & echo $!"}, result: "*"},
		"its own 64":         {command: []string{"sh", "-c", "exit 64"}, code: 64, result: "(none)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := wrap(t, c.work, c.command...)
			if code := w.run(t); code != c.code {
				t.Errorf("exit code %d, want %d: %s", code, c.code, w.stderr.String())
			}
			if c.result == "*" {
				left := strings.TrimSpace(w.stdout.String())
				if err := exec.Command("kill", left).Run(); err != nil {
					t.Errorf("process %s was not left: %v", left, err)
				}
				return
			}
			if w.stdout.String() != c.stdout {
				t.Errorf("stdout %q, want %q", w.stdout.String(), c.stdout)
			}
			if got := result(t, w.dir); got != c.result {
				t.Errorf("result %q, want %q", got, c.result)
			}
			outputs, err := w.dir.ReadOutputs()
			if err != nil || outputs == nil || outputs.ExitCode != c.code {
				t.Errorf("outputs %+v, %v", outputs, err)
			}
		})
	}
}

// EXE-01: our own failures have exit codes of their own and say what is wrong.
func TestOwnFailures(t *testing.T) {
	cases := map[string]struct {
		spoil   func(w *wrapped) error
		command []string
		code    int
		words   string
	}{
		"no such program": {command: []string{"no-such-program"}, code: ExitOwnFailure, words: `"no-such-program"`},
		"no program":      {command: []string{"/etc/passwd"}, code: ExitOwnFailure, words: "/etc/passwd"},
		"not prepared": {
			spoil: func(w *wrapped) error { return os.Remove(filepath.Join(w.shared, "task.json")) }, command: []string{"true"},
			code: ExitBeforeMain, words: "the shared volume was not prepared",
		},
		"no lock": {
			spoil: func(w *wrapped) error { return os.Remove(filepath.Join(string(w.dir), "lock")) }, command: []string{"true"},
			code: ExitBeforeMain, words: "the shared volume cannot be used",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := wrap(t, task.Task{}, c.command...)
			if c.spoil != nil {
				if err := c.spoil(w); err != nil {
					t.Fatal(err)
				}
			}
			if code := w.run(t); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			words, err := os.ReadFile(filepath.Join(w.shared, "last-words"))
			if err != nil || !strings.Contains(string(words), c.words) {
				t.Errorf("last words %q, %v; want %q in them", words, err, c.words)
			}
		})
	}
}

// EXE-06: every signal that Kubernetes or a user sends is the command's.
func TestSignalsAreForwarded(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGQUIT} {
		t.Run(s.String(), func(t *testing.T) {
			w := wrap(t, task.Task{Result: true}, "sh", "-c", fmt.Sprintf(`trap 'echo caught; exit 7' %d; echo ready; while :; do sleep 0.05; done`, s))
			w.Stdout = nil
			out, err := w.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Start(); err != nil {
				t.Fatal(err)
			}
			ready := make([]byte, len("ready\n"))
			if _, err := io.ReadFull(out, ready); err != nil {
				t.Fatal(err)
			}
			if err := w.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(out)
			if code := w.code(t); code != 7 || string(rest) != "caught\n" {
				t.Errorf("exit code %d, output %q", code, rest)
			}
		})
	}
}

// PRM-05: files are kept with one newline dropped; what is no file says why.
func TestOutputFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	w := wrap(t, task.Task{Parameters: []task.Parameter{
		{Name: "a", Path: path("a")}, {Name: "none", Path: path("none")}, {Name: "dir", Path: dir}, {Name: "fifo", Path: path("fifo")},
		{Name: "big", Path: path("big")}, {Name: "link", Path: path("link")},
	}}, "sh", "-c", `cd "$0"; printf 'x\n\n' > a; mkfifo fifo; head -c 2000000 /dev/zero > big; ln -s a link`, dir)
	if code := w.run(t); code != 0 {
		t.Fatalf("exit code %d: %s", code, w.stderr.String())
	}
	outputs, err := w.dir.ReadOutputs()
	if err != nil || outputs == nil || len(outputs.Files) != 6 {
		t.Fatalf("%+v, %v", outputs, err)
	}
	f := outputs.Files
	if f[0].Content != "x\n" || !f[1].Missing || !strings.Contains(f[2].Problem, "directory") || !strings.Contains(f[3].Problem, "not a regular file") ||
		!strings.Contains(f[4].Problem, "2000000 bytes") || f[5].Content != "x\n" {
		t.Errorf("%+v", f)
	}
}

// DESIGN 7: when everything in the container is killed at once, the lock is released and what was printed is kept.
func TestEverythingKilled(t *testing.T) {
	w := wrap(t, task.Task{Result: true}, "sh", "-c", "echo partial; while :; do sleep 0.05; done")
	w.Stdout = nil
	out, err := w.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("partial\n"))
	if _, err := io.ReadFull(out, line); err != nil {
		t.Fatal(err)
	}
	// The result is kept right after the log.
	for deadline := time.Now().Add(10 * time.Second); result(t, w.dir) != "partial"; {
		if time.Now().After(deadline) {
			t.Fatal("the result was not kept")
		}
		time.Sleep(time.Millisecond)
	}
	if err := w.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	w.code(t)
	if !w.dir.Ready() {
		t.Error("not ready")
	}
	if err := w.dir.AwaitRelease(); err != nil {
		t.Error(err)
	}
	if outputs, err := w.dir.ReadOutputs(); outputs != nil || err != nil {
		t.Errorf("outputs %+v, %v", outputs, err)
	}
	if got := result(t, w.dir); got != "partial" {
		t.Errorf("result %q", got)
	}
}

// PRM-14: a gigabyte goes through with the memory of a page; the result is its end.
func TestFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set, and this test prints a gigabyte")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := wrap(t, task.Task{Result: true}, self)
	w.Env = append(w.Env, roleEnv+"=flood")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	w.Stdout = null
	if code := w.run(t); code != 0 {
		t.Fatalf("exit code %d: %s", code, w.stderr.String())
	}
	got := result(t, w.dir)
	if len(got) != volume.ResultBytes-1 || !strings.HasSuffix(got, "cdefthe end") {
		t.Errorf("result has %d bytes, ends with %q", len(got), got[max(0, len(got)-20):])
	}
	info, err := os.Stat(filepath.Join(string(w.dir), "result"))
	if err != nil || info.Size() > 1<<20 {
		t.Errorf("the file of the result: %v, %v", info, err)
	}
	usage := w.ProcessState.SysUsage().(*syscall.Rusage)
	t.Logf("peak memory of the wrapper and the command: %d KiB, user %v, system %v", usage.Maxrss, w.ProcessState.UserTime(), w.ProcessState.SystemTime())
	if usage.Maxrss > 64<<10 {
		t.Errorf("peak memory %d KiB", usage.Maxrss)
	}
}
