// Package stage is `init`: it puts into the shared volume what main and `wait` need.
package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fairlead.dev/fairlead/pkg/executor/packed"
	"fairlead.dev/fairlead/pkg/executor/store"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// Options are where things are.
type Options struct {
	// Shared is the shared volume.
	Shared string
	// Wrapper is the program to copy.
	Wrapper string
	// Script is the file for a script that travels in the environment.
	Script string
	// Getenv reads the environment.
	Getenv func(string) string
	// Artifacts loads input artifacts.
	Artifacts store.Store
}

// Main prepares the shared volume, and brings the input artifacts to their places.
func Main(ctx context.Context, o Options) error {
	work, err := task.Read(o.Getenv)
	if err != nil {
		return err
	}
	text, err := json.Marshal(work.ForWrapper())
	if err != nil {
		return err
	}
	for _, c := range work.Containers {
		if err := volume.Of(o.Shared, c.Name).Create(); err != nil {
			return fmt.Errorf("prepare the shared volume for container %s: %w", c.Name, err)
		}
	}
	if err := o.stageArgs(); err != nil {
		return err
	}
	if err := write(filepath.Join(o.Shared, "task.json"), 0o644, bytes.NewReader(text)); err != nil {
		return err
	}
	if err := o.stageWrapper(work); err != nil {
		return err
	}
	if err := o.stageScript(); err != nil {
		return err
	}
	for i := range work.Inputs {
		if err := o.loadInput(ctx, &work.Inputs[i]); err != nil {
			return fmt.Errorf("artifact %s failed to load: %w", work.Inputs[i].Name, err)
		}
	}
	return nil
}

// stageWrapper copies the program that runs the commands of the containers, if there are any to be wrapped.
func (o Options) stageWrapper(work *task.Task) error {
	if len(work.Containers) == 0 {
		return nil
	}
	program, err := os.Open(o.Wrapper)
	if err != nil {
		return err
	}
	defer program.Close()
	return write(filepath.Join(o.Shared, task.Wrapper), 0o755, program)
}

// stageScript writes the script that came in parts; none is there for most steps.
func (o Options) stageScript() error {
	source, err := packed.Open(task.ScriptEnv, o.Getenv)
	if err != nil {
		return fmt.Errorf("the script: %w", err)
	}
	if source == nil {
		return nil
	}
	return write(o.Script, 0o755, source)
}

// stageArgs writes the arguments that were too long for the pod, a file for each container.
func (o Options) stageArgs() error {
	source, err := packed.Open(task.ArgsEnv, o.Getenv)
	if err != nil || source == nil {
		return err
	}
	args := map[string][]string{}
	if err := json.NewDecoder(source).Decode(&args); err != nil {
		return fmt.Errorf("the arguments in %s* cannot be read: %w", task.ArgsEnv, err)
	}
	for name, list := range args {
		if err := volume.Of(o.Shared, name).WriteArgs(list); err != nil {
			return fmt.Errorf("keep the arguments of container %s: %w", name, err)
		}
	}
	return nil
}

// write makes a file with exactly this mode, whatever the umask is.
func write(name string, mode os.FileMode, content io.Reader) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if chmodErr := f.Chmod(mode); err == nil {
		err = chmodErr
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
