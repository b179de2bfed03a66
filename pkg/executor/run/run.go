// Package run is the wrapper of main: it runs the user's command in its place, hands it every signal, and ends with its exit
// code. On the way it keeps the end of the standard output, and afterwards the files that are output parameters.
package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

const (
	// ExitOwnFailure is the exit code when the user's command could not be started or its end could not be seen.
	ExitOwnFailure = 64
	// ExitBeforeMain is the exit code when the shared volume is not as `init` leaves it: nothing of the user's was tried, and
	// `wait` does not learn of the end.
	ExitBeforeMain = 65
)

// Options are where things are.
type Options struct {
	// Shared is the shared volume.
	Shared string
	// Container is the name of this container.
	Container string
	// TerminationLog is the file that Kubernetes takes the last words of a container from; empty: none.
	TerminationLog string
	// Stdout is where the command's standard output goes when it is captured.
	Stdout *os.File
}

// Main runs a command as the wrapper and returns the exit code of this process. It has to be called from the goroutine that
// main.main runs in, with the thread locked: the command is to die with that thread.
func Main(command []string, o Options) int {
	fail := func(code int, err error) int {
		words := "fairlead: " + err.Error()
		fmt.Fprintln(os.Stderr, words)
		o.lastWords(words)
		return code
	}
	dir := volume.Of(o.Shared, o.Container)
	work, err := readTask(o.Shared)
	if err != nil {
		return fail(ExitBeforeMain, fmt.Errorf("the shared volume was not prepared: %w", err))
	}
	lock, err := dir.Hold()
	if err != nil {
		return fail(ExitBeforeMain, fmt.Errorf("the shared volume cannot be used: %w", err))
	}
	defer runtime.KeepAlive(lock)

	outputs := &volume.Outputs{ExitCode: ExitOwnFailure}
	if len(command) == 0 {
		err = errors.New("no command to run")
	} else {
		outputs.ExitCode, err = o.runCommand(command, dir, work)
	}
	if err != nil {
		outputs.ExitCode = fail(ExitOwnFailure, err)
	}
	left := int64(task.MaxOutputBytes)
	for i := range work.Parameters {
		f := volume.Read(os.OpenFile, work.Parameters[i].Path, left)
		left -= int64(len(f.Content))
		outputs.Files = append(outputs.Files, f)
	}
	if err := dir.WriteOutputs(outputs); err != nil {
		fmt.Fprintln(os.Stderr, "fairlead: the outputs cannot be kept:", err)
	}
	return outputs.ExitCode
}

func readTask(shared string) (*task.Task, error) {
	data, err := os.ReadFile(filepath.Join(shared, "task.json"))
	if err != nil {
		return nil, err
	}
	t := &task.Task{}
	return t, json.Unmarshal(data, t)
}

// lastWords leaves a message for the status of the container.
func (o Options) lastWords(words string) {
	if o.TerminationLog == "" {
		return
	}
	if f, err := os.OpenFile(o.TerminationLog, os.O_WRONLY|os.O_APPEND, 0); err == nil {
		fmt.Fprint(f, words)
		f.Close()
	}
}

// runCommand starts the command, and returns its exit code when it and its output have ended.
func (o Options) runCommand(command []string, dir volume.Container, work *task.Task) (int, error) {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return 0, fmt.Errorf("the command cannot be started: %w", err)
	}
	stdout, done := uintptr(1), func() {}
	if o.Stdout != nil {
		stdout = o.Stdout.Fd()
	}
	var pipe *capture
	if work.Result {
		if pipe, err = newCapture(dir, o.Stdout); err != nil {
			return 0, fmt.Errorf("the output cannot be captured: %w", err)
		}
		stdout, done = pipe.writer.Fd(), pipe.finish
	}

	// Signals that come from now on are the command's. SIGCHLD is about the command, SIGURG the Go runtime's own, and
	// SIGPIPE a matter of this process.
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	defer signal.Stop(signals)

	pid, err := syscall.ForkExec(path, command, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, stdout, 2},
		// Should this process be killed, the command goes with it. Without a process namespace of the pod the kernel sees
		// to that anyway.
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return 0, fmt.Errorf("the command %s cannot be started: %w", path, err)
	}
	if pipe != nil {
		pipe.start()
	}
	go forward(signals, pid)
	status, err := reap(pid)
	done()
	if err != nil {
		return 0, err
	}
	if status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}

func forward(signals <-chan os.Signal, pid int) {
	for s := range signals {
		switch s {
		case syscall.SIGCHLD, syscall.SIGURG, syscall.SIGPIPE:
		default:
			if number, ok := s.(syscall.Signal); ok {
				_ = syscall.Kill(pid, number) // it may be gone already
			}
		}
	}
}

// reap waits for the command, and for every orphan that it leaves to this process, which is the first of its container.
func reap(pid int) (syscall.WaitStatus, error) {
	for {
		var status syscall.WaitStatus
		ended, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("the end of the command cannot be seen: %w", err)
		case ended == pid && (status.Exited() || status.Signaled()):
			return status, nil
		}
	}
}
