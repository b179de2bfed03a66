package run

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// runner runs the command of one container.
type runner struct {
	Options
	dir  volume.Container
	work *task.Task
	own  task.Container
	// log is where everything that the command prints is kept for its archive; nil: it is not archived.
	log *os.File
	// signals are those that came for the command; it is not read from twice at a time.
	signals chan os.Signal
	// asked is set once the command was asked to end: it is not run again then.
	asked bool
	// ended is set when this process itself ended a sidecar.
	ended bool
}

// run does everything that comes before the command, runs it, as often as is wanted, and returns its last exit code.
func (r *runner) run(command []string) (int, error) {
	command, err := r.withLongArgs(command)
	if err != nil {
		return 0, err
	}
	path, err := exec.LookPath(command[0])
	if err != nil && !errors.Is(err, exec.ErrDot) { // whoever has the working directory in PATH means it
		return 0, fmt.Errorf("the command cannot be started: %w", err)
	}
	// Signals that come from now on are the command's. SIGCHLD is about the command, SIGURG the Go runtime's own, and
	// SIGPIPE a matter of this process.
	r.signals = make(chan os.Signal, 64)
	// They stay caught when the command has ended: what it has left is then being kept, for which there is time until the kill.
	signal.Notify(r.signals)

	if err := r.awaitOthers(); err != nil {
		return 0, err
	}
	if !r.pauseAt("ARGO_DEBUG_PAUSE_BEFORE", "before") {
		return terminatedCode, nil
	}
	code := 0
	for attempt := 1; ; attempt++ {
		if code, err = r.attempt(path, command); err != nil {
			return 0, err
		}
		if code == 0 || attempt >= r.own.Attempts || r.asked || !r.sleep(r.own.Pause) {
			break
		}
		fmt.Fprintf(os.Stderr, "fairlead: exit code %d, attempt %d of %d follows\n", code, attempt+1, r.own.Attempts)
	}
	if r.ended && (code == terminatedCode || code == killedCode) {
		code = 0 // it did what it was asked to
	}
	r.pauseAt("ARGO_DEBUG_PAUSE_AFTER", "after")
	return code, nil
}

const (
	terminatedCode = 128 + int(syscall.SIGTERM)
	killedCode     = 128 + int(syscall.SIGKILL)
)

// attempt runs the command once and returns its exit code when it and its output have ended.
func (r *runner) attempt(path string, command []string) (int, error) {
	pipes, stdout, stderr, err := r.capture()
	if err != nil {
		return 0, fmt.Errorf("the output cannot be captured: %w", err)
	}
	pid, err := syscall.ForkExec(path, command, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, stdout, stderr},
		// Should this process be killed, the command goes with it. Without a process namespace of the pod the kernel sees
		// to that anyway.
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		pipes.close()
		return 0, fmt.Errorf("the command %s cannot be started: %w", path, err)
	}
	pipes.start()
	over, forwarded := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(forwarded)
		r.forward(pid, over)
	}()
	status, err := reap(pid)
	close(over)
	pipes.finish()
	<-forwarded
	if err != nil {
		return 0, err
	}
	if status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}

// forward hands signals to the command until it has ended, and ends it itself when its time has come.
func (r *runner) forward(pid int, over <-chan struct{}) {
	end, stop := r.timeToEnd()
	defer stop()
	var kill <-chan time.Time
	for {
		select {
		case <-over:
			return
		case s := <-r.signals:
			switch s {
			case syscall.SIGCHLD, syscall.SIGURG, syscall.SIGPIPE:
			default:
				if number, ok := s.(syscall.Signal); ok {
					r.asked = r.asked || number == syscall.SIGTERM || number == syscall.SIGINT
					_ = syscall.Kill(pid, number) // it may be gone already
				}
			}
		case <-end:
			end = nil
			r.asked, r.ended = true, r.own.Sidecar
			_ = syscall.Kill(pid, syscall.SIGTERM)
			kill = time.After(time.Duration(r.work.Grace) * time.Second)
		case <-kill:
			_ = syscall.Kill(pid, syscall.SIGKILL)
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
