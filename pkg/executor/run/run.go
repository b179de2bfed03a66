// Package run is the wrapper of main: it runs the user's command in its place, hands it every signal, and ends with its exit
// code. On the way it keeps the end of the standard output, or all that is printed, and afterwards the files that are outputs.
package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

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
	// Ended names containers whose end cannot be seen by their locks.
	Ended volume.Announced
	// TerminationLog is the file that Kubernetes takes the last words of a container from; empty: none.
	TerminationLog string
	// Stdout and Stderr are where what the command prints goes; nil: to those of this process.
	Stdout, Stderr *os.File
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
	work, err := o.readTask()
	if err != nil {
		return fail(ExitBeforeMain, fmt.Errorf("the shared volume was not prepared: %w", err))
	}
	lock, err := dir.Hold()
	if err != nil {
		return fail(ExitBeforeMain, fmt.Errorf("the shared volume cannot be used: %w", err))
	}
	defer runtime.KeepAlive(lock)

	r := &runner{Options: o, dir: dir, work: work, own: work.Container(o.Container)}
	outputs := &volume.Outputs{ExitCode: ExitOwnFailure}
	if work.ArchivesLog(o.Container) {
		r.log, err = dir.CreateLog()
	}
	switch {
	case err != nil:
	case len(command) == 0:
		err = errors.New("no command to run")
	default:
		outputs.ExitCode, err = r.run(command)
	}
	if err != nil {
		outputs.ExitCode = fail(ExitOwnFailure, err)
	}
	if o.Container == task.Main {
		left := int64(task.MaxOutputBytes)
		for i := range work.Parameters {
			f := volume.Read(os.OpenFile, work.Parameters[i].Path, left)
			left -= int64(len(f.Content))
			outputs.Files = append(outputs.Files, f)
		}
		outputs.Artifacts = keepArtifacts(work, dir)
	}
	if err := dir.WriteOutputs(outputs); err != nil {
		fmt.Fprintln(os.Stderr, "fairlead: the outputs cannot be kept:", err)
	}
	return outputs.ExitCode
}

// readTask finds out what there is to do: from the environment where nobody has prepared the shared volume, which is done
// here then; else from that volume.
func (o Options) readTask() (*task.Task, error) {
	if text := os.Getenv(task.WrapperEnv); text != "" {
		if err := os.Unsetenv(task.WrapperEnv); err != nil {
			return nil, err
		}
		return prepare(o.Shared, text)
	}
	data, err := os.ReadFile(filepath.Join(o.Shared, "task.json"))
	if err != nil {
		return nil, err
	}
	t := &task.Task{}
	return t, json.Unmarshal(data, t)
}

// prepare makes the directories of all containers, so that each finds something to watch, whoever comes first.
func prepare(shared, text string) (*task.Task, error) {
	t, err := task.Decode(text)
	if err != nil {
		return nil, err
	}
	for _, c := range t.Containers {
		if err := volume.Of(shared, c.Name).Create(); err != nil {
			return nil, fmt.Errorf("prepare the shared volume for container %s: %w", c.Name, err)
		}
	}
	return t, nil
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
