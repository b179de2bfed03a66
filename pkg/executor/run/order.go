package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"fairlead.dev/fairlead/pkg/executor/volume"
)

// deadlineSlack is how long after its deadline a command is ended from here. Kubernetes ends the pod at the deadline; this
// is for a node whose kubelet does not (TMO-05).
const deadlineSlack = 30 * time.Second

// awaitOthers waits until the containers that come before this one have succeeded (TPL-12).
func (r *runner) awaitOthers() error {
	for _, name := range r.own.After {
		other := volume.Of(r.Shared, name)
		seen := make(chan error, 1)
		go func() { seen <- other.AwaitEnd(nil, r.Ended) }()
		if err := r.await(seen); err != nil {
			return err
		}
		left, err := other.ReadOutputs()
		switch {
		case err != nil:
			return err
		case left == nil:
			return fmt.Errorf("dependency %q was killed", name)
		case left.ExitCode != 0:
			return fmt.Errorf("dependency %q exited with non-zero code: %d", name, left.ExitCode)
		}
	}
	return nil
}

// await waits for an answer or the wish to end.
func (r *runner) await(answer <-chan error) error {
	for {
		select {
		case err := <-answer:
			return err
		case s := <-r.signals:
			if endsProcess(s) {
				return errors.New("the pod was stopped before the command started")
			}
		}
	}
}

func endsProcess(s os.Signal) bool { return s == syscall.SIGTERM || s == syscall.SIGINT }

// sleep pauses; false: the container was asked to end meanwhile.
func (r *runner) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return true
		case s := <-r.signals:
			if endsProcess(s) {
				return false
			}
		}
	}
}

// timeToEnd tells when the command is to be ended: a sidecar's when all main containers have ended, any other's when its
// deadline has passed.
func (r *runner) timeToEnd() (<-chan struct{}, func()) {
	end := make(chan struct{})
	if r.own.Sidecar {
		go func() {
			for _, name := range r.work.Mains() {
				main := volume.Of(r.Shared, name)
				if err := main.AwaitEnd(nil, r.Ended); err != nil {
					fmt.Fprintf(os.Stderr, "fairlead: the end of %s cannot be seen, so this sidecar ends now: %v\n", name, err)
				}
			}
			close(end)
		}()
		return end, func() {}
	}
	if r.work.Deadline == nil {
		return nil, func() {}
	}
	timer := time.AfterFunc(time.Until(*r.work.Deadline)+deadlineSlack, func() { close(end) })
	return end, func() { timer.Stop() }
}

// pauseAt waits, when a variable asks for it, until somebody makes a file in the shared volume (EXE-09); false: the container
// was asked to end meanwhile.
func (r *runner) pauseAt(variable, file string) bool {
	if os.Getenv(variable) != "true" {
		return true
	}
	marker := filepath.Join(string(r.dir), file)
	for {
		if _, err := os.Stat(marker); err == nil {
			return true
		}
		if !r.sleep(time.Second) {
			return false
		}
	}
}
