// Package volume is how the containers of a pod talk to each other: files in a volume that all of them mount, and a lock on
// one of them. The wrapper in main holds the lock as long as main lives. The kernel releases it, so its end is seen even
// when the wrapper is killed together with everything else in its container, as on cgroup v2 when memory runs out.
package volume

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Container is the directory of one container in the shared volume.
type Container string

// Of is the directory of a container below the shared volume.
func Of(shared, container string) Container {
	return Container(filepath.Join(shared, "ctr", container))
}

func (c Container) file(name string) string { return filepath.Join(string(c), name) }

// Create makes the directory, writable for whatever user the container runs as.
func (c Container) Create() error {
	for _, dir := range []string{filepath.Dir(string(c)), string(c)} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		if err := os.Chmod(dir, 0o777); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	lock, err := os.OpenFile(c.file("lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	defer lock.Close()
	return lock.Chmod(0o666) // the umask may have taken it
}

// Hold takes the lock for as long as this process lives, and says so with a file: who sees the file knows that the lock was
// held. The file that is returned must not be closed, nor collected, before the end.
func (c Container) Hold() (*os.File, error) {
	lock, err := os.OpenFile(c.file("lock"), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	return lock, os.WriteFile(c.file("ready"), nil, 0o644)
}

// Ready tells whether the lock is or was held.
func (c Container) Ready() bool {
	_, err := os.Stat(c.file("ready"))
	return err == nil
}

// AwaitRelease blocks until nobody holds the lock.
func (c Container) AwaitRelease() error {
	lock, err := os.Open(c.file("lock"))
	if err != nil {
		return err
	}
	defer lock.Close()
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// Outputs are what the wrapper leaves when the user's command has ended.
type Outputs struct {
	// ExitCode of the command; 128 + N when signal N ended it.
	ExitCode int `json:"exitCode"`
	// Files are the output parameters in the order of the task.
	Files []File `json:"files,omitempty"`
	// Artifacts are the output artifacts in the order of the task.
	Artifacts []Artifact `json:"artifacts,omitempty"`
}

// File is what was found in place of an output file. Missing, Problem or Content is meaningful, in this order.
type File struct {
	Missing bool   `json:"missing,omitempty"`
	Problem string `json:"problem,omitempty"`
	Content string `json:"content,omitempty"`
}

// WriteOutputs stores the outputs; they are there whole or not at all.
func (c Container) WriteOutputs(o *Outputs) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	next := c.file("outputs.json.next")
	if err := os.WriteFile(next, data, 0o644); err != nil {
		return err
	}
	if err := os.Chmod(next, 0o644); err != nil {
		return err
	}
	return os.Rename(next, c.file("outputs.json"))
}

// ReadOutputs reads them; nil when the wrapper was killed before it could write them.
func (c Container) ReadOutputs() (*Outputs, error) {
	data, err := os.ReadFile(c.file("outputs.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	o := &Outputs{}
	if err := json.Unmarshal(data, o); err != nil {
		return nil, fmt.Errorf("%s: %w", c.file("outputs.json"), err)
	}
	return o, nil
}
