// Package stage is `init`: it puts into the shared volume what main and `wait` need.
package stage

import (
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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
	// Containers are the containers that are wrapped.
	Containers []string
	// Getenv reads the environment.
	Getenv func(string) string
}

// Main prepares the shared volume.
func Main(o Options) error {
	text := o.Getenv(task.Env)
	if _, err := task.Decode(text); err != nil {
		return err
	}
	for _, name := range o.Containers {
		if err := volume.Of(o.Shared, name).Create(); err != nil {
			return fmt.Errorf("prepare the shared volume for container %s: %w", name, err)
		}
	}
	if err := write(filepath.Join(o.Shared, "task.json"), 0o644, strings.NewReader(text)); err != nil {
		return err
	}
	program, err := os.Open(o.Wrapper)
	if err != nil {
		return err
	}
	defer program.Close()
	if err := write(filepath.Join(o.Shared, task.Wrapper), 0o755, program); err != nil {
		return err
	}
	return o.stageScript()
}

// stageScript writes the script that came in parts; none is there for most steps.
func (o Options) stageScript() error {
	var parts strings.Builder
	for i := 0; ; i++ {
		part := o.Getenv(task.ScriptEnv + strconv.Itoa(i))
		if part == "" {
			break
		}
		parts.WriteString(part)
	}
	if parts.Len() == 0 {
		return nil
	}
	source, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(parts.String())))
	if err != nil {
		return fmt.Errorf("the script in %s* cannot be read: %w", task.ScriptEnv, err)
	}
	return write(o.Script, 0o755, source)
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
